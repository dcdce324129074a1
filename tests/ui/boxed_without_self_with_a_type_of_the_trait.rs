//! Without `self`, a boxed call may outlive a type of the trait that it takes by value.

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
