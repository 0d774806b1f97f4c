//! Fixtures, taken apart.

use bytes::Bytes;
use object::{Object as _, ObjectSection as _};
use osmia_btf::core_re::{Patch, Slot};
use osmia_btf::{Btf, BtfExt, CoreRecord, Endian};
use osmia_testkit::fixture::Fixture;

/// An object's types, relocations and code.
pub struct Program {
    pub btf: Btf,
    pub sites: Vec<Site>,
}

/// A relocation: in which section, and of which instruction.
pub struct Site {
    pub section: String,
    pub record: CoreRecord,
    pub slots: [Slot; 2],
}

impl Site {
    /// The program's name, by which the tests speak of relocations.
    pub fn name(&self) -> &str {
        self.section.rsplit('/').next().unwrap()
    }

    pub fn patched(&self, patch: Patch) -> Slot {
        let mut slots = self.slots;
        patch.apply(&mut slots);
        slots[0]
    }
}

impl Program {
    pub fn of(fixture: &Fixture) -> Option<Self> {
        let bytes = fixture.bytes()?;
        let file = object::File::parse(bytes.as_slice()).unwrap();
        let section = |name: &str| {
            let section = file.section_by_name(name).unwrap_or_else(|| panic!("no {name}"));
            Bytes::copy_from_slice(section.data().unwrap())
        };
        let btf = Btf::parse(section(".BTF"), None).unwrap();
        let ext = BtfExt::parse(section(".BTF.ext")).unwrap();
        let mut sites = Vec::new();
        for records in ext.relocations(&btf).unwrap() {
            let code = section(records.section);
            for record in records.iter() {
                let at = record.insn.0 as usize;
                let slots = [slot(&code, at, btf.endian()), slot(&code, at + 8, btf.endian())];
                sites.push(Site { section: records.section.into(), record, slots });
            }
        }
        Some(Self { btf, sites })
    }

    /// The relocation of the program of this name.
    pub fn site(&self, name: &str) -> &Site {
        let found = self.sites.iter().find(|site| site.name() == name);
        found.unwrap_or_else(|| panic!("no program {name}"))
    }
}

/// The types of an object that stands for a kernel.
pub fn kernel(fixture: &Fixture) -> Option<Btf> {
    let bytes = fixture.bytes()?;
    let file = object::File::parse(bytes.as_slice()).unwrap();
    let section = file.section_by_name(".BTF").unwrap();
    Some(Btf::parse(Bytes::copy_from_slice(section.data().unwrap()), None).unwrap())
}

fn slot(code: &[u8], at: usize, endian: Endian) -> Slot {
    let Some(&[op, registers, o0, o1, i0, i1, i2, i3]) = code.get(at..at + 8) else {
        return Slot::default();
    };
    let (dst, src) = match endian {
        Endian::Little => (registers & 15, registers >> 4),
        Endian::Big => (registers >> 4, registers & 15),
    };
    let off = endian.u16([o0, o1]) as i16;
    Slot { code: op, dst, src, off, imm: endian.u32([i0, i1, i2, i3]) as i32 }
}
