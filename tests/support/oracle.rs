//! The oracle of `SmartLock`: a small model of the contract, on one thread, that each operation on a real lock is compared with. The test with
//! random operations uses it, and the fuzz target with operations that libFuzzer chooses.

use super::count::Count;
use smartasync::{Cancelled, SmartLock};
use std::cell::{Cell, RefCell};
use std::future::poll_fn;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::task::{Context, Poll, Waker};

/// Where the operations come from.
pub(crate) trait Choices {
    /// Gives a number below `bound`, or `None` when there are no more operations.
    fn choose(&mut self, bound: usize) -> Option<usize>;
}

/// What a call is, by the contract.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Is {
    Fresh,
    Waiting,
    Leading { current: bool },
    Served(usize),
    Cancelled,
}

/// What the leader's future is to do when it is polled.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Order {
    Suspend,
    Finish,
    Panic,
}

struct Modelled<'a> {
    call: Pin<Box<dyn Future<Output = Result<usize, Cancelled>> + 'a>>,
    id: usize,
    is: Is,
    order: Rc<Cell<Order>>,
    waker: Arc<Count>,
    /// It was woken since it was polled last.
    woken: bool,
}

/// The calls on a lock, with what they have to be.
struct Model<'a> {
    lock: &'a SmartLock<usize>,
    started: &'a RefCell<Vec<usize>>,
    calls: Vec<Modelled<'a>>,
    made: usize,
}

impl<'a> Model<'a> {
    fn is_led(&self) -> bool {
        self.calls.iter().any(|call| call.is == Is::Leading { current: true })
    }

    fn make(&mut self) {
        let id = self.made;
        self.made += 1;
        let order = Rc::new(Cell::new(Order::Suspend));
        let (orders, started) = (order.clone(), self.started);
        let call = self.lock.run_once(move || {
            started.borrow_mut().push(id);
            poll_fn(move |_| match orders.get() {
                Order::Suspend => Poll::Pending,
                Order::Finish => Poll::Ready(id),
                // Without the hook, which would print it.
                Order::Panic => resume_unwind(Box::new("as ordered")),
            })
        });
        self.calls.push(Modelled { call: Box::pin(call), id, is: Is::Fresh, order, waker: Arc::default(), woken: false });
    }

    /// Polls a call, and compares.
    fn poll(&mut self, index: usize, order: Order, with_a_new_waker: bool) {
        let led = self.is_led();
        let call = &mut self.calls[index];
        call.order.set(order);
        call.woken = false;
        if with_a_new_waker {
            call.waker = Arc::default();
        }
        call.waker.0.store(0, Ordering::Relaxed);
        let waker = Waker::from(call.waker.clone());
        let polled = catch_unwind(AssertUnwindSafe(|| call.call.as_mut().poll(&mut Context::from_waker(&waker))));
        let starts = matches!(call.is, Is::Fresh | Is::Waiting) && !led;
        assert_eq!(self.started.take(), if starts { vec![call.id] } else { vec![] });
        if starts {
            call.is = Is::Leading { current: true };
        }
        let id = call.id;
        match call.is {
            Is::Fresh | Is::Waiting => {
                assert_eq!(polled.unwrap(), Poll::Pending);
                call.is = Is::Waiting;
            }
            Is::Served(value) => {
                assert_eq!(polled.unwrap(), Poll::Ready(Ok(value)));
                drop(self.calls.swap_remove(index));
            }
            Is::Cancelled => {
                assert!(matches!(polled.unwrap(), Poll::Ready(Err(cancelled)) if !cancelled.is_reentrant()));
                drop(self.calls.swap_remove(index));
            }
            Is::Leading { current } => match order {
                Order::Suspend => assert_eq!(polled.unwrap(), Poll::Pending),
                Order::Finish => {
                    assert_eq!(polled.unwrap(), Poll::Ready(Ok(id)));
                    drop(self.calls.swap_remove(index));
                    for other in self.calls.iter_mut().filter(|other| current && other.is == Is::Waiting) {
                        other.is = Is::Served(id);
                    }
                }
                Order::Panic => {
                    assert!(polled.is_err());
                    drop(self.calls.swap_remove(index));
                }
            },
        }
    }

    fn reset(&mut self) {
        self.lock.reset();
        for call in &mut self.calls {
            match call.is {
                Is::Waiting => call.is = Is::Cancelled,
                Is::Leading { .. } => call.is = Is::Leading { current: false },
                Is::Fresh | Is::Served(_) | Is::Cancelled => {}
            }
        }
    }

    /// What must hold after each operation. `woken_to_lead`: how many that wait the operation may have woken.
    fn check(&mut self, may_hand_over: bool) {
        let mut woken_to_lead = 0;
        for call in &mut self.calls {
            let woken = call.waker.0.swap(0, Ordering::Relaxed);
            assert!(woken == 0 || matches!(call.is, Is::Waiting | Is::Served(_) | Is::Cancelled), "{:?} was woken", call.is);
            woken_to_lead += if call.is == Is::Waiting { woken } else { 0 };
            call.woken |= woken > 0;
            assert!(call.woken || !matches!(call.is, Is::Served(_) | Is::Cancelled), "nobody woke it");
        }
        assert!(woken_to_lead <= usize::from(may_hand_over), "woken to lead: {woken_to_lead}");
        let waiting: Vec<_> = self.calls.iter().filter(|call| call.is == Is::Waiting).collect();
        assert!(self.is_led() || waiting.is_empty() || waiting.iter().any(|call| call.woken), "all wait, and nobody was woken");
        assert_eq!((self.lock.is_running(), self.lock.waiters()), (self.is_led(), waiting.len()));
    }
}

/// Carries out the chosen operations on a lock, and compares. At the end everybody that was woken is polled, and must come to an end. Returns
/// how many operations there were.
pub(crate) fn run(choices: &mut impl Choices) -> usize {
    let (lock, started) = (SmartLock::new(), RefCell::default());
    let mut model = Model { lock: &lock, started: &started, calls: Vec::new(), made: 0 };
    let mut operations = 0;
    while let (Some(operation), Some(index), Some(waker)) = (choices.choose(100), choices.choose(12), choices.choose(4)) {
        let index = index % model.calls.len().max(1);
        match operation {
            _ if model.calls.is_empty() => model.make(),
            0..30 if model.calls.len() < 12 => model.make(),
            0..70 => model.poll(index, Order::Suspend, waker == 0),
            70..78 => model.poll(index, Order::Finish, waker == 0),
            78..82 => model.poll(index, Order::Panic, waker == 0),
            82..98 => drop(model.calls.swap_remove(index)),
            _ => model.reset(),
        }
        model.check(operation >= 70);
        operations += 1;
    }
    while let Some(index) = model.calls.iter().position(|call| call.woken || matches!(call.is, Is::Fresh | Is::Leading { .. })) {
        model.poll(index, Order::Finish, false);
        model.check(true);
    }
    assert!(model.calls.is_empty(), "somebody waits for ever");
    assert_eq!((lock.is_running(), lock.waiters()), (false, 0));
    operations
}
