//! The pattern of an argument may have at most six tokens.

use smartasync::smart_fn;

mod geometry {
    pub mod plane {
        pub struct Point(pub u32, pub u32);
    }
}

smart_fn!(
    fn sum(self::geometry::plane::Point(x, y): geometry::plane::Point) -> u32 {
        x + y
    }
);

fn main() {}
