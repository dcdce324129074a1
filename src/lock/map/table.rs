//! [`Table`]: the hash table of a shard.
//!
//! The caller computes the hash of a key once, and passes the hash to every operation.

use core::borrow::Borrow;
use core::hash::{BuildHasherDefault, Hasher};
use core::mem;
use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::vec::Vec;

/// A hasher for keys that are hashes already: it returns them unchanged.
#[derive(Default)]
struct AsIs(u64);

impl Hasher for AsIs {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, _bytes: &[u8]) {
        unreachable!("only hashes are hashed")
    }

    fn write_u64(&mut self, hash: u64) {
        self.0 = hash;
    }
}

/// A table does not shrink below this capacity.
const ROOM: usize = 28;

/// The entries whose keys have the same hash. There is almost always only the first.
struct Same<K, V> {
    first: (K, V),
    others: Vec<(K, V)>,
}

/// A map from keys to values.
pub(super) struct Table<K, V> {
    entries: HashMap<u64, Same<K, V>, BuildHasherDefault<AsIs>>,
    len: usize,
}

impl<K: Eq, V> Table<K, V> {
    pub(super) fn get<Q: Eq + ?Sized>(&self, hash: u64, key: &Q) -> Option<&V>
    where
        K: Borrow<Q>,
    {
        let same = self.entries.get(&hash)?;
        if same.first.0.borrow() == key {
            return Some(&same.first.1);
        }
        same.others
            .iter()
            .find(|(known, _)| known.borrow() == key)
            .map(|(_, value)| value)
    }

    /// Adds an entry. The table must not have an entry with this key.
    pub(super) fn insert(&mut self, hash: u64, key: K, value: V) {
        self.len += 1;
        match self.entries.entry(hash) {
            Entry::Vacant(place) => {
                place.insert(Same {
                    first: (key, value),
                    others: Vec::new(),
                });
            }
            Entry::Occupied(place) => place.into_mut().others.push((key, value)),
        }
    }

    /// Removes the entry with this hash for which `is_it` returns `true`.
    pub(super) fn remove_if(
        &mut self,
        hash: u64,
        is_it: impl Fn(&K, &V) -> bool,
    ) -> Option<(K, V)> {
        let Entry::Occupied(mut place) = self.entries.entry(hash) else {
            return None;
        };
        let same = place.get_mut();
        let removed = if is_it(&same.first.0, &same.first.1) {
            match same.others.pop() {
                Some(other) => mem::replace(&mut same.first, other),
                None => place.remove().first,
            }
        } else {
            let at = same
                .others
                .iter()
                .position(|(key, value)| is_it(key, value))?;
            same.others.swap_remove(at)
        };
        self.len -= 1;
        // Shrinking moves the entries that are left. It happens only after many more entries have
        // been removed, so its cost per removed entry is constant.
        if self.entries.capacity() > ROOM && self.entries.len() < self.entries.capacity() / 8 {
            self.entries.shrink_to(2 * self.entries.len());
        }
        Some(removed)
    }

    pub(super) fn take_all(&mut self) -> Vec<(K, V)> {
        self.len = 0;
        mem::take(&mut self.entries)
            .into_values()
            .flat_map(|same| core::iter::once(same.first).chain(same.others))
            .collect()
    }
}

impl<K, V> Table<K, V> {
    pub(super) fn new() -> Self {
        Self {
            entries: HashMap::default(),
            len: 0,
        }
    }

    pub(super) fn len(&self) -> usize {
        self.len
    }
}

#[cfg(all(test, not(smartasync_model)))]
mod tests {
    use super::*;

    #[test]
    fn keys_with_the_same_hash_are_kept_apart() {
        let mut table = Table::new();
        for key in ["one", "two", "three"] {
            table.insert(7, key, key.len());
        }
        assert_eq!(table.len(), 3);
        assert_eq!(table.get(7, "three"), Some(&5));
        assert_eq!(table.get(7, "four"), None);
        assert_eq!(table.remove_if(7, |key, _| *key == "two"), Some(("two", 3)));
        assert_eq!(table.remove_if(7, |key, _| *key == "one"), Some(("one", 3)));
        assert_eq!(table.remove_if(7, |key, _| *key == "one"), None);
        assert_eq!((table.get(7, "three"), table.len()), (Some(&5), 1));
        assert_eq!(
            table.remove_if(7, |_, &length| length == 5),
            Some(("three", 5))
        );
        assert_eq!((table.get(7, "three"), table.len()), (None, 0));
    }
}
