//! A wrapped function has to take the arguments of the signature.

use smartasync::smart_fn;

fn two(text: String) -> usize {
    text.len()
}

smart_fn!(
    #[wraps(two)]
    fn one(n: u32) -> usize;
);

fn main() {}
