//! A sync function cannot take `&mut`.

use smartasync::smart_fn;

smart_fn!(
    fn push(n: u32, list: &mut Vec<u32>) {
        list.push(n);
    }
);

fn main() {}
