//! The oracle of `SmartLock` and `SmartLockMap`: a small model of the contract on one thread. Each
//! operation on a real lock, and on a map of three keys, is compared with the model. A test chooses
//! random operations, and in the fuzz target libFuzzer chooses them.
//!
//! After each operation the oracle compares the result of the polled call, the closures that were
//! called and the futures that were polled, the calls that were woken, the closures and futures
//! that still exist, and the results of `is_running`, `waiters` and `len`.

use super::choices::Choices;
use super::count::Count;
use super::work::{BoxCall, INNER, Kind, Logged, Order, Places, Result, Work};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::task::{Context, Poll, Waker};

/// The number of places: the lock and three keys of the map.
const PLACES: usize = 4;
/// At most so many calls exist at once.
const CALLS: usize = 12;

/// The state of a call, by the contract.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Is {
    Fresh,
    /// It takes part in a flight that it does not lead, or it waits to lead.
    Waiting,
    /// It runs its own work. Its flight may have been reset.
    Leading,
    /// It runs this shared work alone, because its flight was reset.
    Loose {
        work: usize,
        woken: bool,
    },
    Served(usize),
    Cancelled,
}

/// The flight of a room.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Flight {
    None,
    /// This call leads.
    Once(usize),
    /// This shared work runs. `driver` polled it last. `woken` says that it was woken since that
    /// poll.
    Shared {
        work: usize,
        driver: Option<usize>,
        woken: bool,
    },
}

/// The calls of one place that share a flight. A key gets a new room after each reset, and after it
/// was idle.
struct Room {
    flight: Flight,
}

struct Call<'a> {
    call: BoxCall<'a>,
    id: usize,
    kind: Kind,
    place: usize,
    /// `None` until the call is polled.
    room: Option<usize>,
    is: Is,
    /// Whether it still has its closure.
    can_lead: bool,
    waker: Arc<Count>,
    /// Whether it was woken since its last poll.
    woken: bool,
}

/// How many waiting calls an operation may wake although they have to go on waiting.
#[derive(Clone, Copy, Debug, PartialEq, PartialOrd)]
enum MayWake {
    Nobody,
    /// One call, which is chosen to lead.
    One,
    /// All calls. The shared future was woken, or a new one exists and all calls have to register
    /// with it.
    All,
}

struct Model<'a> {
    places: &'a Arc<Places>,
    /// The index of the current room of each place. The lock always has a room.
    current: [Option<usize>; PLACES],
    rooms: Vec<Room>,
    calls: Vec<Call<'a>>,
    /// The work whose closure or future may exist. Only this work can be woken by hand.
    works: Vec<Arc<Work>>,
    made: usize,
    may_wake: MayWake,
}

impl<'a> Model<'a> {
    fn new(places: &'a Arc<Places>) -> Self {
        let rooms = vec![Room {
            flight: Flight::None,
        }];
        let mut current = [None; PLACES];
        current[0] = Some(0);
        Self {
            places,
            current,
            rooms,
            calls: Vec::new(),
            works: Vec::new(),
            made: 0,
            may_wake: MayWake::Nobody,
        }
    }

    fn make(&mut self, kind: Kind, place: usize) {
        let id = self.made;
        self.made += 1;
        let work = Work::new(id, place);
        let call = self.places.call(kind, &work);
        self.works.push(work);
        let waker = Arc::default();
        self.calls.push(Call {
            call,
            id,
            kind,
            place,
            room: None,
            is: Is::Fresh,
            can_lead: true,
            waker,
            woken: false,
        });
    }

    fn work(&self, id: usize) -> Arc<Work> {
        self.works
            .iter()
            .find(|work| work.id == id)
            .expect("the work exists")
            .clone()
    }

    /// All calls that wait in the room.
    fn waiting(&mut self, room: usize) -> impl Iterator<Item = &mut Call<'a>> {
        self.calls
            .iter_mut()
            .filter(move |call| call.room == Some(room) && call.is == Is::Waiting)
    }

    /// Ends the flight of the room. The waiting calls get the value, or one of them has to lead.
    fn end_flight(&mut self, room: usize, value: Option<usize>) {
        self.rooms[room].flight = Flight::None;
        match value {
            Some(value) => self
                .waiting(room)
                .for_each(|call| call.is = Is::Served(value)),
            None => self.may_wake = self.may_wake.max_of(MayWake::One),
        }
    }

    /// Updates the model after a reset of the place.
    fn was_reset(&mut self, place: usize) {
        let Some(room) = self.current[place] else {
            return;
        };
        let flight = std::mem::replace(&mut self.rooms[room].flight, Flight::None);
        for call in self.waiting(room) {
            call.is = match flight {
                Flight::Shared {
                    work,
                    driver,
                    woken,
                } if driver == Some(call.id) => Is::Loose { work, woken },
                _ => Is::Cancelled,
            };
        }
        if place > 0 {
            self.current[place] = None;
        }
    }

    /// A call is gone. With the last one that waits goes the shared future, and with the last one of
    /// a key its room.
    fn is_gone(&mut self, call: Call<'a>) {
        let Call {
            call,
            room,
            place,
            waker,
            ..
        } = call;
        drop(call);
        if let Some(left) = room {
            if matches!(self.rooms[left].flight, Flight::Shared { .. })
                && self.waiting(left).next().is_none()
            {
                self.rooms[left].flight = Flight::None;
            }
            let is_empty = !self.calls.iter().any(|call| call.room == room);
            if place > 0 && is_empty && self.current[place] == room {
                self.current[place] = None;
            }
        }
        // A future that the call drove alone may have kept its waker.
        for work in self.works.iter().filter(|work| !work.alive.load(Relaxed)) {
            work.waker.lock().unwrap().take();
        }
        assert_eq!(
            Arc::strong_count(&waker),
            1,
            "the waker of the dropped call still exists"
        );
    }

    fn drop_call(&mut self, at: usize) {
        let call = self.calls.swap_remove(at);
        if let Some(room) = call.room {
            match (&mut self.rooms[room].flight, call.is) {
                (Flight::Once(leader), Is::Leading) if *leader == call.id => {
                    self.end_flight(room, None)
                }
                (Flight::Shared { driver, .. }, Is::Waiting) if *driver == Some(call.id) => {
                    *driver = None
                }
                (Flight::None, Is::Waiting) => self.may_wake = MayWake::One,
                _ => {}
            }
        }
        self.is_gone(call);
    }

    /// [Wakes](Model::wake) one of the works.
    fn wake_one(&mut self, index: usize) {
        let work = self.works.get(index % self.works.len().max(1));
        if let Some(id) = work.map(|work| work.id) {
            self.wake(id);
        }
    }

    /// Wakes what a work waits for.
    fn wake(&mut self, id: usize) {
        let Some(waker) = self.work(id).waker.lock().unwrap().take() else {
            return;
        };
        waker.wake();
        self.was_woken(id);
    }

    /// Updates the model after the waker of a work was woken.
    fn was_woken(&mut self, id: usize) {
        for place in 0..PLACES {
            if let Some(Flight::Shared { work, woken, .. }) =
                self.current[place].map(|room| &mut self.rooms[room].flight)
            {
                if *work == id {
                    *woken = true;
                    self.may_wake = MayWake::All;
                }
            }
        }
        for call in &mut self.calls {
            match &mut call.is {
                Is::Leading if call.id == id => {
                    assert!(
                        call.waker.0.swap(0, Relaxed) > 0,
                        "the leader's waker is not its future's"
                    );
                    call.woken = true;
                }
                Is::Loose { work, woken } if *work == id => *woken = true,
                _ => {}
            }
        }
    }

    /// Updates the model before a poll of this call. Returns the room, and the work that has to be
    /// polled.
    fn board(&mut self, at: usize) -> (usize, Option<usize>) {
        let call = &mut self.calls[at];
        let room = *call.room.get_or_insert_with(|| {
            *self.current[call.place].get_or_insert_with(|| {
                self.rooms.push(Room {
                    flight: Flight::None,
                });
                self.rooms.len() - 1
            })
        });
        let flight = &mut self.rooms[room].flight;
        let polled = match (&mut call.is, &mut *flight) {
            (Is::Fresh | Is::Waiting, Flight::None) if call.can_lead => {
                call.can_lead = false;
                (call.is, *flight) = match call.kind {
                    Kind::Once => (Is::Leading, Flight::Once(call.id)),
                    Kind::Shared => (
                        Is::Waiting,
                        Flight::Shared {
                            work: call.id,
                            driver: Some(call.id),
                            woken: false,
                        },
                    ),
                };
                if call.kind == Kind::Shared {
                    self.may_wake = MayWake::All;
                }
                Some(call.id)
            }
            (
                Is::Fresh | Is::Waiting,
                Flight::Shared {
                    work,
                    driver,
                    woken: woken @ true,
                },
            ) => {
                call.is = Is::Waiting;
                *driver = Some(call.id);
                *woken = false;
                Some(*work)
            }
            (Is::Leading, _) => Some(call.id),
            (
                Is::Loose {
                    work,
                    woken: woken @ true,
                },
                _,
            ) => {
                *woken = false;
                Some(*work)
            }
            _ => None,
        };
        (room, polled)
    }

    /// Polls a call and compares the result with the model.
    fn poll(&mut self, at: usize, order: Order, with_a_new_waker: bool) {
        let was = self.calls[at].is;
        let could_lead = self.calls[at].can_lead;
        let (room, polled) = self.board(at);
        let place = self.calls[at].place;
        let id = self.calls[at].id;
        let is_current = match self.rooms[room].flight {
            Flight::None => false,
            Flight::Once(leader) => leader == id,
            Flight::Shared { driver, .. } => driver == Some(id) && polled.is_some(),
        };
        let starts = could_lead
            && polled == Some(id)
            && matches!(was, Is::Fresh | Is::Waiting)
            && is_current;
        // Inside an old flight, the work makes a call only if that call would lead. Otherwise the
        // call would follow the new flight and be dropped.
        let newest = self.current[place];
        let may_call =
            is_current || newest.is_none_or(|room| self.rooms[room].flight == Flight::None);
        let order = if matches!(order, Order::Call(_)) && !may_call {
            Order::Suspend
        } else {
            order
        };
        if let Some(work) = polled {
            *self.work(work).order.lock().unwrap() = order;
        }

        let result = self.poll_really(at, with_a_new_waker);

        let mut log = std::mem::take(&mut *self.places.log.lock().unwrap());
        if starts {
            assert_eq!(log.remove(0), Logged::Started(id));
        }
        let Some(work) = polled else {
            assert_eq!(log, []);
            return self.polled_in_vain(at, was, room, result);
        };
        let in_closure = starts && order == Order::PanicInClosure;
        assert_eq!(
            log,
            if in_closure {
                vec![]
            } else {
                vec![Logged::Polled(work)]
            }
        );
        match order {
            Order::Suspend => {}
            Order::Yield => self.was_woken(work),
            Order::Reset => self.was_reset(place),
            Order::Call(_) => {
                let inner = self
                    .work(work)
                    .inner
                    .lock()
                    .unwrap()
                    .take()
                    .expect("the work made a call");
                if is_current {
                    assert!(
                        matches!(inner, Poll::Ready(Err(cancelled)) if cancelled.is_reentrant())
                    );
                } else {
                    assert_eq!(inner, Poll::Ready(Ok(INNER + work)));
                    if let Some(room) = newest {
                        self.end_flight(room, Some(INNER + work));
                    }
                }
            }
            Order::Finish | Order::Panic | Order::PanicInClosure => {
                let call = self.calls.swap_remove(at);
                let value = result.ok();
                assert_eq!(
                    value,
                    (order == Order::Finish).then_some(Poll::Ready(Ok(work)))
                );
                if is_current {
                    self.end_flight(room, value.map(|_| work));
                }
                return self.is_gone(call);
            }
        }
        assert_eq!(result.unwrap(), Poll::Pending);
    }

    /// Polls the real call, and checks that a replaced waker is dropped.
    fn poll_really(
        &mut self,
        at: usize,
        with_a_new_waker: bool,
    ) -> std::thread::Result<Poll<Result>> {
        let call = &mut self.calls[at];
        call.woken = false;
        let old = with_a_new_waker.then(|| Arc::downgrade(&std::mem::take(&mut call.waker)));
        call.waker.0.store(0, Relaxed);
        let waker = Waker::from(call.waker.clone());
        let result = catch_unwind(AssertUnwindSafe(|| {
            call.call.as_mut().poll(&mut Context::from_waker(&waker))
        }));
        assert!(
            old.is_none_or(|old| old.strong_count() == 0) || result.is_err(),
            "the old waker still exists"
        );
        result
    }

    /// Compares the result of a poll that had no work to poll.
    fn polled_in_vain(
        &mut self,
        at: usize,
        was: Is,
        room: usize,
        result: std::thread::Result<Poll<Result>>,
    ) {
        let result = result.unwrap();
        let call = &mut self.calls[at];
        let expected = match was {
            Is::Served(value) => Some(Ok(value)),
            Is::Cancelled => Some(Err("the lock was reset while the call waited")),
            // Its work panicked in another caller.
            Is::Waiting if self.rooms[room].flight == Flight::None => {
                self.may_wake = MayWake::One;
                Some(Err(
                    "the future that the call had brought panicked in another caller",
                ))
            }
            Is::Fresh | Is::Waiting => {
                call.is = Is::Waiting;
                None
            }
            Is::Loose { .. } => None,
            Is::Leading => unreachable!("a leader polls its work"),
        };
        let Some(expected) = expected else {
            return assert_eq!(result, Poll::Pending);
        };
        match (result, expected) {
            (Poll::Ready(Ok(value)), Ok(expected)) => assert_eq!(value, expected),
            (Poll::Ready(Err(cancelled)), Err(expected)) => assert_eq!(
                (cancelled.to_string().as_str(), cancelled.is_reentrant()),
                (expected, false)
            ),
            (result, _) => panic!("a call in the state {was:?} got {result:?}"),
        }
        let call = self.calls.swap_remove(at);
        self.is_gone(call);
    }

    /// Checks what must hold after each operation.
    fn check(&mut self) {
        let mut woken_to_wait = 0;
        for call in &mut self.calls {
            let woken = call.waker.0.swap(0, Relaxed);
            assert!(
                woken == 0 || !matches!(call.is, Is::Fresh | Is::Leading),
                "{:?} was woken",
                call.is
            );
            woken_to_wait += if call.is == Is::Waiting { woken } else { 0 };
            call.woken |= woken > 0;
            let must_be_polled = matches!(
                call.is,
                Is::Served(_) | Is::Cancelled | Is::Loose { woken: true, .. }
            );
            assert!(call.woken || !must_be_polled, "{:?} was not woken", call.is);
        }
        let may_wake = std::mem::replace(&mut self.may_wake, MayWake::Nobody);
        assert!(
            woken_to_wait <= usize::from(may_wake == MayWake::One) || may_wake == MayWake::All,
            "{woken_to_wait} woken, but {may_wake:?} may be"
        );
        for room in self.current.into_iter().flatten() {
            let flight = self.rooms[room].flight;
            let mut waiting = self.waiting(room).peekable();
            match flight {
                // The call that is chosen to lead may be polled late, but it was woken.
                Flight::None => assert!(
                    waiting.peek().is_none() || waiting.any(|call| call.woken),
                    "all calls wait, and none was woken"
                ),
                // Any of them may be the only call that is polled from now on.
                Flight::Shared { woken: true, .. } => assert!(
                    waiting.all(|call| call.woken),
                    "a waiting call was not woken with the future"
                ),
                Flight::Shared { .. } | Flight::Once(_) => {}
            }
        }
        self.check_what_exists();
    }

    /// Checks what the lock and the map report, and which closures and futures they hold.
    fn check_what_exists(&mut self) {
        let flight = self.rooms[0].flight;
        let drives = usize::from(matches!(
            flight,
            Flight::Shared {
                driver: Some(_),
                ..
            }
        ));
        let waiters = self.waiting(0).count() - drives;
        assert_eq!(
            (self.places.lock.is_running(), self.places.lock.waiters()),
            (flight != Flight::None, waiters)
        );
        assert_eq!(
            self.places.map.len(),
            self.current[1..].iter().flatten().count(),
            "keys in use"
        );
        let flights: Vec<_> = self
            .current
            .iter()
            .flatten()
            .map(|&room| self.rooms[room].flight)
            .collect();
        let flies = |id: usize| {
            flights
                .iter()
                .any(|flight| matches!(*flight, Flight::Shared { work, .. } if work == id))
        };
        let is_held = |id: usize| {
            let by = |call: &Call<'_>| match call.is {
                Is::Loose { work, .. } if work == id => true,
                Is::Leading => call.id == id,
                _ => call.id == id && call.can_lead,
            };
            self.calls.iter().any(by)
        };
        for work in &self.works {
            assert_eq!(
                work.alive.load(Relaxed),
                is_held(work.id) || flies(work.id),
                "whether the work {} exists",
                work.id
            );
        }
        self.works.retain(|work| work.alive.load(Relaxed));
    }
}

impl MayWake {
    fn max_of(self, other: Self) -> Self {
        if self < other { other } else { self }
    }
}

/// Carries out the chosen operations and compares each with the model. At the end, all woken calls
/// are polled until they end. Returns the number of operations.
pub(crate) fn run(choices: &mut impl Choices) -> usize {
    let places = Arc::new(Places::default());
    let mut model = Model::new(&places);
    let mut operations = 0;
    while let (Some(operation), Some(index), Some(detail)) = (
        choices.choose(100),
        choices.choose(CALLS),
        choices.choose(16),
    ) {
        let at = index % model.calls.len().max(1);
        let kind = if detail % 2 == 0 {
            Kind::Once
        } else {
            Kind::Shared
        };
        let (place, new_waker) = ([0, 0, 0, 1, 1, 2, 3, 0][detail / 2], detail / 2 == 0);
        match operation {
            0..25 if model.calls.len() < CALLS => model.make(kind, place),
            94..96 => {
                places.reset(place);
                model.was_reset(place);
            }
            96 => {
                places.map.reset_all();
                (1..PLACES).for_each(|place| model.was_reset(place));
            }
            97.. => model.wake_one(index),
            _ if model.calls.is_empty() => model.make(kind, place),
            0..50 => model.poll(at, Order::Suspend, new_waker),
            50..54 => model.poll(at, Order::Yield, new_waker),
            54..62 => model.poll(at, Order::Finish, new_waker),
            62..65 => model.poll(at, Order::Panic, new_waker),
            65..67 => model.poll(at, Order::PanicInClosure, new_waker),
            67..69 => model.poll(at, Order::Reset, new_waker),
            69..72 => model.poll(at, Order::Call(kind), new_waker),
            72..80 => model.wake_one(index),
            _ => model.drop_call(at),
        }
        model.check();
        operations += 1;
    }
    finish(&mut model);
    operations
}

/// Polls the woken calls and wakes the works until all calls have ended.
fn finish(model: &mut Model<'_>) {
    loop {
        let next = |model: &Model<'_>| {
            model
                .calls
                .iter()
                .position(|call| call.woken || matches!(call.is, Is::Fresh | Is::Leading))
        };
        while let Some(at) = next(model) {
            model.poll(at, Order::Finish, false);
            model.check();
        }
        if model.calls.is_empty() {
            break;
        }
        let works: Vec<_> = model.works.iter().map(|work| work.id).collect();
        works.into_iter().for_each(|id| model.wake(id));
        model.check();
        assert!(next(model).is_some(), "a call waits for ever");
    }
    assert!(
        model.works.is_empty() && model.places.map.is_empty() && !model.places.lock.is_running()
    );
}
