//! `#[split(…)]`: two plain APIs from one body.
#![allow(
    missing_docs,
    missing_debug_implementations,
    unreachable_pub,
    clippy::boxed_local,
    clippy::unused_async,
    reason = "these are a library's items, without a library around them"
)]

use futures_lite::{AsyncRead, AsyncReadExt};
use smartasync::{block_on, smart_fn};
use std::future::Future;
use std::io::{self, Read};
use std::pin::pin;
use std::task::{Context, Poll, Waker};

/// Polls a future that must be ready at once, without any executor.
fn ready<T>(future: impl Future<Output = T>) -> T {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(value) => value,
        Poll::Pending => panic!("the future was not ready"),
    }
}

pub struct Conn<S> {
    socket: S,
    frames: usize,
}

pub mod blocking {
    pub struct Conn<S> {
        pub(super) socket: S,
        pub(super) frames: usize,
    }
}

smart_fn!(
    /// Both halves have this documentation.
    #[split(blocking::Conn<S> where S: Read)]
    impl<S> Conn<S>
    where
        S: AsyncRead + Unpin,
    {
        /// The longest frame.
        pub const LONGEST: usize = { 1 << 8 };
        const NAME: &'static str = "connection";

        /// Wraps a socket.
        pub fn new(socket: S) -> Self {
            Self { socket, frames: 0 }
        }

        /// Reads a length and so many bytes.
        pub async fn frame(&mut self) -> io::Result<Vec<u8>> {
            let mut n = [0; 1];
            smart_await!(self.socket.read_exact(&mut n))?;
            let mut bytes = vec![0; n[0].into()];
            smart_await!(self.socket.read_exact(&mut bytes))?;
            self.frames += 1;
            Ok(bytes)
        }

        pub async fn frames(&mut self, n: usize) -> io::Result<Vec<Vec<u8>>> {
            let mut all = Vec::new();
            for _ in 0..n {
                all.push(smart_await!(self.frame())?);
            }
            Ok(all)
        }

        #[must_use]
        pub async fn name(&self) -> &'static str {
            Self::NAME
        }

        /// Copies a frame to the front of another connection's bytes.
        #[sync_where(R: Read)]
        pub async fn next_of<R>(&mut self, other: &mut R) -> io::Result<u8>
        where
            R: AsyncRead + Unpin,
        {
            let mut byte = [0];
            smart_await!(other.read_exact(&mut byte))?;
            Ok(byte[0])
        }

        #[sync_only]
        pub fn world(&self) -> &'static str {
            "sync"
        }

        #[async_only]
        pub fn world(&self) -> &'static str {
            "async"
        }

        #[async_only]
        pub async fn only_async(self) -> S {
            self.socket
        }

        #[sync_only]
        pub const ONLY_SYNC: u8 = 1;

        #[cfg(any())]
        pub async fn never(&self) {
            does_not_exist();
        }
    }
);

const BYTES: &[u8] = &[2, 7, 8, 1, 9];

#[test]
fn an_impl_has_two_halves() {
    let mut sync = blocking::Conn::new(BYTES);
    assert_eq!(sync.frames(2).unwrap(), [vec![7, 8], vec![9]]);
    assert_eq!(
        sync.frame().unwrap_err().kind(),
        io::ErrorKind::UnexpectedEof
    );
    assert_eq!(
        (sync.frames, sync.world(), sync.name()),
        (2, "sync", "connection")
    );
    assert_eq!(sync.next_of(&mut &BYTES[1..]).unwrap(), 7);
    assert_eq!(blocking::Conn::<&[u8]>::LONGEST, 256);
    assert_eq!(blocking::Conn::<&[u8]>::ONLY_SYNC, 1);

    let mut conn = Conn::new(BYTES);
    assert_eq!(ready(conn.frames(2)).unwrap(), [vec![7, 8], vec![9]]);
    assert_eq!(
        ready(conn.frame()).unwrap_err().kind(),
        io::ErrorKind::UnexpectedEof
    );
    assert_eq!(
        (conn.frames, conn.world(), ready(conn.name())),
        (2, "async", "connection")
    );
    assert_eq!(ready(conn.next_of(&mut &BYTES[1..])).unwrap(), 7);
    assert_eq!(Conn::<&[u8]>::LONGEST, 256);
    assert_eq!(ready(conn.only_async()), [] as [u8; 0]);
}

/// Every shape that a plain method may have.
pub mod shapes {
    use super::smart_fn;
    use std::fmt::{Debug, Display};
    use std::ops::AddAssign;
    use std::pin::Pin;
    use std::rc::Rc;
    use std::sync::Arc;

    #[derive(Clone, Debug, Default, PartialEq)]
    pub struct Grid<'a, T, const N: usize> {
        pub rows: Vec<&'a [T; N]>,
    }

    pub mod blocking {
        #[derive(Clone, Debug, Default, PartialEq)]
        pub struct Grid<'a, T, const N: usize> {
            pub rows: Vec<&'a [T; N]>,
        }
    }

    smart_fn!(
        #[split(blocking::Grid<'a, T, N> where T: Clone + Display)]
        #[allow(clippy::needless_lifetimes, reason = "a named one is what is tested")]
        impl<'a, T: PartialEq + 'a, const N: usize> Grid<'a, T, N>
        where
            T: Clone + Display,
            [T; N]: Sized,
        {
            pub async fn by_value(self) -> usize {
                self.rows.len()
            }
            pub async fn by_mut_value(mut self, row: &'a [T; N]) -> Vec<&'a [T; N]> {
                self.rows.push(row);
                self.rows
            }
            pub async fn by_box(self: Box<Self>) -> usize {
                smart_await!((*self).by_value())
            }
            pub async fn by_rc(self: &Rc<Self>) -> usize {
                Rc::strong_count(self)
            }
            pub async fn by_arc(self: Arc<Self>) -> usize {
                Arc::strong_count(&self)
            }
            pub async fn by_pin(self: Pin<&mut Self>) -> usize {
                self.rows.len()
            }
            pub async fn with_lifetime<'s, 'o>(
                &'s self,
                other: &'o str,
            ) -> (&'s [&'a [T; N]], &'o str)
            where
                'a: 's,
            {
                (&self.rows, other)
            }
            pub async fn elided(&self, _other: &str) -> Option<&T> {
                self.rows.first().map(|row| &row[0])
            }
            pub async fn generic<A, F, const M: usize>(&self, a: A, f: F) -> [A; M]
            where
                A: Copy + Debug + Into<u64>,
                F: Fn(A) -> A,
            {
                [f(a); M]
            }
            pub async fn higher_ranked<F>(&self, f: F) -> usize
            where
                F: for<'x> Fn(&'x [T; N]) -> &'x T,
            {
                self.rows.iter().map(|row| f(row).to_string().len()).sum()
            }
            pub async fn opaque(&self, text: impl Display) -> impl Iterator<Item = String> {
                let text = text.to_string();
                std::iter::once(text)
            }
            pub async fn patterns(
                &self,
                (a, mut b): (u32, u32),
                [c, ..]: [u32; 2],
                _: &str,
            ) -> u32 {
                b.add_assign(a);
                b + c
            }
            pub async fn returns(&self, n: i64) -> Result<i32, std::num::TryFromIntError> {
                if n == 0 {
                    return Ok(0);
                }
                let n: i32 = n.try_into()?;
                Ok(smart_await!(sync => n + 1, async => async { n + 2 }))
            }
            pub async fn unit(&mut self) {
                self.rows.clear();
            }
            pub async fn diverges(&self) -> ! {
                panic!("as it says")
            }
            #[expect(unused_variables, reason = "inner attributes and lints stay")]
            pub async fn inner(&self) -> u8 {
                #![allow(clippy::let_unit_value, reason = "an inner attribute")]
                let unused = ();
                1
            }
            #[inline]
            #[track_caller]
            pub async fn line(&self) -> u32 {
                std::panic::Location::caller().line()
            }
            pub(crate) async fn associated(n: u32) -> u32 {
                smart_await!(sync => n, async => std::future::ready(n))
            }
            fn plain(&self) -> usize {
                self.rows.len()
            }
        }
    );

    #[test]
    fn both_halves_have_every_shape() {
        use super::ready;
        static ROW: [u8; 2] = [1, 22];
        let sync = blocking::Grid { rows: vec![&ROW] };
        let grid = Grid { rows: vec![&ROW] };
        assert_eq!(
            (sync.clone().by_value(), ready(grid.clone().by_value())),
            (1, 1)
        );
        assert_eq!(
            sync.clone().by_mut_value(&ROW),
            ready(grid.clone().by_mut_value(&ROW))
        );
        assert_eq!(
            Box::new(sync.clone()).by_box(),
            ready(Box::new(grid.clone()).by_box())
        );
        assert_eq!(
            Rc::new(sync.clone()).by_rc(),
            ready(Rc::new(grid.clone()).by_rc())
        );
        assert_eq!(
            Arc::new(sync.clone()).by_arc(),
            ready(Arc::new(grid.clone()).by_arc())
        );
        assert_eq!(
            Pin::new(&mut sync.clone()).by_pin(),
            ready(Pin::new(&mut grid.clone()).by_pin())
        );
        assert_eq!(sync.with_lifetime("a"), ready(grid.with_lifetime("a")));
        assert_eq!(
            (sync.elided(""), ready(grid.elided(""))),
            (Some(&1), Some(&1))
        );
        assert_eq!(sync.generic::<_, _, 2>(1_u8, |n| n + 1), [2, 2]);
        assert_eq!(ready(grid.generic::<_, _, 2>(1_u8, |n| n + 1)), [2, 2]);
        assert_eq!(sync.higher_ranked(|row| &row[1]), 2);
        assert_eq!(ready(grid.higher_ranked(|row| &row[1])), 2);
        assert_eq!(sync.opaque(1).collect::<Vec<_>>(), ["1"]);
        assert_eq!(ready(grid.opaque(1)).collect::<Vec<_>>(), ["1"]);
        assert_eq!(sync.patterns((1, 2), [3, 4], ""), 6);
        assert_eq!(ready(grid.patterns((1, 2), [3, 4], "")), 6);
        assert_eq!((sync.returns(0), ready(grid.returns(0))), (Ok(0), Ok(0)));
        assert_eq!((sync.returns(1), ready(grid.returns(1))), (Ok(2), Ok(3)));
        assert!(sync.returns(i64::MAX).is_err() && ready(grid.returns(i64::MAX)).is_err());
        assert_eq!((sync.inner(), ready(grid.inner())), (1, 1));
        assert_eq!(sync.line(), line!());
        assert!(ready(grid.line()) < line!());
        assert_eq!(blocking::Grid::<u8, 2>::associated(1), 1);
        assert_eq!(ready(Grid::<u8, 2>::associated(1)), 1);
        assert_eq!((sync.plain(), grid.plain()), (1, 1));
        let mut cleared = (sync.clone(), grid.clone());
        cleared.0.unit();
        ready(cleared.1.unit());
        assert!(cleared.0.rows.is_empty() && cleared.1.rows.is_empty());
        std::panic::catch_unwind(|| sync.diverges()).unwrap_err();
        std::panic::catch_unwind(|| ready(grid.diverges())).unwrap_err();
    }
}

/// Traits with two halves, and trait impls for two traits.
pub mod traits {
    use super::{block_on, ready, smart_fn};
    use std::future::Future;

    smart_fn!(
        /// A store.
        #[split(BlockingStore<K>: Sized where K: ToString)]
        pub trait Store<K>: Sized
        where
            K: ToString,
        {
            type Value: Clone + Default;
            const LIMIT: usize = 8;

            async fn get(&self, key: K) -> Option<Self::Value>;

            async fn put(&mut self, key: K, value: Self::Value) -> bool;

            /// With a body.
            async fn get_or_default(&self, key: K) -> Self::Value {
                smart_await!(self.get(key)).unwrap_or_default()
            }

            fn describe(&self) -> String {
                format!("at most {}", Self::LIMIT)
            }

            #[sync_only]
            fn close(self) {}
        }
    );

    #[derive(Clone, Default)]
    pub struct Memory(Vec<(String, u32)>);

    smart_fn!(
        #[split(BlockingStore<K> for Memory)]
        impl<K: ToString> Store<K> for Memory {
            type Value = u32;
            const LIMIT: usize = 2;

            async fn get(&self, key: K) -> Option<u32> {
                let key = key.to_string();
                self.0.iter().find(|(k, _)| *k == key).map(|(_, v)| *v)
            }

            async fn put(&mut self, key: K, value: u32) -> bool {
                if self.0.len() == <Self as LimitOf>::limit() {
                    return false;
                }
                self.0.push((key.to_string(), value));
                smart_await!(sync => true, async => async { true })
            }
        }
    );

    trait LimitOf {
        fn limit() -> usize;
    }

    impl LimitOf for Memory {
        fn limit() -> usize {
            <Self as Store<u8>>::LIMIT
        }
    }

    #[test]
    fn a_trait_and_its_impl_have_two_halves() {
        let mut sync = Memory::default();
        assert!(BlockingStore::put(&mut sync, 1, 10));
        assert_eq!(BlockingStore::get(&sync, 1), Some(10));
        assert_eq!(BlockingStore::get_or_default(&sync, 2), 0);
        assert_eq!(BlockingStore::<u8>::describe(&sync), "at most 2");
        BlockingStore::<u8>::close(sync);
        let mut memory = Memory::default();
        assert!(ready(Store::put(&mut memory, 1, 10)));
        assert_eq!(ready(Store::get(&memory, 1)), Some(10));
        assert_eq!(ready(Store::get_or_default(&memory, 2)), 0);
    }

    smart_fn!(
        #[split(BlockingFetch: Sync)]
        #[send]
        trait Fetch: Sync {
            async fn fetch(&self, url: &str) -> Result<usize, String>;

            async fn twice<'a, T>(&'a self, url: &str, more: T) -> Result<(usize, T), String>
            where
                T: Send + 'a,
            {
                let once = smart_await!(self.fetch(url))?;
                if once == 1 {
                    return Err("short".into());
                }
                Ok((once + smart_await!(self.fetch(url))?, more))
            }

            fn name(&self) -> String {
                "fetch".into()
            }
        }
    );

    struct Lengths;

    smart_fn!(
        #[split(BlockingFetch for Lengths)]
        impl Fetch for Lengths {
            async fn fetch(&self, url: &str) -> Result<usize, String> {
                Ok(url.len())
            }
        }
    );

    fn spawn<T: Send>(future: impl Future<Output = T> + Send) -> T {
        block_on(future)
    }

    fn generic<F: Fetch>(fetch: &F) -> (usize, u8) {
        spawn(fetch.twice("four", 1)).unwrap()
    }

    #[test]
    fn send_makes_each_future_of_a_trait_send() {
        assert_eq!(generic(&Lengths), (8, 1));
        assert_eq!(BlockingFetch::twice(&Lengths, "four", 1), Ok((8, 1)));
        assert_eq!(BlockingFetch::twice(&Lengths, "1", 1), Err("short".into()));
        assert_eq!(
            (Fetch::name(&Lengths), BlockingFetch::name(&Lengths)),
            ("fetch".into(), "fetch".to_owned())
        );
    }
}

/// Pairs of functions.
pub mod functions {
    use super::{ready, smart_fn};
    use std::fmt::Display;

    smart_fn!(
        /// Doubles a number.
        #[split(double_blocking)]
        #[must_use]
        pub async fn double(n: u32) -> u32 {
            2 * n
        }

        #[split(shown_blocking)]
        pub async fn shown<T, const N: usize>(
            values: &[T; N],
            mut separator: impl FnMut() -> char,
        ) -> String
        where
            T: Display,
        {
            let n = smart_await!(sync => double_blocking(1), async => double(1));
            let mut text = String::new();
            for value in values.iter().take(n.try_into().unwrap_or(0)) {
                text.push(separator());
                text += &value.to_string();
            }
            text
        }

        #[split(nothing_blocking)]
        async fn nothing() {}

        /// A smart function may stand beside them.
        async fn smart() -> u32 {
            double(1).await
        }
    );

    #[test]
    fn a_function_has_two_halves() {
        assert_eq!(
            (double_blocking(1), ready(double(1)), smart().wait()),
            (2, 2, 2)
        );
        assert_eq!(shown_blocking(&[1, 2, 3], || '-'), "-1-2");
        assert_eq!(ready(shown(&[1, 2, 3], || '-')), "-1-2");
        assert_eq!((nothing_blocking(), ready(nothing())), ((), ()));
    }
}

/// The async half is an `async fn`, so its future is as large and as `Send` as that one's.
pub mod futures {
    use super::smart_fn;
    use std::cell::Cell;

    async fn step(buffer: &mut [u8; 64]) -> usize {
        let copy = *buffer;
        std::future::ready(()).await;
        copy.len()
    }

    fn step_blocking(buffer: &mut [u8; 64]) -> usize {
        buffer.len()
    }

    smart_fn!(
        #[split(long_blocking)]
        async fn long(n: usize, text: &str) -> usize {
            let mut buffer = [0; 64];
            let mut sum = text.len();
            for _ in 0..n {
                sum += smart_await!(sync => step_blocking(&mut buffer), async => step(&mut buffer));
            }
            sum
        }

        #[split(local_blocking)]
        async fn local(cell: &Cell<u32>) -> u32 {
            let n = smart_await!(sync => 1, async => std::future::ready(1));
            cell.set(n);
            n
        }
    );

    async fn by_hand(n: usize, text: &str) -> usize {
        let mut buffer = [0; 64];
        let mut sum = text.len();
        for _ in 0..n {
            sum += step(&mut buffer).await;
        }
        sum
    }

    trait IsNotSend {
        fn is_send(&self) -> bool {
            false
        }
    }

    impl<T> IsNotSend for T {}

    struct Probe<T>(T);

    impl<T: Send> Probe<T> {
        fn is_send(&self) -> bool {
            let Self(_future) = self;
            true
        }
    }

    #[test]
    fn the_future_is_that_of_an_async_fn() {
        assert_eq!(size_of_val(&long(1, "a")), size_of_val(&by_hand(1, "a")));
        assert_eq!(
            (long_blocking(2, "a"), super::ready(long(2, "a"))),
            (129, 129)
        );
        let cell = Cell::new(0);
        assert!(Probe(long(1, "a")).is_send());
        assert!(!Probe(local(&cell)).is_send());
        assert_eq!((local_blocking(&cell), super::ready(local(&cell))), (1, 1));
    }
}

#[test]
fn a_split_makes_no_loop() {
    std::thread::spawn(|| {
        let mut sync = blocking::Conn::new(BYTES);
        assert_eq!(sync.frames(2).unwrap().len(), 2);
        let mut conn = Conn::new(BYTES);
        assert_eq!(ready(conn.frames(2)).unwrap().len(), 2);
        assert_eq!(smartasync::current_loop(), None);
        assert!(!smartasync::is_async_context());
    })
    .join()
    .unwrap();
}

/// What drivers and clients of the ecosystem are made of.
pub mod drivers {
    use super::{ready, smart_fn};
    use std::fmt::{Debug, Display};
    use std::future::Future;

    pub trait ErrorType {
        type Error: Debug;
    }

    pub trait Bus: ErrorType {
        fn read(&mut self, buffer: &mut [u8]) -> Result<usize, Self::Error>;
        fn fill(&mut self, buffer: &mut [u8]) -> Result<(), Self::Error>;
    }

    pub trait AsyncBus: ErrorType {
        fn read(&mut self, buffer: &mut [u8]) -> impl Future<Output = Result<usize, Self::Error>>;
        fn fill(&mut self, buffer: &mut [u8]) -> impl Future<Output = Result<(), Self::Error>>;
    }

    /// Counts up, as an async bus.
    pub struct Counter(u8);

    impl ErrorType for Counter {
        type Error = u8;
    }

    impl ErrorType for blocking::Counter {
        type Error = u8;
    }

    pub mod blocking {
        pub struct Counter(pub(super) u8);

        pub struct Device<'a, B, const N: usize = 4> {
            pub(super) bus: &'a mut B,
            pub(super) registers: [u8; N],
        }
    }

    pub struct Device<'a, B, const N: usize = 4> {
        bus: &'a mut B,
        registers: [u8; N],
    }

    impl<B: ErrorType, const N: usize> ErrorType for Device<'_, B, N> {
        type Error = B::Error;
    }

    impl<B: ErrorType, const N: usize> ErrorType for blocking::Device<'_, B, N> {
        type Error = B::Error;
    }

    smart_fn!(
        #[split(Bus for blocking::Counter)]
        impl AsyncBus for Counter {
            async fn read(&mut self, buffer: &mut [u8]) -> Result<usize, u8> {
                let Some(first) = buffer.first_mut() else {
                    return Err(smart_await!(sync => 1, async => std::future::ready(2)));
                };
                self.0 += 1;
                *first = self.0;
                Ok(1)
            }

            async fn fill(&mut self, buffer: &mut [u8]) -> Result<(), Self::Error> {
                let mut at = 0;
                while at < buffer.len() {
                    at += smart_await!(self.read(&mut buffer[at..]))?;
                }
                Ok(())
            }
        }

        #[split(blocking::Device<'a, B, N> where B: Bus)]
        impl<'a, B, const N: usize> Device<'a, B, N>
        where
            B: AsyncBus,
        {
            /// A `const fn` in both halves.
            #[must_use]
            pub const fn new(bus: &'a mut B, registers: [u8; N]) -> Self {
                Self { bus, registers }
            }

            pub extern "C" fn first(&self) -> u8 {
                self.registers[0]
            }

            #[cfg(all())]
            pub async fn until(&mut self, end: u8) -> Result<Vec<u8>, B::Error> {
                let mut all = Vec::new();
                'outer: loop {
                    for register in 0..N {
                        let mut byte = [0];
                        smart_await!(self.bus.fill(&mut byte))?;
                        let shifted = |n: u8| n + offset_of_register(register);
                        if byte[0] >= end {
                            break 'outer;
                        }
                        if byte[0] == 2 {
                            continue 'outer;
                        }
                        all.push(shifted(byte[0]));
                    }
                }
                Ok(all)
            }

            #[sync_where(T: Display, F: FnMut(&T) -> bool)]
            pub async fn count<T, F, P>(&mut self, items: &[T], mut f: F) -> usize
            where
                T: Display,
                F: FnMut(&T) -> bool,
                P: Future<Output = ()> + Default,
            {
                let mut n = 0;
                for item in items {
                    if f(item) {
                        n += 1;
                    }
                }
                smart_await!(sync => (), async => P::default());
                n
            }
        }
    );

    fn offset_of_register(register: usize) -> u8 {
        u8::try_from(register * 10).unwrap()
    }

    #[derive(Default)]
    struct Now;

    impl Future for Now {
        type Output = ();

        fn poll(
            self: std::pin::Pin<&mut Self>,
            _cx: &mut std::task::Context<'_>,
        ) -> std::task::Poll<()> {
            std::task::Poll::Ready(())
        }
    }

    #[test]
    fn a_driver_is_generic_over_the_bus_of_its_half() {
        let mut counter = blocking::Counter(0);
        let mut device = blocking::Device::new(&mut counter, [7, 8]);
        assert_eq!((device.first(), device.until(5)), (7, Ok(vec![1, 3, 14])));
        assert_eq!(device.count::<_, _, Now>(&[1, 2, 3], |n| *n > 1), 2);
        assert_eq!(Bus::read(&mut counter, &mut []), Err(1));
        let mut counter = Counter(0);
        let mut device = Device::new(&mut counter, [7, 8]);
        let until = ready(device.until(5));
        assert_eq!((device.first(), until), (7, Ok(vec![1, 3, 14])));
        assert_eq!(ready(device.count::<_, _, Now>(&[1, 2, 3], |n| *n > 1)), 2);
        assert_eq!(ready(AsyncBus::read(&mut counter, &mut [])), Err(2));
    }

    smart_fn!(
        #[split(BlockingStore<'t, K = u8, const Z: usize = 2>: Debug + 't where K: Display)]
        pub trait Store<'t, K = u8, const Z: usize = 2>: Debug + 't
        where
            K: Display,
        {
            type Error: Debug + From<u8>;
            type Borrowed<'x>
            where
                Self: 'x;
            const SIZE: usize = { 1 + Z };

            async fn get<'x>(&'x self, key: K) -> Result<Self::Borrowed<'x>, Self::Error>;

            async fn into_inner(self) -> u8
            where
                Self: Sized;

            async fn size(self) -> usize
            where
                Self: Sized,
            {
                usize::from(smart_await!(self.into_inner())) + Self::SIZE
            }
        }

        #[split(BlockingStore<'t, char, 3> for Byte)]
        impl<'t> Store<'t, char, 3> for Byte {
            type Error = u8;
            type Borrowed<'x> = &'x u8;

            async fn get<'x>(&'x self, key: char) -> Result<Self::Borrowed<'x>, u8> {
                if key == 'a' { Ok(&self.0) } else { Err(9) }
            }

            async fn into_inner(self) -> u8 {
                self.0
            }
        }
    );

    #[derive(Debug)]
    struct Byte(u8);

    #[test]
    fn a_trait_has_generics_with_defaults_and_generic_associated_types() {
        assert_eq!(BlockingStore::get(&Byte(1), 'a'), Ok(&1));
        assert_eq!(ready(Store::get(&Byte(1), 'b')), Err(9));
        assert_eq!(BlockingStore::size(Byte(1)), 5);
        assert_eq!(ready(Store::size(Byte(1))), 5);
    }

    smart_fn!(
        #[track_caller]
        #[split(line_blocking)]
        async fn line() -> u32 {
            std::panic::Location::caller().line()
        }

        #[split(shown_blocking)]
        #[sync_where(T: Display)]
        async fn shown<T>(value: T) -> String
        where
            T: Future<Output = u8>,
        {
            smart_await!(sync => value, async => value).to_string()
        }
    );

    #[test]
    fn a_pair_of_functions_takes_the_helper_attributes_of_a_split() {
        assert_eq!(line_blocking(), line!());
        assert!(ready(line()) < line!());
        assert_eq!(shown_blocking('a'), "a");
        assert_eq!(ready(shown(std::future::ready(1))), "1");
    }
}
