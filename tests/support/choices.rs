//! Where random operations come from.

/// A source of choices, which may be limited.
pub(crate) trait Choices {
    /// Gives a number below `bound`, or `None` if no choice is left.
    fn choose(&mut self, bound: usize) -> Option<usize>;
}

/// A source that makes one choice from each byte.
pub(crate) struct Bytes<'d>(pub(crate) &'d [u8]);

impl Choices for Bytes<'_> {
    fn choose(&mut self, bound: usize) -> Option<usize> {
        let (&first, rest) = self.0.split_first()?;
        self.0 = rest;
        Some(usize::from(first) % bound)
    }
}
