//! A map that drops a value when nobody outside the map holds it any more.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Arc, Weak};

pub(crate) struct WeakMap<K, V> {
    entries: HashMap<K, Weak<V>>,
    /// The length at which entries without a value are removed. It doubles, so that adding stays
    /// cheap however many values there are.
    remove_at: usize,
}

impl<K, V> Default for WeakMap<K, V> {
    fn default() -> Self {
        Self {
            entries: HashMap::new(),
            remove_at: 0,
        }
    }
}

impl<K: Clone + Eq + Hash, V: Default> WeakMap<K, V> {
    /// The value of a key, which is made if nobody holds one.
    pub(crate) fn get_or_default(&mut self, key: &K) -> Arc<V> {
        if let Some(value) = self.entries.get(key).and_then(Weak::upgrade) {
            return value;
        }
        if self.entries.len() >= self.remove_at {
            self.entries.retain(|_, value| value.strong_count() > 0);
            self.remove_at = 2 * self.entries.len() + 16;
        }
        let value = Arc::default();
        self.entries.insert(key.clone(), Arc::downgrade(&value));
        value
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn held_values_are_shared_and_others_are_removed() {
        let mut map = WeakMap::<u32, ()>::default();
        let held: Vec<_> = (0..100).map(|key| map.get_or_default(&key)).collect();
        for key in 100..10_000 {
            drop(map.get_or_default(&key));
            assert!(map.entries.len() <= 2 * (held.len() + 1) + 16);
        }
        for (key, value) in (0..).zip(&held) {
            assert!(Arc::ptr_eq(value, &map.get_or_default(&key)));
        }
    }
}
