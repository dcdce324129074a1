//! Where random operations come from.

/// This makes choices, as long as there are any left.
pub(crate) trait Choices {
    /// Gives a number below `bound`, or `None` when there are no more.
    fn choose(&mut self, bound: usize) -> Option<usize>;
}

/// One choice a byte.
pub(crate) struct Bytes<'d>(pub(crate) &'d [u8]);

impl Choices for Bytes<'_> {
    fn choose(&mut self, bound: usize) -> Option<usize> {
        let (&first, rest) = self.0.split_first()?;
        self.0 = rest;
        Some(usize::from(first) % bound)
    }
}
