//! Layouts as text, in the way that users of pahole know.

use std::fmt;

use crate::layout::{Inner, Layout, Slot};

/// Declarations up to this width have their places side by side.
///
/// Those at the first level: with their places they end in front of column 80.
const WIDTH: usize = 52;

/// A layout with borders of cache lines marked.
#[derive(Clone, Copy, Debug)]
pub struct Printed<'a> {
    layout: &'a Layout,
    line: u32,
}

impl Layout {
    /// The layout as text, for cache lines of so many bytes; 0 for none.
    pub fn with_cache_lines(&self, bytes: u32) -> Printed<'_> {
        Printed { layout: self, line: bytes }
    }
}

/// For cache lines of 64 bytes.
impl fmt::Display for Layout {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.with_cache_lines(64).fmt(f)
    }
}

impl fmt::Display for Printed<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let layout = self.layout;
        writeln!(f, "{} {{", layout.title)?;
        let mut sums = Sums::default();
        let mut writer =
            Writer { f, line: u64::from(self.line) * 8, next_line: 0, sums: &mut sums };
        writer.next_line = writer.line;
        writer.slots(&layout.slots, layout.is_union, 1)?;
        writeln!(f)?;
        write!(f, "\t/* size: {}, align: {}", layout.size, layout.align)?;
        if let Some(lines) = self.lines() {
            write!(f, ", cache lines: {lines}")?;
        }
        writeln!(f, ", members: {} */", layout.slots.len())?;
        sums.write(f)?;
        if layout.padding > 0 {
            writeln!(f, "\t/* padding: {} */", Length(layout.padding))?;
        }
        if let Some(rest) = layout.size.checked_rem(self.line).filter(|&rest| rest > 0) {
            writeln!(f, "\t/* last cache line: {} */", Length(u64::from(rest) * 8))?;
        }
        writeln!(f, "}};")
    }
}

impl Printed<'_> {
    fn lines(&self) -> Option<u32> {
        (self.line > 0).then(|| self.layout.size.div_ceil(self.line))
    }
}

/// What all holes together take.
#[derive(Default)]
struct Sums {
    holes: usize,
    hole_bits: u64,
}

impl Sums {
    fn write(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.holes == 0 {
            return Ok(());
        }
        writeln!(f, "\t/* holes: {}, together {} */", self.holes, Length(self.hole_bits))
    }
}

struct Writer<'w, 'f> {
    f: &'w mut fmt::Formatter<'f>,
    /// The size of a cache line in bits, and where the next one begins.
    line: u64,
    next_line: u64,
    sums: &'w mut Sums,
}

impl Writer<'_, '_> {
    fn slots(&mut self, slots: &[Slot], is_union: bool, level: usize) -> fmt::Result {
        for slot in slots {
            self.hole(slot, level)?;
            if !is_union || level == 1 {
                self.cache_line(slot, level)?;
            }
            self.slot(slot, level)?;
        }
        Ok(())
    }

    fn hole(&mut self, slot: &Slot, level: usize) -> fmt::Result {
        if slot.hole == 0 {
            return Ok(());
        }
        self.sums.holes += 1;
        self.sums.hole_bits += slot.hole;
        writeln!(self.f, "\n{}/* hole: {} */\n", Tabs(level), Length(slot.hole))
    }

    fn cache_line(&mut self, slot: &Slot, level: usize) -> fmt::Result {
        let start = u64::from(slot.offset.0);
        if self.line == 0 || start < self.next_line {
            return Ok(());
        }
        let number = start / self.line;
        let border = number * self.line;
        let ago = match (start - border) / 8 {
            0 => String::new(),
            bytes => format!(", {bytes} bytes ago"),
        };
        self.next_line = border + self.line;
        writeln!(
            self.f,
            "{}/* --- cache line {number} ({} bytes){ago} --- */",
            Tabs(level),
            border / 8
        )
    }

    fn slot(&mut self, slot: &Slot, level: usize) -> fmt::Result {
        let Some(inner) = &slot.inner else {
            let declaration = format!("{};", slot.declaration);
            return self.placed(&declaration, slot, level);
        };
        // The declaration has its braces where the members go.
        let (front, back) = slot.declaration.split_once(" { ... }").unwrap_or_default();
        let keyword = match (front.is_empty(), inner.is_union) {
            (false, _) => front,
            (true, true) => "union",
            (true, false) => "struct",
        };
        writeln!(self.f, "{}{keyword} {{", Tabs(level))?;
        self.inner(inner, level)?;
        self.placed(&format!("}}{back};"), slot, level)
    }

    fn inner(&mut self, inner: &Inner, level: usize) -> fmt::Result {
        self.slots(&inner.slots, inner.is_union, level + 1)?;
        if inner.padding > 0 && !inner.is_union {
            writeln!(self.f, "{}/* padding: {} */", Tabs(level + 1), Length(inner.padding))?;
        }
        Ok(())
    }

    fn placed(&mut self, declaration: &str, slot: &Slot, level: usize) -> fmt::Result {
        let width = (WIDTH + 8).saturating_sub(level * 8);
        let size = if slot.is_bitfield { String::new() } else { (slot.bits / 8).to_string() };
        let offset = slot.offset.to_string();
        writeln!(self.f, "{}{declaration:width$} /* {offset:>6} {size:>5} */", Tabs(level))
    }
}

struct Tabs(usize);

impl fmt::Display for Tabs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (0..self.0).try_for_each(|_| f.write_str("\t"))
    }
}

/// A length in bytes, or in bits if it is not whole.
struct Length(u64);

impl fmt::Display for Length {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (count, unit) = if self.0 % 8 == 0 { (self.0 / 8, "byte") } else { (self.0, "bit") };
        write!(f, "{count} {unit}{}", if count == 1 { "" } else { "s" })
    }
}
