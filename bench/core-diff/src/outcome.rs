//! What came of a relocation, in terms that both sides share.

use std::collections::BTreeMap;
use std::fmt;

use osmia_btf::core_re::CoreKind;

use crate::program::{Raw, Site};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// An error that stops the load.
    Refused,
    /// The values, and the instructions; `None` if the patch is what was refused.
    Done { result: Values, code: Option<[Raw; 2]> },
}

/// `struct bpf_core_relo_res` but for type ids.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Values {
    pub original: u64,
    pub new: u64,
    pub poison: bool,
    pub validate: bool,
    pub wrong_width: bool,
    pub original_size: u32,
    pub new_size: u32,
}

#[derive(Default)]
pub struct Tally {
    pub objects: u64,
    pub passed_over: u64,
    pub compared: u64,
    pub different: u64,
    pub minimal_bytes: u64,
    poisoned: u64,
    refused: u64,
    unpatched: u64,
    resized: u64,
    by_kind: BTreeMap<u32, u64>,
    moved: u64,
    host_order: u64,
    cut: u64,
}

impl Tally {
    pub fn count(&mut self, path: &str, site: &Site, theirs: &Outcome, ours: &Outcome) {
        // libbpf tells shifts for the machine it runs on, whatever the object's byte order.
        if site.swapped && site.record.kind == CoreKind::FieldLshift.raw() {
            self.host_order += 1;
            return;
        }
        self.compared += 1;
        *self.by_kind.entry(site.record.kind).or_default() += 1;
        match theirs {
            Outcome::Refused => self.refused += 1,
            Outcome::Done { result, code } => {
                self.poisoned += u64::from(result.poison || result.wrong_width);
                self.unpatched += u64::from(code.is_none());
                self.resized += u64::from(result.original_size != result.new_size);
                self.moved += u64::from(result.original != result.new && !result.poison);
            }
        }
        if let (
            Outcome::Done { result: one, code: Some(_) },
            Outcome::Done { result: two, code: None },
        ) = (theirs, ours)
        {
            // Values that libbpf cuts off, Osmia refuses.
            if one == two && i32::try_from(one.new as i64).is_err() {
                self.cut += 1;
                return;
            }
        }
        if theirs != ours {
            self.different += 1;
            if self.different <= 50 {
                println!("{path} {} #{} {}", site.section, site.number, site.text);
                println!("  insn   {:x?}", site.code);
                println!("  libbpf {theirs:x?}\n  osmia  {ours:x?}");
            }
        }
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "{} objects ({} passed over), {} relocations compared, {} different",
            self.objects, self.passed_over, self.compared, self.different
        )?;
        writeln!(
            f,
            "by libbpf: {} of a new value, {} of a new width, {} poisoned, {} refused, {} patches refused; \
             {} not compared (shifts of the other byte order), {} that libbpf cuts off and Osmia refuses",
            self.moved,
            self.resized,
            self.poisoned,
            self.refused,
            self.unpatched,
            self.host_order,
            self.cut
        )?;
        if self.minimal_bytes > 0 {
            writeln!(f, "minimal BTF: {} bytes", self.minimal_bytes)?;
        }
        for (&kind, count) in &self.by_kind {
            let name = CoreKind::from_raw(kind).map_or("unknown", CoreKind::name);
            write!(f, "{name} {count}  ")?;
        }
        Ok(())
    }
}
