//! A case: one contender at one piece of work. The same table of cases serves the clock, callgrind and the counting allocator.

/// Runs the work `n` times.
pub type Run = fn(u64);

/// One contender at one piece of work.
#[derive(Clone, Copy)]
pub struct Case {
    /// What is measured, the same for all contenders.
    pub work: &'static str,
    /// Who does it.
    pub who: &'static str,
    pub run: Run,
}

/// The contender that this is all about.
pub const OURS: &str = "smartasync";

/// What could not be beaten: the bare work without any executor, pool or lock, or with the least that does it.
pub const LIMIT: &str = "limit";
