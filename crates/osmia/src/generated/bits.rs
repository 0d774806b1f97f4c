//! Bitfields: numbers of any count of bits at any place in bytes.
//!
//! Bits are counted as C compilers and BTF do: from the lowest one of the first byte on
//! little-endian machines, from the highest one on big-endian machines.

/// Reads `width` (at most 128) bits from the bit `at` on; bits outside of `bytes` are 0.
#[inline]
pub fn get(bytes: &[u8], at: usize, width: usize) -> u128 {
    let bit = |i| u128::from(bytes.get((at + i) / 8).is_some_and(|byte| byte & mask(at + i) != 0));
    (0..width.min(128)).fold(0, |value, i| value | bit(i) << weight(i, width))
}

/// Reads a signed number of `width` (at most 128) bits from the bit `at` on.
#[inline]
pub fn get_signed(bytes: &[u8], at: usize, width: usize) -> i128 {
    let unused = 128_u32.saturating_sub(width as u32);
    let up = get(bytes, at, width).checked_shl(unused).unwrap_or(0);
    (up as i128).checked_shr(unused).unwrap_or(0)
}

/// Writes the lower `width` (at most 128) bits of `value` from the bit `at` on.
#[inline]
pub fn set(bytes: &mut [u8], at: usize, width: usize, value: u128) {
    for i in 0..width.min(128) {
        let Some(byte) = bytes.get_mut((at + i) / 8) else { return };
        if value >> weight(i, width) & 1 == 0 {
            *byte &= !mask(at + i);
        } else {
            *byte |= mask(at + i);
        }
    }
}

/// The bit of its byte that a bit of memory is.
const fn mask(at: usize) -> u8 {
    if cfg!(target_endian = "little") { 1 << (at % 8) } else { 0x80 >> (at % 8) }
}

/// The power of two that the `i`th bit in memory of a number stands for.
const fn weight(i: usize, width: usize) -> usize {
    if cfg!(target_endian = "little") { i } else { width - 1 - i }
}

#[cfg(all(test, target_endian = "little"))]
mod tests {
    use super::{get, get_signed, set};

    #[test]
    fn reads_what_was_written_and_leaves_the_rest() {
        for width in [1, 3, 7, 8, 9, 31, 64, 65, 128] {
            for at in 0..17 {
                for value in [0, 1, u128::MAX, 0x5555_5555_5555_5555_5555, 0xdead_beef] {
                    let mut bytes = [0xa5; 20];
                    set(&mut bytes, at, width, value);
                    let kept = if width == 128 { value } else { value & ((1 << width) - 1) };
                    assert_eq!(get(&bytes, at, width), kept, "{width} bits at {at}");
                    set(&mut bytes, at, width, get(&[0xa5; 20], at, width));
                    assert_eq!(bytes, [0xa5; 20], "{width} bits at {at}");
                }
            }
        }
    }

    #[test]
    fn signs_are_extended() {
        let mut bytes = [0; 4];
        set(&mut bytes, 5, 3, 0b111);
        assert_eq!(get_signed(&bytes, 5, 3), -1);
        assert_eq!(get_signed(&bytes, 5, 4), 7);
        assert_eq!(get_signed(&bytes, 0, 0), 0);
        assert_eq!(get_signed(&[0xff; 16], 0, 128), -1);
    }

    #[test]
    fn bits_outside_are_zero_and_stay() {
        let mut bytes = [0xff; 2];
        assert_eq!(get(&bytes, 12, 8), 0xf);
        set(&mut bytes, 100, 8, 0);
        assert_eq!(bytes, [0xff; 2]);
    }
}
