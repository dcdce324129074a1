//! Whether a type is `Send`, as a value.

/// This finds whether a value is `Send`: the inherent method hides the trait's where its bound is
/// met.
pub(crate) struct IsSend<'a, T>(pub(crate) &'a T);

/// This trait has the answer for all types whose inherent method does not apply.
pub(crate) trait NotSend {
    /// Says that the value is not `Send`.
    fn is_send(&self) -> bool {
        false
    }
}

impl<T> NotSend for IsSend<'_, T> {}

impl<T: Send> IsSend<'_, T> {
    /// Says that the value is `Send`.
    pub(crate) fn is_send(&self) -> bool {
        true
    }
}
