//! Numbers of any width at any bit.

use crate::endian::Endian;

/// Reads `width` bits (at most 128) from bit `start` on. Little-endian machines count bits
/// from the lowest of a byte, big-endian ones from the highest.
pub(super) fn read(bytes: &[u8], endian: Endian, start: u64, width: u32) -> Option<u128> {
    let width = width.min(128);
    let mut value: u128 = 0;
    for piece in Pieces::new(start, width) {
        let byte = u128::from(*bytes.get(piece.byte)?);
        let bits = byte >> piece.shift(endian) & piece.mask();
        value |= bits << piece.place(endian, width);
    }
    Some(value)
}

/// Writes the lower `width` bits (at most 128) of a number from bit `start` on.
pub(super) fn write(
    bytes: &mut [u8],
    endian: Endian,
    start: u64,
    width: u32,
    value: u128,
) -> Option<()> {
    let width = width.min(128);
    for piece in Pieces::new(start, width) {
        let byte = bytes.get_mut(piece.byte)?;
        let bits = value >> piece.place(endian, width) & piece.mask();
        let shift = piece.shift(endian);
        *byte = *byte & !((piece.mask() << shift) as u8) | (bits << shift) as u8;
    }
    Some(())
}

/// The number's highest bit spread over all those above it.
pub(super) fn sign_extend(value: u128, width: u32) -> i128 {
    let spare = 128 - width.clamp(1, 128);
    (value << spare) as i128 >> spare
}

/// The bytes that a run of bits lies in.
struct Pieces {
    at: u64,
    done: u32,
    width: u32,
}

/// The bits of a run that lie in one byte.
struct Piece {
    byte: usize,
    /// The first bit in the byte, counted as the machine counts.
    first: u32,
    len: u32,
    /// How many bits of the run came before.
    done: u32,
}

impl Pieces {
    fn new(start: u64, width: u32) -> Self {
        Self { at: start, done: 0, width }
    }
}

impl Iterator for Pieces {
    type Item = Piece;

    fn next(&mut self) -> Option<Piece> {
        let left = self.width.checked_sub(self.done).filter(|&left| left > 0)?;
        let first = (self.at % 8) as u32;
        let len = (8 - first).min(left);
        let piece = Piece { byte: (self.at / 8) as usize, first, len, done: self.done };
        self.at += u64::from(len);
        self.done += len;
        Some(piece)
    }
}

impl Piece {
    fn mask(&self) -> u128 {
        (1 << self.len) - 1
    }

    /// How far the bits are from the byte's lowest.
    fn shift(&self, endian: Endian) -> u32 {
        match endian {
            Endian::Little => self.first,
            Endian::Big => 8 - self.first - self.len,
        }
    }

    /// How far they are from the number's lowest.
    fn place(&self, endian: Endian, width: u32) -> u32 {
        match endian {
            Endian::Little => self.done,
            Endian::Big => width - self.done - self.len,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{read, sign_extend, write};
    use crate::endian::Endian::{Big, Little};

    #[test]
    fn whole_numbers() {
        let bytes = [1, 2, 3, 4, 5];
        assert_eq!(read(&bytes, Little, 0, 32), Some(0x0403_0201));
        assert_eq!(read(&bytes, Big, 0, 32), Some(0x0102_0304));
        assert_eq!(read(&bytes, Little, 8, 16), Some(0x0302));
        assert_eq!(read(&bytes, Big, 8, 16), Some(0x0203));
        assert_eq!(read(&bytes, Big, 8, 40), None);
        assert_eq!(read(&[0xff; 16], Little, 0, 128), Some(u128::MAX));
    }

    #[test]
    fn bits() {
        // struct { int a : 3; int b : 7; } with a = 5, b = 0x41.
        assert_eq!(read(&[0x0d, 0x02], Little, 0, 3), Some(5));
        assert_eq!(read(&[0x0d, 0x02], Little, 3, 7), Some(0x41));
        assert_eq!(read(&[0xb0, 0x40], Big, 0, 3), Some(5));
        assert_eq!(read(&[0xb0, 0x40], Big, 3, 7), Some(0x41));
    }

    #[test]
    fn what_is_written_is_read_and_nothing_else_changes() {
        for endian in [Little, Big] {
            for start in 0..17 {
                for width in [1, 3, 8, 13, 64, 121, 128] {
                    let mut bytes = [0xa5; 20];
                    let value =
                        0x0123_4567_89ab_cdef_0011_2233_4455_6677 & (u128::MAX >> (128 - width));
                    write(&mut bytes, endian, start, width, value).unwrap();
                    assert_eq!(read(&bytes, endian, start, width), Some(value));
                    let before = read(&[0xa5; 20], endian, 0, start as u32);
                    assert_eq!(read(&bytes, endian, 0, start as u32), before);
                    let end = start + u64::from(width);
                    let after = read(&[0xa5; 20], endian, end, 15);
                    assert_eq!(read(&bytes, endian, end, 15), after);
                }
            }
        }
    }

    #[test]
    fn signs() {
        assert_eq!(sign_extend(0x7f, 8), 127);
        assert_eq!(sign_extend(0x80, 8), -128);
        assert_eq!(sign_extend(1, 1), -1);
        assert_eq!(sign_extend(u128::MAX, 128), -1);
    }
}
