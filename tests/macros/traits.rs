//! `smart_fn!`: methods of traits, with and without default bodies, their implementations, `dyn`
//! traits, and generic code.

use crate::support::both::assert_both;
use smartasync::{block_on, smart_await, smart_fn};
use std::sync::Arc;

/// A trait with every kind of method, with and without a default body.
trait Store {
    const NAME: &'static str = "store";
    type Key: Clone + Send + 'static;

    smart_fn!(
        async fn get(&self, key: &str) -> usize;

        fn get_sync(&self, key: &str) -> usize;

        fn create() -> Self
        where
            Self: Sized;

        #[blocking(put_blocking)]
        async fn put(&mut self, key: &str) -> usize;

        async fn get_twice(&self, key: &str) -> usize {
            self.get(key).await + self.get(key).await
        }

        fn get_sync_twice(&self, key: &str) -> usize
        where
            Self: Clone + Send + 'static,
        {
            self.get_sync(key).wait() + self.get_sync(key).wait()
        }

        #[maybe_async]
        #[blocking(either_blocking)]
        async fn either(&self, key: &str) -> String {
            smart_await!(
                sync => format!("sync {key} {}", Self::NAME),
                async => async { format!("async {key} {}", Self::NAME) },
            )
        }

        fn key(&self, key: Self::Key) -> Self::Key
        where
            Self: Clone + Send + 'static,
        {
            key
        }

        async fn consume(self) -> usize
        where
            Self: Sized;
    );
}

#[derive(Clone)]
struct Lengths(usize);

impl Store for Lengths {
    type Key = String;

    smart_fn!(
        async fn get(&self, key: &str) -> usize {
            self.0 + key.len()
        }

        fn get_sync(&self, key: &str) -> usize {
            self.0 + key.len()
        }

        fn create() -> Self {
            Self(0)
        }

        async fn put(&mut self, key: &str) -> usize {
            self.0 += key.len();
            self.0
        }

        async fn consume(self) -> usize {
            self.0
        }
    );
}

#[derive(Clone)]
struct Generic<T>(T);

impl<T: Clone + Into<usize> + Send + 'static> Store for Generic<T> {
    type Key = T;

    smart_fn!(
        async fn get(&self, key: &str) -> usize {
            self.0.clone().into() + key.len()
        }

        fn get_sync(&self, key: &str) -> usize {
            self.0.clone().into() + key.len()
        }

        fn create() -> Self {
            unimplemented!("there is no default value")
        }

        #[maybe_async]
        async fn put(&mut self, key: &str) -> usize {
            smart_await!(self.get(key))
        }

        async fn get_twice(&self, _: &str) -> usize {
            2
        }

        async fn consume(self) -> usize {
            self.0.into()
        }
    );
}

#[test]
fn a_trait_declares_and_implements_smart_methods() {
    assert_both!(Lengths(1).get("ab"), 3);
    assert_both!(Lengths(1).get_sync("ab"), 3);
    assert_both!(Lengths(1).put("ab"), 3);
    assert_eq!(Lengths(1).put_blocking("ab"), 3);
    assert_both!(Lengths(1).get_twice("ab"), 6);
    assert_both!(Lengths(1).get_sync_twice("ab"), 6);
    assert_eq!(Lengths(1).either("key").wait(), "sync key store");
    assert_eq!(block_on(Lengths(1).either("key")), "async key store");
    assert_eq!(Lengths(1).either_blocking("key"), "sync key store");
    assert_both!(Lengths(1).key("key".into()), "key");
    assert_both!(Lengths(1).consume(), 1);
    assert_eq!(
        Lengths::create().wait().0 + block_on(Lengths::create()).0,
        0
    );
}

#[test]
fn a_trait_is_implemented_for_generic_types() {
    fn total<S: Store + Clone + Send + 'static>(mut store: S) -> usize {
        store.get("ab").wait()
            + block_on(store.get_sync("ab"))
            + store.put("ab").wait()
            + store.put_blocking("ab")
            + store.get_twice("ab").wait()
    }
    assert_eq!(total(Generic(1u8)), 3 + 3 + 3 + 3 + 2);
    assert_eq!(total(Lengths(1)), 3 + 3 + 3 + 5 + 14);
    assert_both!(Generic(1u16).key(2), 2);
    assert_both!(Generic(1u16).consume(), 1);
}

trait Shape: Sync {
    smart_fn!(
        #[boxed]
        async fn area(&self, unit: &str) -> String;

        #[boxed]
        fn corners(&self) -> usize;

        #[boxed]
        #[send]
        async fn name(&self) -> String {
            "a shape".to_owned()
        }

        #[boxed]
        #[blocking(scale_blocking)]
        async fn scale(&mut self, factor: u32) -> u32;
    );
}

#[derive(Clone)]
struct Square(u32);

impl Shape for Square {
    smart_fn!(
        #[boxed]
        async fn area(&self, unit: &str) -> String {
            format!("{} {unit}", self.0 * self.0)
        }

        #[boxed]
        fn corners(&self) -> usize {
            4
        }

        #[boxed]
        #[maybe_async]
        async fn scale(&mut self, factor: u32) -> u32 {
            self.0 *= factor;
            self.0
        }
    );
}

#[derive(Clone)]
struct Circle;

impl Shape for Circle {
    smart_fn!(
        #[boxed]
        async fn area(&self, unit: &str) -> String {
            format!("3 {unit}")
        }

        #[boxed]
        fn corners(&self) -> usize {
            0
        }

        #[boxed]
        #[send]
        async fn name(&self) -> String {
            "a circle".to_owned()
        }

        #[boxed]
        async fn scale(&mut self, factor: u32) -> u32 {
            factor
        }
    );
}

#[test]
fn boxed_methods_make_a_trait_dyn_compatible() {
    let mut shapes: Vec<Box<dyn Shape>> = vec![Box::new(Square(2)), Box::new(Circle)];
    let expected = [("4 m", 4, "a shape", 6), ("3 m", 0, "a circle", 3)];
    for (shape, (area, corners, name, scaled)) in shapes.iter_mut().zip(expected) {
        assert_both!(shape.area("m"), area);
        assert_both!(shape.corners(), corners);
        assert_both!(shape.name(), name);
        assert_eq!(shape.scale(3).wait(), scaled);
        assert_eq!(shape.scale_blocking(1), if scaled == 3 { 1 } else { 6 });
        assert_eq!(block_on(shape.scale(1)), if scaled == 3 { 1 } else { 6 });
    }
}

trait Job: Sync {
    smart_fn!(
        #[send]
        async fn run(&self, n: u32) -> u32;

        #[send]
        async fn run_twice(&self, n: u32) -> u32 {
            self.run(n).await + self.run(n).await
        }
    );
}

impl Job for Lengths {
    smart_fn!(
        #[send]
        async fn run(&self, n: u32) -> u32 {
            futures_lite::future::yield_now().await;
            n + 1
        }
    );
}

#[test]
fn generic_code_spawns_the_calls_of_send_methods() {
    fn spawn<J: Job + Send + 'static>(job: J, on: &smol::Executor<'static>) -> smol::Task<u32> {
        let job = Arc::new(job);
        on.spawn(async move { job.run(1).await + job.run_twice(1).await })
    }
    let executor = smol::Executor::new();
    let task = spawn(Lengths(0), &executor);
    assert_eq!(block_on(executor.run(task)), 6);
}
