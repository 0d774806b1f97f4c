//! What compilers write in order, and others may not.

/// Sorts by a key, those that share one left as they are. Looking costs less than sorting what is sorted.
pub(crate) fn put<T, K: Ord>(things: &mut [T], key: impl Fn(&T) -> K) {
    if !things.is_sorted_by_key(&key) {
        things.sort_by_key(key);
    }
}
