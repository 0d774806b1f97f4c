//! What programs need that are for marks of user programs (USDT).

use std::borrow::Cow;
use std::sync::Arc;

use indexmap::IndexMap;
use osmia_abi::{AttachType, ProgType};
use osmia_object::usdt::SpecLayout;
use osmia_object::{LinkedProgram, ProgramSpec, Target};

use crate::kernel::feature::Feature;
use crate::link::usdt::specs::{BY_ADDRESS, SPECS, UsdtSpecs};
use crate::load::Load;
use crate::load::externs::Externs;
use crate::map::Map;

/// Whether programs know marks by cookies, as the header asks.
const HAS_COOKIES: &str = "LINUX_HAS_BPF_COOKIE";

impl Load<'_> {
    /// What programs are told of marks, if the object includes `bpf/usdt.bpf.h`.
    pub(super) fn usdt_specs(
        &self,
        linked: &IndexMap<String, LinkedProgram>,
        maps: &IndexMap<String, Map>,
        externs: &Externs,
    ) -> Option<Arc<UsdtSpecs>> {
        let (specs, btf) = (maps.get(SPECS)?, self.spec.btf.as_ref()?);
        let has_cookies = match externs.config_part(HAS_COOKIES) {
            Some(value) => value.first().is_some_and(|byte| *byte != 0),
            None => !linked.values().any(|program| refers(program, BY_ADDRESS)),
        };
        let by_address = maps.get(BY_ADDRESS).filter(|_| !has_cookies).cloned();
        Some(Arc::new(UsdtSpecs::new(SpecLayout::of(btf), specs.clone(), by_address)))
    }

    /// The program as one for many places, if it is for marks and the kernel has links for that.
    pub(super) fn for_marks<'s>(&self, spec: &'s ProgramSpec) -> Cow<'s, ProgramSpec> {
        let section = spec.section.trim_start_matches('?');
        let kind = section.split('/').next().unwrap_or_default();
        let is_for_marks = matches!(kind, "usdt" | "usdt.s")
            && spec.prog_type == Some(ProgType::KPROBE)
            && spec.attach_type.is_none();
        let kernel = self.kernel;
        if !is_for_marks
            || kernel.known_features().has(kernel.bpf(), Feature::UprobeMulti) != Some(true)
        {
            return Cow::Borrowed(spec);
        }
        let attach_type = Some(AttachType::TRACE_UPROBE_MULTI);
        Cow::Owned(ProgramSpec { attach_type, ..spec.clone() })
    }
}

/// Whether a program asks for anything that the header tells of marks.
pub(super) fn asks_of_marks(program: &LinkedProgram) -> bool {
    refers(program, SPECS) || refers(program, BY_ADDRESS)
}

fn refers(program: &LinkedProgram, map: &str) -> bool {
    let mut relocations = program.relocations.iter();
    relocations.any(|one| matches!(&one.target, Target::Map(named) if named == map))
}
