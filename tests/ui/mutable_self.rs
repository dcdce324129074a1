//! A sync method cannot take `&mut self`.

use smartasync::smart_fn;

struct List(Vec<u32>);

impl List {
    smart_fn!(
        fn push(&mut self, n: u32) {
            self.0.push(n);
        }
    );
}

fn main() {}
