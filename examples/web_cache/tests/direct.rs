//! Where queries run: on the caller's thread with `.wait()`, and on a pool thread with `.await`.
//! This test is a binary of its own, because it counts the threads of the process.

mod support;

use smartasync::block_on;
use std::fs;
use support::Sample;
use web_cache::{Library, Store};

fn threads() -> usize {
    fs::read_dir("/proc/self/task").unwrap().count()
}

#[test]
fn waited_for_a_query_needs_no_thread_and_awaited_it_gets_one() {
    let sample = Sample::create();
    let store = Store::open(sample.path()).unwrap();
    let library = Library::new(store.clone(), true);
    let before = threads();
    let shown = store.article(7).wait().unwrap().unwrap();
    assert_eq!(*library.article(7).wait().unwrap().unwrap(), shown);
    assert_eq!(
        library.search("poll").wait().unwrap()[..],
        store.search("poll").wait().unwrap()[..]
    );
    assert!(library.rename(7, "Renamed").wait().unwrap());
    assert_eq!(threads(), before);
    assert_eq!(store.queries(), 5);

    let awaited = block_on(async { library.article(7).await })
        .unwrap()
        .unwrap();
    assert_eq!(awaited.title, "Renamed");
    assert_eq!(threads(), before + 1);
}
