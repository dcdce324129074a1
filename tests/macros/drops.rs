//! `smart_fn!`: arguments, locals and temporaries are dropped at the same time and in the same
//! order as in a hand-written function.
#![allow(
    unused_variables,
    reason = "these tests are about unused arguments too"
)]

use smartasync::{block_on, smart_fn};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};

/// The names of dropped values, in the order of their drops.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<&'static str>>>);

impl Log {
    fn item(&self, name: &'static str) -> Item {
        Item {
            name,
            log: self.clone(),
        }
    }

    fn note(&self, name: &'static str) {
        self.0.lock().unwrap().push(name);
    }

    fn names(&self) -> Vec<&'static str> {
        self.0.lock().unwrap().clone()
    }
}

/// A value that writes its name to the log when it is dropped.
struct Item {
    name: &'static str,
    log: Log,
}

impl Drop for Item {
    fn drop(&mut self) {
        self.log.note(self.name);
    }
}

struct Pair {
    #[allow(dead_code, reason = "the field only has to be dropped")]
    left: Item,
    right: Item,
}

fn pair(log: &Log) -> Pair {
    Pair {
        left: log.item("left"),
        right: log.item("right"),
    }
}

/// What `run` logs.
fn logged<T>(run: impl FnOnce(&Log) -> T) -> Vec<&'static str> {
    let log = Log::default();
    drop(run(&log));
    log.names()
}

mod native {
    use super::{Item, Log, Pair};

    pub(crate) async fn used(log: Log, a: Item, b: Item, c: Item) {
        let local = log.item("local");
        log.note(c.name);
        log.note(a.name);
        log.note(b.name);
    }

    pub(crate) async fn unused(log: Log, a: Item, b: Item, c: Item) {
        log.note("body");
    }

    pub(crate) async fn patterns(
        log: Log,
        a: Item,
        _: Item,
        (b, _): (Item, Item),
        Pair { right, .. }: Pair,
        _ignored: Item,
        mut z: Item,
    ) {
        z.name = "z, renamed";
        log.note("body");
    }

    pub(crate) async fn moved_out(log: Log, a: Item, b: Item) -> Item {
        drop(b);
        log.note("body");
        a
    }

    pub(crate) async fn returns_early(log: Log, a: Item, b: Item) -> u32 {
        let local = log.item("local");
        if log.names().is_empty() {
            return 1;
        }
        log.note("not reached");
        2
    }

    impl Item {
        pub(crate) async fn by_value(self, log: Log, a: Item, _: Item) {
            log.note("body");
        }
    }
}

mod smart {
    use super::{Item, Log, Pair};
    use smartasync::smart_fn;

    smart_fn!(
        pub(crate) async fn used(log: Log, a: Item, b: Item, c: Item) {
            let local = log.item("local");
            log.note(c.name);
            log.note(a.name);
            log.note(b.name);
        }

        pub(crate) async fn unused(log: Log, a: Item, b: Item, c: Item) {
            log.note("body");
        }

        pub(crate) async fn patterns(
            log: Log,
            a: Item,
            _: Item,
            (b, _): (Item, Item),
            Pair { right, .. }: Pair,
            _ignored: Item,
            mut z: Item,
        ) {
            z.name = "z, renamed";
            log.note("body");
        }

        pub(crate) async fn moved_out(log: Log, a: Item, b: Item) -> Item {
            drop(b);
            log.note("body");
            a
        }

        pub(crate) async fn returns_early(log: Log, a: Item, b: Item) -> u32 {
            let local = log.item("local");
            if log.names().is_empty() {
                return 1;
            }
            log.note("not reached");
            2
        }
    );

    impl Item {
        smart_fn!(
            pub(crate) async fn smart_by_value(self, log: Log, a: Item, _: Item) {
                log.note("body");
            }

            #[maybe_async]
            pub(crate) async fn maybe_by_value(self, log: Log, a: Item, _: Item) {
                log.note("body");
            }

            pub(crate) fn sync_by_value(self, log: Log, a: Item, _: Item) {
                log.note("body");
            }
        );
    }
}

mod maybe {
    use super::{Item, Log, Pair};
    use smartasync::smart_fn;

    smart_fn!(
        #[maybe_async]
        pub(crate) async fn used(log: Log, a: Item, b: Item, c: Item) {
            let local = log.item("local");
            log.note(c.name);
            log.note(a.name);
            log.note(b.name);
        }

        #[maybe_async]
        pub(crate) async fn unused(log: Log, a: Item, b: Item, c: Item) {
            log.note("body");
        }

        #[maybe_async]
        pub(crate) async fn patterns(
            log: Log,
            a: Item,
            _: Item,
            (b, _): (Item, Item),
            Pair { right, .. }: Pair,
            _ignored: Item,
            mut z: Item,
        ) {
            z.name = "z, renamed";
            log.note("body");
        }
    );
}

mod sync {
    use super::{Item, Log, Pair};
    use smartasync::smart_fn;

    smart_fn!(
        pub(crate) fn used(log: Log, a: Item, b: Item, c: Item) {
            let local = log.item("local");
            log.note(c.name);
            log.note(a.name);
            log.note(b.name);
        }

        pub(crate) fn unused(log: Log, a: Item, b: Item, c: Item) {
            log.note("body");
        }

        pub(crate) fn patterns(
            log: Log,
            a: Item,
            _: Item,
            (b, _): (Item, Item),
            Pair { right, .. }: Pair,
            _ignored: Item,
            mut z: Item,
        ) {
            z.name = "z, renamed";
            log.note("body");
        }
    );
}

/// Calls `$module::$function` with the arguments that all versions take.
macro_rules! call {
    ($module:ident::used, $log:expr) => {
        $module::used($log.clone(), $log.item("a"), $log.item("b"), $log.item("c"))
    };
    ($module:ident::unused, $log:expr) => {
        $module::unused($log.clone(), $log.item("a"), $log.item("b"), $log.item("c"))
    };
    ($module:ident::moved_out, $log:expr) => {
        $module::moved_out($log.clone(), $log.item("a"), $log.item("b"))
    };
    ($module:ident::returns_early, $log:expr) => {
        $module::returns_early($log.clone(), $log.item("a"), $log.item("b"))
    };
    ($module:ident::patterns, $log:expr) => {
        $module::patterns(
            $log.clone(),
            $log.item("a"),
            $log.item("underscore"),
            ($log.item("b"), $log.item("b's neighbour")),
            outer_pair(&$log),
            $log.item("_ignored"),
            $log.item("z"),
        )
    };
}

use pair as outer_pair;

/// Compares a hand-written function with smart functions of the same name: waited for, awaited, and
/// dropped without a poll.
macro_rules! compare {
    ($function:ident in $($module:ident)+) => {
        let polled = logged(|log| block_on(call!(native::$function, log)));
        let unpolled = logged(|log| call!(native::$function, log));
        assert!(!polled.is_empty() && !unpolled.is_empty());
        $(
            let module = stringify!($module);
            let waited = logged(|log| call!($module::$function, log).wait());
            assert_eq!(waited, polled, "{module}, waited for");
            let awaited = logged(|log| block_on(call!($module::$function, log)));
            assert_eq!(awaited, polled, "{module}, awaited");
            let dropped = logged(|log| call!($module::$function, log));
            assert_eq!(dropped, unpolled, "{module}, dropped without a poll");
        )+
    };
}

#[test]
fn used_arguments_are_dropped_in_the_native_order() {
    compare!(used in smart maybe sync);
}

#[test]
fn unused_arguments_are_dropped_in_the_native_order() {
    compare!(unused in smart maybe sync);
}

#[test]
fn arguments_with_patterns_are_dropped_in_the_native_order() {
    compare!(patterns in smart maybe sync);
}

#[test]
fn an_argument_that_is_returned_lives_on() {
    compare!(moved_out in smart);
}

#[test]
fn return_drops_locals_before_arguments() {
    compare!(returns_early in smart);
}

#[test]
fn self_is_dropped_last_as_in_a_native_method() {
    let native = logged(|log| {
        block_on(
            log.item("self")
                .by_value(log.clone(), log.item("a"), log.item("underscore")),
        )
    });
    let unpolled = logged(|log| {
        log.item("self")
            .by_value(log.clone(), log.item("a"), log.item("underscore"))
    });
    macro_rules! compare_method {
        ($method:ident) => {
            assert_eq!(
                logged(|log| log
                    .item("self")
                    .$method(log.clone(), log.item("a"), log.item("underscore"))
                    .wait()),
                native
            );
            assert_eq!(
                logged(|log| block_on(log.item("self").$method(
                    log.clone(),
                    log.item("a"),
                    log.item("underscore")
                ))),
                native
            );
            assert_eq!(
                logged(|log| log.item("self").$method(
                    log.clone(),
                    log.item("a"),
                    log.item("underscore")
                )),
                unpolled
            );
        };
    }
    compare_method!(smart_by_value);
    compare_method!(maybe_by_value);
    compare_method!(sync_by_value);
}

smart_fn!(
    async fn locked_async(cell: Arc<Mutex<u32>>) -> u32 {
        *cell.lock().unwrap()
    }

    fn locked_sync(cell: Arc<Mutex<u32>>) -> u32 {
        *cell.lock().unwrap()
    }

    #[maybe_async]
    async fn locked_either(cell: Arc<Mutex<u32>>) -> u32 {
        *cell.lock().unwrap()
    }

    fn locked_by_reference(cell: &Arc<Mutex<u32>>) -> u32 {
        *cell.lock().unwrap()
    }

    async fn locked_local() -> u32 {
        let cell = Mutex::new(4);
        *cell.lock().unwrap()
    }
);

#[test]
fn a_guard_at_the_tail_is_dropped_before_the_arguments() {
    let cell = Arc::new(Mutex::new(4));
    assert_eq!(
        locked_async(cell.clone()).wait() + block_on(locked_async(cell.clone())),
        8
    );
    assert_eq!(
        locked_sync(cell.clone()).wait() + block_on(locked_sync(cell.clone())),
        8
    );
    assert_eq!(
        locked_either(cell.clone()).wait() + block_on(locked_either(cell.clone())),
        8
    );
    assert_eq!(
        locked_by_reference(&cell).wait() + block_on(locked_by_reference(&cell)),
        8
    );
    assert_eq!(locked_local().wait() + block_on(locked_local()), 8);
    assert_eq!(Arc::strong_count(&cell), 1);
}

smart_fn!(
    async fn count_async() -> u32 {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        COUNT.fetch_add(1, Ordering::Relaxed)
    }

    fn count_sync() -> u32 {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        COUNT.fetch_add(1, Ordering::Relaxed)
    }

    #[blocking(count_blocking)]
    fn count_with_twin() -> u32 {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        COUNT.fetch_add(1, Ordering::Relaxed)
    }
);

#[derive(Clone)]
struct Counter;

impl Counter {
    smart_fn!(
        fn count_sync(&self) -> u32 {
            static COUNT: AtomicU32 = AtomicU32::new(0);
            COUNT.fetch_add(1, Ordering::Relaxed)
        }

        #[blocking(count_blocking)]
        async fn count_with_twin(&self) -> u32 {
            static COUNT: AtomicU32 = AtomicU32::new(0);
            COUNT.fetch_add(1, Ordering::Relaxed)
        }
    );
}

#[test]
fn a_static_in_a_body_exists_once() {
    assert_eq!([count_async().wait(), block_on(count_async())], [0, 1]);
    assert_eq!([count_sync().wait(), block_on(count_sync())], [0, 1]);
    assert_eq!(
        [Counter.count_sync().wait(), block_on(Counter.count_sync())],
        [0, 1]
    );
}

#[test]
fn a_method_and_its_blocking_twin_share_a_static() {
    assert_eq!(
        [
            Counter.count_with_twin().wait(),
            block_on(Counter.count_with_twin()),
            Counter.count_blocking()
        ],
        [0, 1, 2]
    );
}

#[test]
fn the_blocking_twin_of_a_function_without_self_has_a_static_of_its_own() {
    // This is a documented limit. The twin cannot name the function, which may be free or
    // associated, so it has a copy of the body.
    assert_eq!(
        [
            count_with_twin().wait(),
            block_on(count_with_twin()),
            count_blocking()
        ],
        [0, 1, 0]
    );
}
