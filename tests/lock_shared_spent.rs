//! `SmartLock::run_shared` callers whose own future was lost in another caller: they have no closure left, and keep nobody from starting anew.

use Turn::{Done, Panic, Sleep};
use smartasync::{Cancelled, SmartLock};
use std::future::{poll_fn, ready};
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Wake, Waker};

#[derive(Default)]
struct Count(AtomicUsize);

impl Wake for Count {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Relaxed);
    }
}

/// A call with a waker of its own.
struct Caller<T = usize> {
    call: Pin<Box<dyn Future<Output = Result<T, Cancelled>> + Send>>,
    woken: Arc<Count>,
}

impl<T> Caller<T> {
    fn new(call: impl Future<Output = Result<T, Cancelled>> + Send + 'static) -> Self {
        Self { call: Box::pin(call), woken: Arc::default() }
    }

    fn poll(&mut self) -> Poll<Result<T, Cancelled>> {
        let waker = Waker::from(self.woken.clone());
        self.call.as_mut().poll(&mut Context::from_waker(&waker))
    }

    /// Polls once; the call has to wait.
    fn wait_for_its_turn(mut self) -> Self {
        assert!(self.poll().is_pending());
        self
    }

    fn wakes(&self) -> usize {
        self.woken.0.load(Relaxed)
    }
}

/// Panics quietly: without the hook, which would print it.
fn panic() -> ! {
    resume_unwind(Box::new("quiet"))
}

fn panics<T>(f: impl FnOnce() -> T) -> bool {
    catch_unwind(AssertUnwindSafe(f)).is_err()
}

/// What a future's n-th poll does.
enum Turn {
    /// Is pending; its waker is kept in the job.
    Sleep,
    Panic,
    Done,
}

#[derive(Default)]
struct Job {
    polls: AtomicUsize,
    waker: Mutex<Option<Waker>>,
}

impl Job {
    fn run<T>(self: &Arc<Self>, turns: Vec<Turn>, value: T) -> impl Future<Output = T> + Send + use<T>
    where
        T: Send + 'static,
    {
        let (job, mut turns, mut value) = (self.clone(), turns.into_iter(), Some(value));
        poll_fn(move |cx| {
            job.polls.fetch_add(1, Relaxed);
            match turns.next().expect("it is not polled after the last turn") {
                Sleep => *job.waker.lock().unwrap() = Some(cx.waker().clone()),
                Panic => panic(),
                Done => return Poll::Ready(value.take().unwrap()),
            }
            Poll::Pending
        })
    }

    fn caller<T>(self: &Arc<Self>, lock: &'static SmartLock<T>, turns: Vec<Turn>, value: T) -> Caller<T>
    where
        T: Clone + Send + 'static,
    {
        let job = self.clone();
        Caller::new(lock.run_shared(move || job.run(turns, value)))
    }

    fn wake(&self) {
        let waker = self.waker.lock().unwrap().take();
        waker.expect("the future sleeps").wake();
    }
}

fn leaked<T>() -> &'static SmartLock<T> {
    Box::leak(Box::default())
}

/// The answer to one that has nothing left to run.
fn spent<T>(result: Poll<Result<T, Cancelled>>) -> bool {
    let Poll::Ready(Err(error)) = result else { return false };
    assert_eq!(error.to_string(), "the future that the call had brought panicked in another caller");
    !error.is_reentrant()
}

fn ok<T>(value: T) -> Poll<Result<T, Cancelled>> {
    Poll::Ready(Ok(value))
}

/// Nobody is left on the lock, and it works.
fn assert_works(lock: &SmartLock<usize>) {
    assert_eq!((lock.is_running(), lock.waiters()), (false, 0));
    assert_eq!(lock.run_shared(|| ready(9)).wait(), Ok(9));
    assert_eq!((lock.is_running(), lock.waiters()), (false, 0));
}

/// The first of these brought a future that has panicked in another caller; the others follow.
fn lost(lock: &'static SmartLock<usize>, followers: usize) -> (Caller, Vec<Caller>) {
    let job = Arc::<Job>::default();
    let first = job.caller(lock, vec![Sleep, Panic], 1).wait_for_its_turn();
    let mut driver = job.caller(lock, vec![Done], 2).wait_for_its_turn();
    let others = (0..followers).map(|n| job.caller(lock, vec![Done], 3 + n).wait_for_its_turn()).collect();
    job.wake();
    assert!(panics(|| driver.poll()));
    assert_eq!((lock.is_running(), lock.waiters()), (false, 1 + followers));
    (first, others)
}

#[test]
fn alone_it_is_woken_and_ends_with_an_error() {
    let lock = leaked();
    let (mut first, _) = lost(lock, 0);
    assert_eq!(first.wakes(), 2);
    assert!(spent(first.poll()));
    assert_works(lock);
}

#[test]
fn polled_first_it_ends_with_an_error_and_one_follower_is_woken_to_start_anew() {
    let lock = leaked();
    let (mut first, mut others) = lost(lock, 3);
    assert!(spent(first.poll()));
    assert_eq!(others.iter().map(Caller::wakes).sum::<usize>(), 3 + 1);
    let chosen = others.iter().position(|other| other.wakes() == 2).unwrap();
    assert_eq!(others[chosen].poll(), ok(3 + chosen));
    assert!(others.iter_mut().enumerate().all(|(index, other)| index == chosen || other.poll() == ok(3 + chosen)));
    assert_works(lock);
}

#[test]
fn dropped_it_hands_over() {
    let lock = leaked();
    let (first, mut others) = lost(lock, 1);
    drop(first);
    assert_eq!((others[0].wakes(), others[0].poll()), (2, ok(3)));
    assert_works(lock);
}

#[test]
fn polled_late_it_follows_or_is_served_like_any_other() {
    let lock = leaked();
    let (mut first, mut others) = lost(lock, 1);
    assert_eq!((others[0].poll(), first.poll()), (ok(3), ok(3)));
    assert_works(lock);

    let (mut first, _) = lost(lock, 0);
    let job = Arc::<Job>::default();
    let newcomer = job.caller(lock, vec![Sleep, Done], 7).wait_for_its_turn();
    assert!(first.poll().is_pending());
    drop(newcomer);
    job.wake();
    assert_eq!(first.poll(), ok(7), "it may drive another's future");
    assert_works(lock);
}

#[test]
fn many_of_them_end_and_the_last_follower_starts_anew() {
    let (lock, job) = (leaked(), Arc::<Job>::default());
    let mut spent_ones = Vec::new();
    let mut last = None;
    for _ in 0..5 {
        let leader = job.caller(lock, vec![Sleep, Panic], 1).wait_for_its_turn();
        let mut driver = job.caller(lock, vec![Done], 2).wait_for_its_turn();
        last.get_or_insert_with(|| job.caller(lock, vec![Done], 3).wait_for_its_turn());
        job.wake();
        assert!(panics(|| driver.poll()));
        spent_ones.push(leader);
    }
    // They end one after the other, each woken by the one before, until the last follower is.
    while let Some(index) = spent_ones.iter().position(|one| one.wakes() > 0) {
        assert!(spent(spent_ones.remove(index).poll()));
    }
    let mut last = last.unwrap();
    assert!(last.wakes() > 0);
    assert_eq!(last.poll(), ok(3));
    assert!(spent_ones.iter_mut().all(|one| one.poll() == ok(3)));
    assert_works(lock);
}

#[test]
fn a_reset_cancels_it_like_any_other() {
    let lock = leaked();
    let (mut first, mut others) = lost(lock, 1);
    lock.reset();
    for caller in [&mut first, &mut others[0]] {
        let Poll::Ready(Err(error)) = caller.poll() else { panic!("it is cancelled") };
        assert_eq!(error.to_string(), "the lock was reset while the call waited");
    }
    assert_works(lock);
}

#[test]
fn one_whose_value_could_not_be_cloned_ends_with_an_error_too() {
    #[derive(Debug, PartialEq)]
    struct Unique(usize);
    impl Clone for Unique {
        fn clone(&self) -> Self {
            panic()
        }
    }
    let (lock, job) = (leaked(), Arc::<Job>::default());
    let mut first = job.caller(lock, vec![Sleep, Done], Unique(1)).wait_for_its_turn();
    let mut driver = job.caller(lock, vec![Done], Unique(2)).wait_for_its_turn();
    job.wake();
    assert!(panics(|| driver.poll()));
    assert_eq!(first.wakes(), 2);
    assert!(spent(first.poll()));
    assert_eq!(lock.run_shared(|| ready(Unique(3))).wait(), Ok(Unique(3)));
    assert_eq!((lock.is_running(), lock.waiters()), (false, 0));
}
