//! Unions: some bytes, and the types that they may be read as.

use zerocopy::{FromBytes, Immutable, IntoBytes};

/// Reads a union as one of its members.
#[inline]
pub fn get<U: IntoBytes + Immutable, T: FromBytes>(union: &U) -> T {
    const { assert!(size_of::<T>() <= size_of::<U>()) }
    // Fails only if the member is larger than the union, which does not compile.
    T::read_from_prefix(union.as_bytes()).map_or_else(|_| T::new_zeroed(), |(member, _)| member)
}

/// Writes one of a union's members, and leaves the bytes behind it.
#[inline]
pub fn set<U: FromBytes + IntoBytes, T: IntoBytes + Immutable>(union: &mut U, member: &T) {
    const { assert!(size_of::<T>() <= size_of::<U>()) }
    // Fails only if the member is larger than the union, which does not compile.
    let _ = member.write_to_prefix(union.as_mut_bytes());
}

#[cfg(test)]
mod tests {
    use super::{get, set};

    #[test]
    fn members_share_their_first_bytes() {
        let mut union = 0x1111_1111_1111_1111_u64;
        set(&mut union, &[1_u8, 2]);
        assert_eq!(get::<_, [u8; 3]>(&union), [1, 2, 0x11]);
        assert_eq!(get::<_, u64>(&union), union);
    }
}
