//! Arrays without a length at the end of structs.

use zerocopy::{FromBytes, Immutable, KnownLayout};

/// The struct at the start of `bytes`, and as many elements as there are whole ones from
/// the byte `at` on. `None` if the struct does not fit, or if one of both is not aligned.
#[inline]
pub fn split<S, T>(bytes: &[u8], at: usize) -> Option<(&S, &[T])>
where
    S: FromBytes + Immutable + KnownLayout,
    T: FromBytes + Immutable,
{
    let (head, _) = S::ref_from_prefix(bytes).ok()?;
    let tail = bytes.get(at..)?;
    let count = tail.len().checked_div(size_of::<T>())?;
    let elements = <[T]>::ref_from_bytes(tail.get(..count * size_of::<T>())?).ok()?;
    Some((head, elements))
}

#[cfg(test)]
mod tests {
    use super::split;

    #[test]
    fn elements_may_begin_before_the_struct_ends() {
        let words = [1_u64, u64::from_ne_bytes([2, 0, 0, 0, 3, 0, 4, 0]), 5];
        let bytes = zerocopy::IntoBytes::as_bytes(&words);
        let (head, tail) = split::<[u64; 2], u16>(&bytes[..19], 12).unwrap();
        assert_eq!(head[0], 1);
        let tail: Vec<_> = tail.iter().map(|element| element.to_ne_bytes()).collect();
        assert_eq!(tail, [[3, 0], [4, 0], [5_u16.to_ne_bytes()[0], 5_u16.to_ne_bytes()[1]]]);
        assert!(split::<[u64; 2], u16>(&bytes[..8], 12).is_none());
        assert!(split::<[u64; 2], u16>(&bytes[8..], 1).is_none());
    }
}
