//! Every type of reply, in pieces of every size. No reply may make the decoder panic, or make it
//! reserve memory for bytes that have not come.

use super::{Decoder, Request};
use crate::error::{Error, ServerError};
use crate::value::Value;

/// Gives `bytes` to the decoder in pieces of `size` bytes, and takes all replies.
fn decode(bytes: &[u8], size: usize) -> Result<Vec<Value>, Error> {
    let mut decoder = Decoder::new(1 << 20);
    let mut replies = Vec::new();
    for piece in bytes.chunks(size) {
        decoder.room()[..piece.len()].copy_from_slice(piece);
        decoder.filled(piece.len());
        while let Some(reply) = decoder.next()? {
            replies.push(reply);
        }
    }
    assert!(
        decoder.is_clean(),
        "something is left of {:?}",
        String::from_utf8_lossy(bytes)
    );
    Ok(replies)
}

#[test]
fn every_type_of_reply_is_read_in_any_pieces() {
    let bytes = |text: &str| Value::Bytes(text.as_bytes().to_vec());
    let text = |text: &str| Value::Text(text.to_owned());
    let error = |text: &str| Value::Error(ServerError::new(text.to_owned()));
    let samples = [
        ("+OK\r\n", text("OK")),
        ("+\r\n", text("")),
        ("-ERR no\r\n", error("ERR no")),
        (":-12\r\n", Value::Integer(-12)),
        ("$5\r\na\r\nbc\r\n", bytes("a\r\nbc")),
        ("$0\r\n\r\n", bytes("")),
        ("$-1\r\n", Value::Null),
        ("*-1\r\n", Value::Null),
        ("_\r\n", Value::Null),
        ("*0\r\n", Value::Array(vec![])),
        (
            "*2\r\n*1\r\n:1\r\n*2\r\n$1\r\na\r\n$-1\r\n",
            Value::Array(vec![
                Value::Array(vec![Value::Integer(1)]),
                Value::Array(vec![bytes("a"), Value::Null]),
            ]),
        ),
        (",1.5\r\n", Value::Double(1.5)),
        (",-inf\r\n", Value::Double(f64::NEG_INFINITY)),
        ("#t\r\n", Value::Boolean(true)),
        ("#f\r\n", Value::Boolean(false)),
        (
            "(3492890328409238509324850943850943825024385\r\n",
            text("3492890328409238509324850943850943825024385"),
        ),
        ("!7\r\nERR a\r\n\r\n", error("ERR a\r\n")),
        ("=8\r\ntxt:some\r\n", text("some")),
        ("~1\r\n:1\r\n", Value::Array(vec![Value::Integer(1)])),
        (
            "%1\r\n+k\r\n*0\r\n",
            Value::Map(vec![(text("k"), Value::Array(vec![]))]),
        ),
        ("%0\r\n", Value::Map(vec![])),
        // The decoder reads push messages, and skips them.
        (
            ">2\r\n+invalidate\r\n*1\r\n+key\r\n>0\r\n:1\r\n",
            Value::Integer(1),
        ),
    ];
    let (mut all, mut values) = (String::new(), Vec::new());
    for (encoded, value) in samples {
        for size in 1..=encoded.len() {
            assert_eq!(
                decode(encoded.as_bytes(), size).unwrap(),
                std::slice::from_ref(&value),
                "{encoded:?} by {size} bytes"
            );
        }
        all += encoded;
        values.push(value);
    }
    assert_eq!(decode(all.as_bytes(), all.len()).unwrap(), values);
}

#[test]
fn noise_is_an_error_or_incomplete_but_never_a_panic() {
    // A small generator of numbers makes the test the same each time.
    let mut state = 1_u64;
    let mut next = |below: usize| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state % below as u64) as usize
    };
    let tokens = [
        "+",
        "-",
        ":",
        "$",
        "*",
        "%",
        ">",
        "~",
        "!",
        "=",
        "_",
        "#",
        ",",
        "1",
        "0",
        "-1",
        "9999999999999999999",
        "\r\n",
        "\r",
        "\n",
        "a",
        "\u{ff}",
    ];
    let mut errors = 0;
    for _ in 0..5_000 {
        let noise: String = (0..next(12)).map(|_| tokens[next(tokens.len())]).collect();
        let mut decoder = Decoder::new(1 << 10);
        decoder.room()[..noise.len()].copy_from_slice(noise.as_bytes());
        decoder.filled(noise.len());
        let result = loop {
            match decoder.next() {
                Ok(Some(_)) => {}
                other => break other,
            }
        };
        errors += usize::from(result.is_err());
    }
    assert!(errors > 500, "{errors}");
}

#[test]
fn requests_are_lists_of_strings() {
    let mut request = Request::one(&[b"SET", b"a\r\n", b""]);
    request.push(&[b"PING"]);
    assert_eq!(
        request.bytes,
        b"*3\r\n$3\r\nSET\r\n$3\r\na\r\n\r\n$0\r\n\r\n*1\r\n$4\r\nPING\r\n"
    );
    assert_eq!(request.replies, 2);
}
