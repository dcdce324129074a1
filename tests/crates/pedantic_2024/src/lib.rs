//! Smart functions of every kind in edition 2024, in a module where no name means what it usually
//! does.
#![deny(
    warnings,
    missing_docs,
    clippy::pedantic,
    clippy::nursery,
    unused_qualifications,
    unreachable_pub,
    let_underscore_drop,
    rust_2024_compatibility
)]
#![forbid(unsafe_code)]

pub mod everyday;
pub mod shadowed;

#[cfg(test)]
mod tests {
    use crate::shadowed::{
        BlockingNamed, Measure, Named, Page, boxed, count, divide, first_line, halved,
        halved_blocking, shown, sum_of, unit, wrapping,
    };
    use crate::shadowed::{BlockingNamed, Named, halved, halved_blocking};

    #[test]
    fn smart_functions_work_among_shadowed_names() {
        assert_eq!(
            (count("abc").wait(), renamed::block_on(count("abc"))),
            (3, 3)
        );
        assert_eq!(
            (divide(6, 3).wait(), renamed::block_on(divide(6, 3))),
            (Ok(2), Ok(2))
        );
        assert_eq!(
            (divide(6, 0).wait(), renamed::block_on(divide(6, 0))),
            (Err(6), Err(6))
        );
        assert_eq!(
            (
                sum_of([1, 2, 3]).wait(),
                renamed::block_on(sum_of([1, 2, 3]))
            ),
            (6, 6)
        );
        assert_eq!(
            (
                first_line("a\nb").wait(),
                renamed::block_on(first_line("a\nb"))
            ),
            (Some("a".to_owned()), Some("a".to_owned()))
        );
        assert_eq!(
            (shown(&7).wait(), renamed::block_on(shown(&7))),
            ("7".to_owned(), "7".to_owned())
        );
        assert_eq!((wrapping(1).wait(), renamed::block_on(wrapping(1))), (2, 2));
        assert_eq!((boxed("ab").wait(), renamed::block_on(boxed("ab"))), (2, 2));
        unit().wait();
        assert_eq!((halved_blocking(4), renamed::block_on(halved(4))), (2, 2));
        assert_eq!(BlockingNamed::length(&Page::new("page")), 4);
        assert_eq!(renamed::block_on(Named::length(&Page::new("page"))), 4);
        let page = Page::new("page");
        assert_eq!(
            (
                page.size("ab").wait(),
                renamed::block_on(page.size("ab")),
                page.size_blocking("ab")
            ),
            (6, 6, 6)
        );
        assert_eq!(
            (page.both("ab").wait(), renamed::block_on(page.both("ab"))),
            (7, 7)
        );
        assert_eq!(
            (page.measure().wait(), renamed::block_on(page.measure())),
            (4, 4)
        );
    }
}
