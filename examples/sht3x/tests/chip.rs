//! The driver against a mock of the chip, in both worlds. The blocking traits and the async traits
//! run the same script of transfers and pauses. The delay of the mock tells which of its two traits
//! was called.

use embedded_hal::i2c::{ErrorKind, NoAcknowledgeSource};
use embedded_hal_mock::eh1::delay::{CheckedDelay, Transaction as Pause};
use embedded_hal_mock::eh1::i2c::{Mock, Transaction as Transfer};
use pollster::block_on;
use sht3x::{Address, Error, Measurement, Rate, Repeatability, Sht3x};

const CHIP: u8 = 0x44;
/// 25 °C and 50 %, with their checksums.
const ANSWER: [u8; 6] = [0x66, 0x66, 0x93, 0x80, 0x00, 0xa2];

/// Runs `method` in both worlds on a chip that expects the transfers and the pauses (in
/// microseconds). Returns the result, which must be the same in both.
macro_rules! in_both_worlds {
    (at $address:expr, [$($transfer:expr),* $(,)?], [$($pause:literal),*], $method:ident($($argument:expr),*)) => {{
        let transfers = [$($transfer),*];

        let mut i2c = Mock::new(&transfers);
        let mut delay = CheckedDelay::new(&[$(Pause::blocking_delay_us($pause)),*]);
        let mut sensor = Sht3x::new_blocking(i2c.clone(), delay.clone(), $address);
        let waited = sensor.$method($($argument),*).wait();
        i2c.done();
        delay.done();

        let mut i2c = Mock::new(&transfers);
        let mut delay = CheckedDelay::new(&[$(Pause::async_delay_us($pause)),*]);
        let mut sensor = Sht3x::new_async(i2c.clone(), delay.clone(), $address);
        let awaited = block_on(async { sensor.$method($($argument),*).await });
        i2c.done();
        delay.done();

        assert_eq!(waited, awaited);
        waited
    }};
    ($($rest:tt)*) => { in_both_worlds!(at Address::Low, $($rest)*) };
}

fn write(command: u16) -> Transfer {
    Transfer::write(CHIP, command.to_be_bytes().to_vec())
}

fn read(answer: &[u8]) -> Transfer {
    Transfer::read(CHIP, answer.to_vec())
}

const NOBODY: ErrorKind = ErrorKind::NoAcknowledge(NoAcknowledgeSource::Address);

#[test]
fn a_single_measurement() {
    let measured = in_both_worlds!(
        [write(0x2400), read(&ANSWER)],
        [15_500],
        measure(Repeatability::High)
    )
    .unwrap();
    assert_eq!(measured.raw(), (0x6666, 0x8000));
    assert_eq!(
        (measured.milli_celsius(), measured.milli_percent()),
        (24_998, 50_000)
    );

    let medium = in_both_worlds!(
        [write(0x240b), read(&ANSWER)],
        [6_500],
        measure(Repeatability::Medium)
    );
    let low = in_both_worlds!(
        [write(0x2416), read(&ANSWER)],
        [4_500],
        measure(Repeatability::Low)
    );
    assert_eq!((medium, low), (Ok(measured), Ok(measured)));
}

#[test]
fn the_other_address() {
    let transfers = [
        Transfer::write(0x45, vec![0x24, 0x00]),
        Transfer::read(0x45, ANSWER.to_vec()),
    ];
    let [write, read] = transfers;
    assert!(in_both_worlds!(at Address::High, [write.clone(), read.clone()], [15_500], measure(Repeatability::default())).is_ok());
}

#[test]
fn a_damaged_answer_is_an_error_and_the_next_one_is_right() {
    for position in 0..6 {
        let mut damaged = ANSWER;
        damaged[position] ^= 0x10;
        let error = in_both_worlds!(
            [write(0x2400), read(&damaged)],
            [15_500],
            measure(Repeatability::High)
        );
        assert_eq!(error, Err(Error::Checksum), "byte {position}");
    }

    let mut i2c = Mock::new(&[write(0x2400), read(&[0; 6]), write(0x2400), read(&ANSWER)]);
    let mut sensor = Sht3x::new_blocking(
        i2c.clone(),
        CheckedDelay::new(&[Pause::delay_us(15_500), Pause::delay_us(15_500)]),
        Address::Low,
    );
    assert_eq!(
        sensor.measure(Repeatability::High).wait(),
        Err(Error::Checksum)
    );
    assert!(sensor.measure(Repeatability::High).wait().is_ok());
    let (_, mut delay) = sensor.release();
    delay.done();
    i2c.done();
}

#[test]
fn errors_of_the_bus_end_the_call_where_they_happen() {
    let no_chip = in_both_worlds!(
        [write(0x2400).with_error(NOBODY)],
        [],
        measure(Repeatability::High)
    );
    assert_eq!(no_chip, Err(Error::Bus(NOBODY)));
    let busy = in_both_worlds!(
        [write(0x2400), read(&ANSWER).with_error(ErrorKind::Bus)],
        [15_500],
        measure(Repeatability::High)
    );
    assert_eq!(busy, Err(Error::Bus(ErrorKind::Bus)));
    let lost = in_both_worlds!(
        [write(0xe000).with_error(ErrorKind::ArbitrationLoss)],
        [],
        fetch()
    );
    assert_eq!(lost, Err(Error::Bus(ErrorKind::ArbitrationLoss)));
}

#[test]
fn errors_have_sentences() {
    let sentence = |error: Error<ErrorKind>| {
        let error: &dyn std::error::Error = &error;
        error.to_string()
    };
    assert_eq!(
        sentence(Error::Checksum),
        "the checksum of the sensor's answer is wrong"
    );
    assert_eq!(
        sentence(Error::Bus(ErrorKind::Overrun)),
        "the bus reports: The peripheral receive buffer was overrun"
    );
}

#[test]
fn periodic_measurements() {
    let commands = [
        (Rate::Hz0_5, [0x202f, 0x2024, 0x2032]),
        (Rate::Hz1, [0x212d, 0x2126, 0x2130]),
        (Rate::Hz2, [0x222b, 0x2220, 0x2236]),
        (Rate::Hz4, [0x2329, 0x2322, 0x2334]),
        (Rate::Hz10, [0x272a, 0x2721, 0x2737]),
    ];
    for (rate, of_rate) in commands {
        for (command, repeatability) in of_rate.into_iter().zip([
            Repeatability::Low,
            Repeatability::Medium,
            Repeatability::High,
        ]) {
            assert_eq!(
                in_both_worlds!([write(command)], [1_000], start(rate, repeatability)),
                Ok(())
            );
        }
    }
    assert_eq!(in_both_worlds!([write(0x3093)], [1_000], stop()), Ok(()));
}

#[test]
fn fetching_tells_no_measurement_from_an_error() {
    let fetched: Option<Measurement> =
        in_both_worlds!([write(0xe000), read(&ANSWER)], [1_000], fetch()).unwrap();
    assert_eq!(fetched.map(Measurement::raw), Some((0x6666, 0x8000)));
    assert_eq!(
        in_both_worlds!(
            [write(0xe000), read(&ANSWER).with_error(NOBODY)],
            [1_000],
            fetch()
        ),
        Ok(None)
    );
    let broken = in_both_worlds!(
        [write(0xe000), read(&ANSWER).with_error(ErrorKind::Bus)],
        [1_000],
        fetch()
    );
    assert_eq!(broken, Err(Error::Bus(ErrorKind::Bus)));
    // Without a chip, nothing acknowledges the command either.
    assert_eq!(
        in_both_worlds!([write(0xe000).with_error(NOBODY)], [], fetch()),
        Err(Error::Bus(NOBODY))
    );
}

#[test]
fn the_status_register() {
    let status = in_both_worlds!(
        [write(0xf32d), read(&[0x80, 0x10, 0xe1])],
        [1_000],
        status()
    )
    .unwrap();
    assert_eq!(status.raw(), 0x8010);
    assert!(status.alert() && status.reset_detected());
    assert!(!status.heater() && !status.humidity_alert() && !status.temperature_alert());
    assert!(!status.command_failed() && !status.write_checksum_failed());
    assert_eq!(
        in_both_worlds!(
            [write(0xf32d), read(&[0x80, 0x11, 0xe1])],
            [1_000],
            status()
        ),
        Err(Error::Checksum)
    );
    assert_eq!(
        in_both_worlds!([write(0x3041)], [1_000], clear_status()),
        Ok(())
    );
}

#[test]
fn heater_and_reset() {
    assert_eq!(
        in_both_worlds!([write(0x306d)], [1_000], set_heater(true)),
        Ok(())
    );
    assert_eq!(
        in_both_worlds!([write(0x3066)], [1_000], set_heater(false)),
        Ok(())
    );
    assert_eq!(in_both_worlds!([write(0x30a2)], [1_500], reset()), Ok(()));
}

#[test]
fn each_bus_serves_the_other_world_too() {
    let transfers = [write(0x2400), read(&ANSWER)];
    let mut i2c = Mock::new(&transfers);
    let mut delay = CheckedDelay::new(&[Pause::async_delay_us(15_500)]);
    assert!(
        Sht3x::new_async(i2c.clone(), delay.clone(), Address::Low)
            .measure(Repeatability::High)
            .wait()
            .is_ok()
    );
    i2c.done();
    delay.done();

    let mut i2c = Mock::new(&transfers);
    let mut delay = CheckedDelay::new(&[Pause::blocking_delay_us(15_500)]);
    assert!(
        block_on(
            Sht3x::new_blocking(i2c.clone(), delay.clone(), Address::Low)
                .measure(Repeatability::High)
        )
        .is_ok()
    );
    i2c.done();
    delay.done();
}

#[test]
fn nothing_is_sent_before_the_call_is_finished() {
    let mut i2c = Mock::new(&[]);
    let mut sensor = Sht3x::new_blocking(i2c.clone(), CheckedDelay::new(&[]), Address::Low);
    drop(sensor.measure(Repeatability::High));
    let (_, mut delay) = sensor.release();
    delay.done();
    i2c.done();
}
