//! Without `self`, a type of the trait, taken by value, may not outlive the boxed call.

use smartasync::smart_fn;

trait Put<T> {
    smart_fn!(
        #[boxed]
        async fn put(item: T) -> usize {
            drop(item);
            1
        }
    );
}

fn main() {}
