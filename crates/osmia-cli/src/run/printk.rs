//! Which lines of the trace pipe an object's programs can have printed.
//!
//! A line tells the process and the CPU, but not the program. The format strings do:
//! `bpf_printk` leaves them in the object's constants, and each call loads the address of one.

use osmia_abi::FuncId;
use osmia_insn::{Cfg, Class, Insn, Line, Listing, Reg};
use osmia_object::{Function, MapRole, ObjectSpec, Target};

/// A `bpf_printk` format, as the text between its conversions.
#[derive(Debug, PartialEq, Eq)]
pub struct Format {
    pieces: Vec<String>,
    /// Whether the format begins, and ends, with a conversion.
    open_start: bool,
    open_end: bool,
}

/// What an object's programs can print.
#[derive(Debug, PartialEq, Eq)]
pub enum PrintkFilter {
    /// Nothing: they do not call the helper.
    Silent,
    /// Messages of certain formats.
    Formats(Vec<Format>),
    /// Anything: they make up a format where it cannot be seen, as on the stack.
    Anything,
}

impl PrintkFilter {
    /// The filter for an object.
    pub fn of(spec: &ObjectSpec) -> Self {
        let mut formats = Vec::new();
        for function in &spec.functions {
            let cfg = Cfg::new(&function.insns);
            let calls = (0..function.insns.len()).filter(|&at| is_printk(function, at));
            formats.extend(calls.map(|at| format_at(spec, function, &cfg, at)));
        }
        Self::of_calls(formats)
    }

    /// The filter for calls with these formats; with none where it cannot be seen.
    pub fn of_calls(formats: impl IntoIterator<Item = Option<String>>) -> Self {
        let parsed = formats.into_iter().map(|format| format.map(|format| Format::parse(&format)));
        match parsed.collect::<Option<Vec<Format>>>() {
            Some(formats) if formats.is_empty() => Self::Silent,
            Some(formats) => Self::Formats(formats),
            None => Self::Anything,
        }
    }

    /// Whether the programs can have printed this message.
    pub fn admits(&self, message: &str) -> bool {
        match self {
            Self::Silent => false,
            Self::Formats(formats) => formats.iter().any(|format| format.matches(message)),
            Self::Anything => true,
        }
    }
}

/// Whether the instruction calls the helper behind `bpf_printk`.
fn is_printk(function: &Function, at: usize) -> bool {
    let helper = |insn: &Insn| insn.is_call() && insn.src == Reg::R0;
    let relocated = || function.relocations.iter().any(|found| found.at as usize == at);
    let printing = [FuncId::TRACE_PRINTK, FuncId::TRACE_VPRINTK];
    let called = function.insns.get(at).filter(|insn| helper(insn));
    called.is_some_and(|insn| printing.iter().any(|id| id.0 as i32 == insn.imm)) && !relocated()
}

/// The format that the call at this slot is given: the constant whose address is loaded into
/// the first argument in front of it. None if it comes from elsewhere.
fn format_at(spec: &ObjectSpec, function: &Function, cfg: &Cfg, call: usize) -> Option<String> {
    let set = first_argument(&function.insns, cfg, call)?;
    let relocation = function.relocations.iter().find(|found| found.at as usize == set)?;
    let Target::MapValue { map, offset } = &relocation.target else { return None };
    let section = spec.maps.get(map).filter(|map| map.role == MapRole::Constants)?;
    let text = section.contents.get(*offset as usize..)?.split(|&byte| byte == 0).next()?;
    Some(String::from_utf8_lossy(text).into_owned())
}

/// The slot that sets the first argument of the call at this slot, if one in front of it does.
pub fn first_argument(insns: &[Insn], cfg: &Cfg, call: usize) -> Option<usize> {
    let block = cfg.blocks().get(cfg.block_of(call)?)?;
    let lines: Vec<_> = Listing::range(insns, block.slots.start..call).collect();
    let sets = |line: &&Line| {
        let stores =
            matches!(line.insn.code.class(), Class::St | Class::Stx | Class::Jmp | Class::Jmp32);
        line.insn.is_call() || (line.insn.dst == Reg::R1 && !stores)
    };
    lines.iter().rev().find(sets).map(|line| line.index)
}

impl Format {
    fn parse(format: &str) -> Self {
        let format = format.trim_end_matches('\n');
        let mut pieces = Vec::new();
        let mut piece = String::new();
        let mut open_start = false;
        let mut open_end = false;
        let mut rest = format;
        while let Some(c) = rest.chars().next() {
            rest = rest.get(c.len_utf8()..).unwrap_or_default();
            if c != '%' {
                piece.push(c);
                open_end = false;
            } else if let Some(after) = rest.strip_prefix('%') {
                piece.push('%');
                rest = after;
                open_end = false;
            } else {
                rest = skip_conversion(rest);
                open_start |= pieces.is_empty() && piece.is_empty();
                open_end = true;
                pieces.extend((!piece.is_empty()).then(|| std::mem::take(&mut piece)));
            }
        }
        pieces.extend((!piece.is_empty()).then_some(piece));
        Self { pieces, open_start, open_end }
    }

    fn matches(&self, message: &str) -> bool {
        let mut rest = message.trim_end_matches('\n');
        let last = self.pieces.len().wrapping_sub(1);
        for (at, piece) in self.pieces.iter().enumerate() {
            if at == last && !self.open_end {
                let start_ok = at > 0 || self.open_start || rest.len() == piece.len();
                return start_ok && rest.ends_with(piece.as_str());
            }
            let found = if at == 0 && !self.open_start {
                rest.strip_prefix(piece.as_str())
            } else {
                rest.split_once(piece.as_str()).map(|(_, after)| after)
            };
            match found {
                Some(after) => rest = after,
                None => return false,
            }
        }
        self.open_end || rest.is_empty()
    }
}

/// What follows a conversion's `%`: flags, width, precision, length and type. `%p`
/// goes on with letters and digits that tell what it points to (`%pI4`).
fn skip_conversion(rest: &str) -> &str {
    let rest = rest.trim_start_matches(|c: char| "-+ #0123456789.".contains(c));
    let rest = rest.trim_start_matches(['h', 'l', 'j', 'z', 't', 'L']);
    match rest.strip_prefix('p') {
        Some(pointer) => {
            let known = ["I4", "i4", "I6", "i6", "ks", "us", "x", "K", "S", "s", "B"];
            let len = known
                .iter()
                .find(|known| pointer.starts_with(**known))
                .map_or(0, |known| known.len());
            pointer.get(len..).unwrap_or_default()
        }
        None => rest.get(rest.chars().next().map_or(0, char::len_utf8)..).unwrap_or_default(),
    }
}

#[cfg(test)]
mod tests {
    use osmia_object::ObjectSpec;
    use osmia_testkit::fixture::Fixture;

    use super::{Format, PrintkFilter};

    fn spec(stem: &str) -> Option<ObjectSpec> {
        let bytes = Fixture::new(stem).bytes()?;
        Some(ObjectSpec::parse(stem, bytes.into()).unwrap())
    }

    #[test]
    fn formats_are_found_where_they_are_printed() {
        let (Some(mut run), Some(silent)) = (spec("run"), spec("testkit")) else { return };
        assert_eq!(PrintkFilter::of(&silent), PrintkFilter::Silent);
        let filter = PrintkFilter::of(&run);
        assert!(
            matches!(&filter, PrintkFilter::Formats(formats) if formats.len() == 3),
            "{filter:?}"
        );
        assert!(filter.admits("hello from 12") && filter.admits("a packet of 60 bytes"));
        // A string among the constants is not a format that is printed.
        assert!(!filter.admits("hello"), "{filter:?}");
        // A format that cannot be seen may be any.
        for function in &mut run.functions {
            function.relocations.clear();
        }
        assert_eq!(PrintkFilter::of(&run), PrintkFilter::Anything);
    }

    #[test]
    fn formats_match_what_they_print() {
        for (format, message, expected) in [
            ("const %d", "const 12", true),
            ("const %d", "a const 12", false),
            ("%s ran", "ls ran", true),
            ("%s ran", "ls ran off", false),
            ("a %d b %llx c", "a 1 b ff c", true),
            ("a %d b %llx c", "a 1 c", false),
            ("plain\n", "plain", true),
            ("plain\n", "plainer", false),
            ("100%% of %u", "100% of 3", true),
            ("ip %pI4 end", "ip 10.0.0.1 end", true),
            ("%d", "anything", true),
        ] {
            assert_eq!(Format::parse(format).matches(message), expected, "{format:?} {message:?}");
        }
    }
}
