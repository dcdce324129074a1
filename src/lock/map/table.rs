//! [`Table`]: the hash table of a shard.
//!
//! The caller computes the hash of a key once, and passes the hash to every operation.

use core::borrow::Borrow;
use core::hash::{BuildHasherDefault, Hasher};
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

/// A map from keys to values.
pub(super) struct Table<K, V> {
    entries: HashMap<u64, (K, V), BuildHasherDefault<AsIs>>,
    /// The entries whose hash another key has in `entries`. There is almost never such an entry.
    others: Vec<(u64, (K, V))>,
}

impl<K: Eq, V> Table<K, V> {
    pub(super) fn get<Q: Eq + ?Sized>(&self, hash: u64, key: &Q) -> Option<&V>
    where
        K: Borrow<Q>,
    {
        let others = self.others.iter().filter(|other| other.0 == hash);
        self.entries
            .get(&hash)
            .into_iter()
            .chain(others.map(|other| &other.1))
            .find_map(|(known, value)| (known.borrow() == key).then_some(value))
    }

    /// Adds an entry. The table must not have an entry with this key.
    pub(super) fn insert(&mut self, hash: u64, key: K, value: V) {
        match self.entries.entry(hash) {
            Entry::Vacant(place) => {
                place.insert((key, value));
            }
            Entry::Occupied(_) => self.others.push((hash, (key, value))),
        }
    }

    /// Removes the entry with this hash for which `is_it` returns `true`.
    pub(super) fn remove_if(
        &mut self,
        hash: u64,
        is_it: impl Fn(&K, &V) -> bool,
    ) -> Option<(K, V)> {
        let is_it = |entry: &(K, V)| is_it(&entry.0, &entry.1);
        match self.entries.entry(hash) {
            Entry::Occupied(place) if is_it(place.get()) => {
                let removed = place.remove();
                // Shrinking moves the entries that are left. It happens only after many more entries
                // have been removed, so its cost per removed entry is constant.
                let capacity = self.entries.capacity();
                if capacity > ROOM && self.entries.len() < capacity / 8 {
                    self.entries.shrink_to(2 * self.entries.len());
                }
                Some(removed)
            }
            _ => {
                let is_it = |other: &(u64, _)| other.0 == hash && is_it(&other.1);
                let at = self.others.iter().position(is_it)?;
                Some(self.others.swap_remove(at).1)
            }
        }
    }
}

impl<K, V> Table<K, V> {
    pub(super) fn new() -> Self {
        Self {
            entries: HashMap::default(),
            others: Vec::new(),
        }
    }

    pub(super) fn len(&self) -> usize {
        self.entries.len() + self.others.len()
    }

    pub(super) fn into_entries(self) -> impl Iterator<Item = (K, V)> {
        let others = self.others.into_iter().map(|other| other.1);
        self.entries.into_values().chain(others)
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
