//! A check at run time that a type is `Send`.

/// Finds out whether a value is `Send`. If it is, the inherent method hides the method of the
/// trait.
pub(crate) struct IsSend<'a, T>(pub(crate) &'a T);

/// The answer for types that are not `Send`.
pub(crate) trait NotSend {
    /// Returns false.
    fn is_send(&self) -> bool {
        false
    }
}

impl<T> NotSend for IsSend<'_, T> {}

impl<T: Send> IsSend<'_, T> {
    /// Returns true.
    pub(crate) fn is_send(&self) -> bool {
        true
    }
}
