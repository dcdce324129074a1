//! Traits with smart functions, static and dynamic.

use smartasync::smart_fn;
use std::collections::BTreeMap;

/// A store of numbers.
pub trait Store {
    /// What can go wrong.
    type Error;

    smart_fn!(
        /// Declared only.
        #[send]
        async fn load(&self, key: &str) -> Result<u32, Self::Error>;

        /// With a body of its own.
        async fn keys(&self) -> usize {
            0
        }

        /// Sync.
        fn describe(&self, prefix: &str) -> String;
    );
}

/// A store that may be dynamic.
pub trait Named {
    smart_fn!(
        /// A result that borrows.
        #[boxed]
        #[blocking(name_blocking)]
        async fn name(&self) -> &str;

        /// A result that borrows from one of two.
        #[boxed]
        async fn joined<'n>(&'n self, other: &str) -> (&'n str, usize);
    );
}

/// A store in memory.
#[derive(Clone, Debug, Default)]
pub struct Memory(pub BTreeMap<String, u32>);

impl Store for Memory {
    type Error = String;

    smart_fn!(
        #[send]
        async fn load(&self, key: &str) -> Result<u32, String> {
            self.0.get(key).copied().ok_or_else(|| key.to_owned())
        }

        fn describe(&self, prefix: &str) -> String {
            format!("{prefix}{}", self.0.len())
        }
    );
}

impl Named for Memory {
    smart_fn!(
        #[boxed]
        #[blocking(name_blocking)]
        async fn name(&self) -> &str {
            self.0.keys().next().map_or("", String::as_str)
        }

        #[boxed]
        async fn joined<'n>(&'n self, other: &str) -> (&'n str, usize) {
            (self.name().await, other.len())
        }
    );
}
