//! A macro cannot see a reference inside another macro's `$t:ty`.

use smartasync::smart_fn;

macro_rules! length {
    ($name:ident, $t:ty) => {
        smart_fn!(
            fn $name(text: $t) -> usize {
                text.len()
            }
        );
    };
}

length!(length, &str);

fn main() {}
