//! `SmartLock::run_once` across threads: threads, tokio tasks and smol tasks share one run and take
//! over from each other.

use crate::callers::leaked;
use crate::support::poll;
use smartasync::{Cancelled, SmartLock, TimedOut, allow_blocking};
use std::cell::Cell;
use std::future::{pending, poll_fn, ready};
use std::pin::{Pin, pin};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc;
use std::sync::{Arc, Barrier, Mutex};
use std::task::{Context, Poll, Wake, Waker};
use std::thread::{self, ThreadId};
use std::time::Duration;
use tokio::sync::oneshot;

type SendCall<T> = Pin<Box<dyn Future<Output = Result<T, Cancelled>> + Send>>;

/// Blocks until `n` followers wait.
fn await_waiters<T>(lock: &SmartLock<T>, n: usize) {
    while lock.waiters() != n {
        thread::yield_now();
    }
}

/// Blocks until a leader runs.
fn await_leader<T>(lock: &SmartLock<T>) {
    while !lock.is_running() {
        thread::yield_now();
    }
}

fn tokio_runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .build()
        .unwrap()
}

/// The place where a caller runs.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Place {
    Thread,
    Tokio,
    Smol,
    Pollster,
}

const PLACES: [Place; 4] = [Place::Thread, Place::Tokio, Place::Smol, Place::Pollster];

/// Runs calls in all places. Each call sends its result back.
struct Callers<T> {
    tokio: tokio::runtime::Runtime,
    results: mpsc::Sender<(Place, Result<T, Cancelled>)>,
}

impl<T: Clone + Send + 'static> Callers<T> {
    fn start<F, Fut>(&self, lock: &'static SmartLock<T>, place: Place, f: F)
    where
        F: FnOnce() -> Fut + Send + 'static,
        Fut: Future<Output = T> + Send,
    {
        let results = self.results.clone();
        let send = move |result| drop(results.send((place, result)));
        match place {
            Place::Thread => drop(thread::spawn(move || send(lock.run_once(f).wait()))),
            Place::Tokio => drop(
                self.tokio
                    .spawn(async move { send(lock.run_once(f).await) }),
            ),
            Place::Smol => smol::spawn(async move { send(lock.run_once(f).await) }).detach(),
            Place::Pollster => drop(thread::spawn(move || {
                send(pollster::block_on(lock.run_once(f)))
            })),
        }
    }
}

#[test]
fn callers_in_all_places_share_one_run_wherever_the_leader_is() {
    const FOLLOWERS: usize = 5;
    let (results, received) = mpsc::channel();
    let callers = Callers {
        tokio: tokio_runtime(),
        results,
    };
    for leader in PLACES {
        let lock = leaked();
        let (open, gate) = oneshot::channel::<u32>();
        callers.start(lock, leader, || async { gate.await.unwrap() });
        await_leader(lock);
        for _ in 0..FOLLOWERS {
            for place in PLACES {
                callers.start(lock, place, || async { unreachable!("this call follows") });
            }
        }
        await_waiters(lock, FOLLOWERS * PLACES.len());
        open.send(5).unwrap();
        let ended: Vec<_> = received.iter().take(1 + FOLLOWERS * PLACES.len()).collect();
        assert!(
            ended.iter().all(|(_, result)| *result == Ok(5)),
            "{leader:?} led"
        );
        for place in PLACES {
            let expected = FOLLOWERS + usize::from(place == leader);
            assert_eq!(
                ended.iter().filter(|(ended, _)| *ended == place).count(),
                expected
            );
        }
        assert_eq!((lock.is_running(), lock.waiters()), (false, 0));
    }
}

#[test]
fn a_dropped_leader_hands_over_to_a_caller_in_any_place() {
    let (results, received) = mpsc::channel();
    let callers = Callers {
        tokio: tokio_runtime(),
        results,
    };
    for first in PLACES {
        let lock = leaked();
        let mut leader = Box::pin(lock.run_once(pending));
        assert!(poll(&mut leader).is_pending());
        let runs = Arc::new(AtomicUsize::new(0));
        for (index, place) in [first].into_iter().chain(PLACES).enumerate() {
            let (runs, expected) = (runs.clone(), PLACES.len());
            callers.start(lock, place, move || async move {
                runs.fetch_add(1, Ordering::Relaxed);
                // The run ends when all other callers wait, so it serves them.
                poll_fn(|cx| {
                    if lock.waiters() == expected {
                        return Poll::Ready(index);
                    }
                    cx.waker().wake_by_ref();
                    Poll::Pending
                })
                .await
            });
            await_waiters(lock, index + 1);
        }
        drop(leader);
        let ended: Vec<_> = received.iter().take(1 + PLACES.len()).collect();
        // The follower that had waited longest was woken.
        assert!(
            ended.iter().all(|(_, result)| *result == Ok(0)),
            "{first:?} took over"
        );
        assert_eq!(runs.load(Ordering::Relaxed), 1);
    }
}

#[test]
fn a_leader_that_panics_on_one_thread_hands_over_to_another() {
    let lock = leaked();
    let (open, gate) = oneshot::channel::<()>();
    let leader = thread::spawn(move || {
        let call = lock.run_once(|| async {
            gate.await.unwrap();
            panic!("leader")
        });
        call.wait()
    });
    await_leader(lock);
    let followers: Vec<_> = (0..4)
        .map(|n| thread::spawn(move || lock.run_once(|| ready(n)).wait()))
        .collect();
    await_waiters(lock, 4);
    open.send(()).unwrap();
    let payload = leader.join().unwrap_err();
    assert_eq!(payload.downcast_ref::<&str>(), Some(&"leader"));
    for follower in followers {
        assert!(follower.join().unwrap().is_ok());
    }
    assert_eq!((lock.is_running(), lock.waiters()), (false, 0));
}

#[test]
fn a_reset_frees_callers_in_all_places() {
    let (results, received) = mpsc::channel();
    let callers = Callers {
        tokio: tokio_runtime(),
        results,
    };
    let lock = leaked();
    let mut leader = Box::pin(lock.run_once(pending));
    assert!(poll(&mut leader).is_pending());
    for place in PLACES {
        callers.start(lock, place, || ready(1));
    }
    await_waiters(lock, PLACES.len());
    lock.reset();
    for (place, result) in received.iter().take(PLACES.len()) {
        assert!(
            result.is_err_and(|error| !error.is_reentrant()),
            "{place:?}"
        );
    }
    assert_eq!(lock.run_once(|| ready(2)).wait(), Ok(2));
}

#[test]
fn an_aborted_task_that_leads_hands_over() {
    let lock = leaked();
    let tokio = tokio_runtime();
    let leader = tokio.spawn(async { lock.run_once(pending).await });
    await_leader(lock);
    let sync = thread::spawn(|| lock.run_once(|| ready(1)).wait());
    await_waiters(lock, 1);
    leader.abort();
    assert_eq!(sync.join().unwrap(), Ok(1));

    let leader = smol::spawn(async { lock.run_once(pending).await });
    await_leader(lock);
    let follower = tokio.spawn(async { lock.run_once(|| ready(2)).await });
    await_waiters(lock, 1);
    drop(leader);
    assert_eq!(pollster::block_on(follower).unwrap(), Ok(2));
}

#[test]
fn a_wait_that_times_out_leaves_the_flight_or_hands_over() {
    let lock = leaked();
    let brief = Duration::from_millis(1);
    let mut leader = Box::pin(lock.run_once(pending));
    assert!(poll(&mut leader).is_pending());
    assert_eq!(
        lock.run_once(|| ready(1)).wait_timeout(brief),
        Err(TimedOut)
    );
    assert_eq!((lock.is_running(), lock.waiters()), (true, 0));
    drop(leader);
    assert_eq!(lock.run_once(pending).wait_timeout(brief), Err(TimedOut));
    assert_eq!(
        lock.run_once(|| ready(2)).wait_timeout(Duration::MAX),
        Ok(Ok(2))
    );
}

#[test]
fn a_call_may_be_polled_on_one_thread_and_finished_on_another() {
    let lock = leaked();
    let (open, gate) = oneshot::channel::<u32>();
    let mut leader: SendCall<u32> = Box::pin(lock.run_once(|| async { gate.await.unwrap() }));
    let mut follower: SendCall<u32> = Box::pin(lock.run_once(|| ready(0)));
    assert!(poll(&mut leader).is_pending() && poll(&mut follower).is_pending());
    let follower = thread::spawn(|| pollster::block_on(follower));
    let tokio = tokio_runtime();
    let leader = tokio.spawn(leader);
    open.send(1).unwrap();
    assert_eq!(follower.join().unwrap(), Ok(1));
    assert_eq!(pollster::block_on(leader).unwrap(), Ok(1));
}

#[test]
fn a_follower_that_waits_inside_the_poll_of_another_future_is_served() {
    let lock = leaked();
    let (open, gate) = oneshot::channel::<u32>();
    let leader = thread::spawn(|| lock.run_once(|| async { gate.await.unwrap() }).wait());
    await_leader(lock);
    let follower = thread::spawn(|| {
        smartasync::block_on(async { allow_blocking(|| lock.run_once(|| ready(0)).wait()) })
    });
    await_waiters(lock, 1);
    open.send(1).unwrap();
    assert_eq!(
        (leader.join().unwrap(), follower.join().unwrap()),
        (Ok(1), Ok(1))
    );
}

#[test]
fn values_that_are_not_sync_reach_other_threads() {
    let lock: &'static SmartLock<Cell<u32>> = leaked();
    let (open, gate) = oneshot::channel::<u32>();
    let leader = thread::spawn(|| {
        lock.run_once(|| async { Cell::new(gate.await.unwrap()) })
            .wait()
    });
    await_leader(lock);
    let followers: Vec<_> = (0..3)
        .map(|_| thread::spawn(|| lock.run_once(|| ready(Cell::new(0))).wait()))
        .collect();
    await_waiters(lock, 3);
    open.send(1).unwrap();
    for caller in followers.into_iter().chain([leader]) {
        let value = caller.join().unwrap().unwrap();
        value.set(value.get() + 1);
        assert_eq!(value.get(), 2, "each has its own");
    }
}

/// A waker that records the thread on which it is dropped, and uses the lock there.
struct Noted {
    lock: &'static SmartLock<u32>,
    dropped_on: Arc<Mutex<Vec<ThreadId>>>,
}

impl Wake for Noted {
    fn wake(self: Arc<Self>) {}
}

impl Drop for Noted {
    fn drop(&mut self) {
        self.dropped_on.lock().unwrap().push(thread::current().id());
        assert_eq!(
            poll(&mut Box::pin(self.lock.run_once(|| ready(7)))),
            Poll::Ready(Ok(7))
        );
    }
}

#[test]
fn wakers_are_dropped_on_the_thread_of_the_leader() {
    let lock: &'static SmartLock<u32> = leaked();
    let dropped_on: Arc<Mutex<Vec<ThreadId>>> = Arc::default();
    let (open, gate) = oneshot::channel::<u32>();
    let leader = thread::spawn(|| lock.run_once(|| async { gate.await.unwrap() }).wait());
    await_leader(lock);
    let mut followers: Vec<_> = (0..3)
        .map(|_| Box::pin(lock.run_once(|| ready(0))))
        .collect();
    for follower in &mut followers {
        let waker = Waker::from(Arc::new(Noted {
            lock,
            dropped_on: dropped_on.clone(),
        }));
        assert!(
            follower
                .as_mut()
                .poll(&mut Context::from_waker(&waker))
                .is_pending()
        );
    }
    assert!(dropped_on.lock().unwrap().is_empty());
    let leaders_thread = leader.thread().id();
    open.send(1).unwrap();
    assert_eq!(leader.join().unwrap(), Ok(1));
    assert_eq!(*dropped_on.lock().unwrap(), [leaders_thread; 3]);
    assert!(
        followers
            .iter_mut()
            .all(|follower| poll(follower) == Poll::Ready(Ok(1)))
    );
}

#[test]
fn one_of_many_threads_that_start_at_once_leads_each_flight() {
    const THREADS: usize = 8;
    const ROUNDS: usize = 300;
    static LOCK: SmartLock<usize> = SmartLock::new();
    let (runs, start) = (AtomicUsize::new(0), Barrier::new(THREADS));
    thread::scope(|scope| {
        for _ in 0..THREADS {
            scope.spawn(|| {
                for round in 0..ROUNDS {
                    start.wait();
                    let call = pin!(LOCK.run_once(|| async {
                        let run = runs.fetch_add(1, Ordering::Relaxed);
                        // All other threads follow before the run ends.
                        poll_fn(|cx| {
                            if LOCK.waiters() == THREADS - 1 {
                                return Poll::Ready(run);
                            }
                            cx.waker().wake_by_ref();
                            Poll::Pending
                        })
                        .await
                    }));
                    assert_eq!(pollster::block_on(call), Ok(round));
                }
            });
        }
    });
    assert_eq!(runs.load(Ordering::Relaxed), ROUNDS);
}
