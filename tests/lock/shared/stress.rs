//! `SmartLock::run_shared` under stress: threads and tasks of two runtimes that start, poll, drop
//! and reset at once. The last test shows which calls are `Send`.

use crate::support::random::{Random, on_threads};
use smartasync::{Cancelled, SmartLock};
use std::cell::Cell;
use std::future::{poll_fn, ready};
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::pin::Pin;
use std::rc::Rc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::Relaxed, Ordering::SeqCst};
use std::sync::{Arc, Mutex, mpsc};
use std::task::{Context, Poll, Waker};
use std::thread;
use std::time::Duration;

/// A thread that wakes the wakers that it is sent.
#[derive(Clone)]
struct Alarm(mpsc::Sender<Waker>);

impl Alarm {
    fn new() -> Self {
        let (send, receive) = mpsc::channel::<Waker>();
        thread::spawn(move || receive.into_iter().for_each(Waker::wake));
        Self(send)
    }
}

/// Counts the runs of one lock.
#[derive(Default)]
struct Runs {
    polled: AtomicBool,
    started: AtomicUsize,
    ended: AtomicUsize,
    steps: AtomicUsize,
}

impl Runs {
    /// A run of `steps` steps. In each it wakes itself, or the alarm's thread wakes it.
    /// Returns its number.
    fn run(
        &'static self,
        steps: usize,
        alarm: Option<Alarm>,
    ) -> impl Future<Output = usize> + Send + 'static {
        let (number, mut left) = (self.started.fetch_add(1, SeqCst), steps);
        poll_fn(move |cx| {
            assert!(!self.polled.swap(true, SeqCst), "two polls at once");
            // A run whose last caller has left is never polled again.
            assert_eq!(self.started.load(SeqCst), number + 1, "two runs at once");
            let done = left == 0;
            self.polled.store(false, SeqCst);
            if done {
                self.ended.fetch_add(1, SeqCst);
                return Poll::Ready(number);
            }
            left -= 1;
            self.steps.fetch_add(1, Relaxed);
            match &alarm {
                Some(Alarm(send)) => send.send(cx.waker().clone()).unwrap(),
                None => cx.waker().wake_by_ref(),
            }
            Poll::Pending
        })
    }
}

fn leaked<T: Default>() -> &'static T {
    Box::leak(Box::default())
}

type Boxed = Pin<Box<dyn Future<Output = Result<usize, Cancelled>> + Send>>;

/// The runtimes on which calls are finished.
struct Places {
    tokio: tokio::runtime::Runtime,
    /// How many tasks were started on either runtime and have not ended.
    tasks: Arc<AtomicUsize>,
}

impl Places {
    fn new() -> Self {
        let tokio = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .build()
            .unwrap();
        Self {
            tokio,
            tasks: Arc::default(),
        }
    }

    /// Polls the call by hand a few times. Then drops it, or finishes it here or in a task.
    fn use_randomly(
        &self,
        random: &mut Random,
        mut call: Boxed,
    ) -> Option<Result<usize, Cancelled>> {
        for _ in 0..random.below(4) {
            if let Poll::Ready(result) = call.as_mut().poll(&mut Context::from_waker(Waker::noop()))
            {
                return Some(result);
            }
        }
        let tasks = self.tasks.clone();
        let task = async move {
            let _ = call.await;
            tasks.fetch_sub(1, SeqCst);
        };
        match random.below(8) {
            0..3 => return None,
            3 => {
                self.tasks.fetch_add(1, SeqCst);
                drop(self.tokio.spawn(task));
            }
            4 => {
                self.tasks.fetch_add(1, SeqCst);
                smol::spawn(task).detach();
            }
            5 => {
                self.tasks.fetch_add(1, SeqCst);
                pollster::block_on(task);
            }
            _ => {
                self.tasks.fetch_add(1, SeqCst);
                smartasync::smart(task).wait();
            }
        }
        None
    }
}

/// Lets many threads use one lock. Returns the lock, the count of its tasks, and its runs.
fn crowd(resets: bool, once: bool) -> (&'static SmartLock<usize>, Arc<AtomicUsize>, &'static Runs) {
    let (lock, runs) = (leaked::<SmartLock<usize>>(), leaked::<Runs>());
    let (places, alarm) = (Places::new(), Alarm::new());
    let tasks = places.tasks.clone();
    on_threads(move |mut random| {
        for _ in 0..3_000 {
            let (steps, alarm) = (
                random.below(4),
                (random.below(2) == 0).then(|| alarm.clone()),
            );
            let run = move || {
                if resets {
                    leaked::<Runs>().run(steps, alarm)
                } else {
                    runs.run(steps, alarm)
                }
            };
            let call: Boxed = if once && random.below(3) == 0 {
                Box::pin(lock.run_once(run))
            } else {
                Box::pin(lock.run_shared(run))
            };
            if let Some(Err(error)) = places.use_randomly(&mut random, call) {
                assert!(resets && !error.is_reentrant());
            }
            if resets && random.below(20) == 0 {
                lock.reset();
            }
        }
        // Tasks end without the help of a newcomer.
        while places.tasks.load(SeqCst) > 0 {
            thread::yield_now();
        }
    });
    (lock, tasks, runs)
}

#[test]
fn many_that_come_and_go_never_hang_and_never_overlap() {
    let (lock, tasks, runs) = crowd(false, false);
    assert_eq!((tasks.load(SeqCst), lock.waiters()), (0, 0));
    // The runs that did not end went with their last caller.
    assert!(!lock.is_running());
    let (started, ended) = (runs.started.load(SeqCst), runs.ended.load(SeqCst));
    assert!(0 < ended && ended <= started);
}

#[test]
fn callers_of_both_functions_that_come_and_go_never_hang() {
    let (lock, tasks, _runs) = crowd(false, true);
    assert_eq!((tasks.load(SeqCst), lock.waiters()), (0, 0));
    lock.reset();
    assert!(!lock.is_running());
}

#[test]
fn callers_of_both_functions_that_come_and_go_and_reset_never_hang() {
    let (lock, tasks, _runs) = crowd(true, true);
    assert_eq!((tasks.load(SeqCst), lock.waiters()), (0, 0));
    lock.reset();
    assert!(!lock.is_running());
}

#[test]
fn callers_whose_futures_panic_never_hang() {
    let (lock, alarm) = (leaked::<SmartLock<usize>>(), Alarm::new());
    let quiet = AtomicUsize::new(0);
    on_threads(move |mut random| {
        for n in 0..2_000 {
            let (panics, steps, alarm) = (random.below(4) == 0, random.below(3), alarm.clone());
            let call = lock.run_shared(move || async move {
                let _number = leaked::<Runs>().run(steps, Some(alarm)).await;
                // This does not call the panic hook, which would print the panic.
                if panics {
                    resume_unwind(Box::new("future"));
                }
                n
            });
            match catch_unwind(AssertUnwindSafe(|| call.wait())) {
                Ok(Ok(_)) => {}
                // The call's own future panicked on another thread, and no follower could start
                // again.
                Ok(Err(error)) => assert!(error.to_string().contains("panicked in another caller")),
                // The panic resumes in the driver.
                Err(payload) => {
                    assert_eq!(payload.downcast_ref::<&str>(), Some(&"future"));
                    quiet.fetch_add(1, Relaxed);
                }
            }
        }
    });
    assert_eq!((lock.is_running(), lock.waiters()), (false, 0));
}

#[test]
fn a_run_that_many_short_lived_callers_drive_takes_each_step_once() {
    const STEPS: usize = 2_000;
    let (lock, runs, alarm) = (leaked::<SmartLock<usize>>(), leaked::<Runs>(), Alarm::new());
    // It keeps the run while all others come and go. It is not polled again before that has ended.
    let own = alarm.clone();
    let mut held: Boxed = Box::pin(lock.run_shared(move || runs.run(STEPS, Some(own))));
    assert!(crate::support::poll(&mut held).is_pending());
    on_threads(move |mut random| {
        while runs.ended.load(SeqCst) == 0 {
            let alarm = alarm.clone();
            let call = lock.run_shared(move || runs.run(STEPS, Some(alarm)));
            let _ = call.wait_timeout(Duration::from_micros(random.below(50) as u64));
        }
    });
    assert_eq!(crate::support::poll(&mut held), Poll::Ready(Ok(0)));
    let steps = runs.steps.load(SeqCst);
    assert!(steps >= STEPS, "{steps} steps");
    // Those who came at the end may have begun another run.
    let begun = runs.started.load(SeqCst) - 1;
    assert!(steps <= STEPS * (1 + begun), "{steps} steps");
}

#[test]
fn ten_thousand_threads_and_tasks_share_one_run() {
    let (lock, runs) = (leaked::<SmartLock<usize>>(), leaked::<Runs>());
    let tokio = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .build()
        .unwrap();
    let waker = Arc::<Mutex<Option<Waker>>>::default();
    let (kept, open) = (waker.clone(), Arc::new(AtomicBool::new(false)));
    let gate = open.clone();
    let lead = move || {
        assert_eq!(runs.started.fetch_add(1, SeqCst), 0);
        poll_fn(move |cx| {
            *kept.lock().unwrap() = Some(cx.waker().clone());
            if gate.load(SeqCst) {
                Poll::Ready(1)
            } else {
                Poll::Pending
            }
        })
    };
    let mut leader: Boxed = Box::pin(lock.run_shared(lead));
    assert!(
        leader
            .as_mut()
            .poll(&mut Context::from_waker(Waker::noop()))
            .is_pending()
    );
    let follow = || lock.run_shared(|| async { unreachable!("this call follows") });
    let on_tokio: Vec<_> = (0..5_000).map(|_| tokio.spawn(follow())).collect();
    let on_smol: Vec<_> = (0..5_000).map(|_| smol::spawn(follow())).collect();
    let threads: Vec<_> = (0..20)
        .map(|_| thread::spawn(move || follow().wait()))
        .collect();
    while lock.waiters() < 10_020 {
        thread::yield_now();
    }
    drop(leader);
    open.store(true, SeqCst);
    waker.lock().unwrap().take().unwrap().wake();
    assert!(
        threads
            .into_iter()
            .all(|thread| thread.join().unwrap() == Ok(1))
    );
    for task in on_tokio {
        assert_eq!(pollster::block_on(task).unwrap(), Ok(1));
    }
    assert!(
        on_smol
            .into_iter()
            .all(|task| pollster::block_on(task) == Ok(1))
    );
    assert_eq!((lock.is_running(), lock.waiters()), (false, 0));
}

// Which calls are `Send`.

#[test]
fn a_call_is_send_where_its_closure_is_and_its_value_need_not_be_sync() {
    fn assert_send<T: Send>(_: &T) {}
    fn assert_sync<T: Send + Sync>(_: &T) {}
    // The value is not `Sync`.
    let lock = SmartLock::<Cell<usize>>::new();
    assert_sync(&lock);
    let sendable = lock.run_shared(|| async { Cell::new(1) });
    assert_send(&sendable);
    assert_eq!(
        thread::scope(|scope| scope.spawn(|| sendable.wait()).join().unwrap()),
        Ok(Cell::new(1))
    );
    // A closure that is not `Send` may make a future that is `Send`.
    let local = Rc::new(2);
    assert_eq!(
        lock.run_shared(move || ready(Cell::new(*local))).wait(),
        Ok(Cell::new(2))
    );
}
