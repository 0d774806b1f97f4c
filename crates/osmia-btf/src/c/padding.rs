//! Gaps between members, filled so that C puts the next one where it is.

use crate::c::base::write_to;
use crate::c::writer::indent;

/// More unnamed lines than this for one gap become an array.
const LINES: u64 = 16;

/// Integer types for unnamed bitfields, by their size in bits.
const UNITS: [(u64, &str); 4] = [(64, "long"), (32, "int"), (16, "short"), (8, "char")];

/// Writes lines that fill the bits from `from` up to `to`.
///
/// Unnamed bitfields have no name that could be in the way, and do not change the
/// struct's alignment.
pub(super) fn write_gap(out: &mut String, from: u64, to: u64, level: usize) {
    let mut at = from;
    if to.saturating_sub(from) > LINES * 64 {
        // Up to the next byte first, which arrays begin at.
        let start = from.next_multiple_of(8);
        let bytes = (to - start) / 8;
        write_gap(out, from, start, level);
        indent(out, level);
        write_to(out, format_args!("unsigned char __padding_{}[{bytes}];\n", start / 8));
        at = start + bytes * 8;
    }
    while at < to {
        let next = |unit: u64| (at / unit + 1) * unit;
        let fits = UNITS.into_iter().find(|&(unit, _)| next(unit) <= to);
        let (end, unit) = fits.map_or((to, "char"), |(unit, name)| (next(unit), name));
        indent(out, level);
        write_to(out, format_args!("{unit}: {};\n", end - at));
        at = end;
    }
}

#[cfg(test)]
mod tests {
    use super::write_gap;

    fn gap(from: u64, to: u64) -> String {
        let mut out = String::new();
        write_gap(&mut out, from, to, 0);
        out.replace('\n', " ")
    }

    #[test]
    fn no_bitfield_crosses_its_unit() {
        assert_eq!(gap(8, 8), "");
        assert_eq!(gap(8, 64), "long: 56; ");
        assert_eq!(gap(3, 6), "char: 3; ");
        assert_eq!(gap(3, 12), "char: 5; char: 4; ");
        assert_eq!(gap(32, 128), "long: 32; long: 64; ");
        assert_eq!(gap(0, 96), "long: 64; int: 32; ");
        assert_eq!(gap(1, 8 * 4096), "char: 7; unsigned char __padding_1[4095]; ");
    }
}
