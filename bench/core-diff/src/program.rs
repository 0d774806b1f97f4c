//! An object's relocations with their instructions.

use bytes::Bytes;
use object::{Object as _, ObjectSection as _};
use osmia_btf::{Btf, BtfExt, CoreRecord, Endian, core_re::Relocation};

/// A relocation and what it applies to.
pub struct Site {
    pub section: String,
    pub number: usize,
    pub record: CoreRecord,
    pub text: String,
    /// The instruction and the one behind it, as the machine here has them.
    pub code: [Raw; 2],
    pub swapped: bool,
}

/// `struct bpf_insn`.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Raw {
    pub code: u8,
    /// The destination in the lower half, the source in the upper one.
    pub registers: u8,
    pub off: i16,
    pub imm: i32,
}

pub struct Object {
    pub path: String,
    pub btf_bytes: Vec<u8>,
    pub btf: Btf,
    pub relocations: Vec<Site>,
}

impl Object {
    pub fn read(path: &str, bytes: &[u8]) -> Result<Self, String> {
        let file = object::File::parse(bytes).map_err(|e| e.to_string())?;
        let section = |name: &str| -> Result<Vec<u8>, String> {
            let section = file.section_by_name(name).ok_or(format!("no {name}"))?;
            Ok(section.data().map_err(|e| e.to_string())?.to_vec())
        };
        let btf_bytes = section(".BTF")?;
        let btf = Btf::parse(Bytes::from(btf_bytes.clone()), None).map_err(|e| e.to_string())?;
        let ext = BtfExt::parse(section(".BTF.ext")?.into()).map_err(|e| e.to_string())?;
        let swapped = btf.endian() != Endian::host();
        let mut relocations = Vec::new();
        for records in ext.relocations(&btf).map_err(|e| e.to_string())? {
            let code = section(records.section)?;
            for (number, record) in records.iter().enumerate() {
                let at = record.insn.0 as usize;
                let raw = |at: usize| decode(code.get(at..at + 8), swapped);
                relocations.push(Site {
                    section: records.section.into(),
                    number,
                    record,
                    text: Relocation::read(&btf, &record)
                        .map_or_else(|e| e.to_string(), |asked| asked.to_string()),
                    code: [raw(at), raw(at + 8)],
                    swapped,
                });
            }
        }
        Ok(Self { path: path.into(), btf_bytes, btf, relocations })
    }
}

/// A BTF file's bytes, or those of an object's `.BTF` section.
pub fn btf_of(bytes: Vec<u8>) -> Vec<u8> {
    let Ok(file) = object::File::parse(bytes.as_slice()) else { return bytes };
    let section = file.section_by_name(".BTF").expect("an ELF file with BTF");
    section.data().expect("a whole file").to_vec()
}

fn decode(bytes: Option<&[u8]>, swapped: bool) -> Raw {
    let Some(&[code, registers, a, b, c, d, e, f]) = bytes else { return Raw::default() };
    if swapped {
        Raw {
            code,
            registers: registers.rotate_left(4),
            off: i16::from_ne_bytes([b, a]),
            imm: i32::from_ne_bytes([f, e, d, c]),
        }
    } else {
        let (off, imm) = (i16::from_ne_bytes([a, b]), i32::from_ne_bytes([c, d, e, f]));
        Raw { code, registers, off, imm }
    }
}
