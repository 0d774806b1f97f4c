//! Relocation by `osmia-btf`.

use bytes::Bytes;
use osmia_btf::Btf;
use osmia_btf::core_re::{Patch, Relocator, Slot, Target};

use crate::outcome::{Outcome, Values};
use crate::program::{Raw, Site};

pub struct Loader {
    local: Btf,
    kernel: Btf,
    modules: Vec<Target>,
    relocator: Relocator,
}

impl Loader {
    pub fn new(local: &Btf, kernel: &Btf, modules: &[(String, Vec<u8>)]) -> Self {
        let open = |(name, bytes): &(String, Vec<u8>)| {
            let btf = Btf::parse(Bytes::copy_from_slice(bytes), Some(kernel.clone()));
            Target::new(name.clone(), &btf.expect("a module's BTF"))
        };
        let modules: Vec<Target> = modules.iter().map(open).collect();
        let relocator = Self::relocator(local, kernel, &modules);
        Self { local: local.clone(), kernel: kernel.clone(), modules, relocator }
    }

    fn relocator(local: &Btf, kernel: &Btf, modules: &[Target]) -> Relocator {
        let modules = modules.to_vec();
        Relocator::new(local, Target::new("vmlinux", kernel)).with_modules(move || modules)
    }

    pub fn forget(&mut self) {
        self.relocator = Self::relocator(&self.local, &self.kernel, &self.modules);
    }

    pub fn relocate(&mut self, site: &Site) -> Outcome {
        let Ok(resolution) = self.relocator.resolve(&site.record) else { return Outcome::Refused };
        let explained = self.relocator.explain(&site.record).expect("explained");
        assert!(
            resolution.found.is_some() || resolution.kind.raw() == 6 || explained.is_some(),
            "{} without a reason",
            site.text
        );
        let width = resolution.width;
        let result = Values {
            original: resolution.original,
            new: resolution.target.unwrap_or(0),
            poison: resolution.target.is_none(),
            validate: resolution.validate,
            wrong_width: resolution.target.is_some() && width.is_wrong(),
            original_size: width.original,
            new_size: width.target,
        };
        let [first, second] = site.code.map(slot);
        let code = Patch::of(&resolution, first, Some(second)).ok().map(|patch| {
            let mut slots = [first, second];
            patch.apply(&mut slots);
            slots.map(raw)
        });
        Outcome::Done { result, code }
    }
}

fn slot(raw: Raw) -> Slot {
    Slot {
        code: raw.code,
        dst: raw.registers & 15,
        src: raw.registers >> 4,
        off: raw.off,
        imm: raw.imm,
    }
}

fn raw(slot: Slot) -> Raw {
    Raw { code: slot.code, registers: slot.dst | slot.src << 4, off: slot.off, imm: slot.imm }
}
