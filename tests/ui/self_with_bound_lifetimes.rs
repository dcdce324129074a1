//! The lifetimes of a sync method with `&self` cannot bound each other.

use smartasync::smart_fn;

#[derive(Clone)]
struct Text(String);

impl Text {
    smart_fn!(
        fn both<'a, 'b: 'a>(&'a self, other: &'b str) -> usize {
            self.0.len() + other.len()
        }
    );
}

fn main() {}
