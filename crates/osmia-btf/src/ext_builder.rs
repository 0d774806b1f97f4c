//! `.BTF.ext` from scratch.

use bytes::Bytes;
use std::collections::BTreeMap;

use crate::endian::Endian;
use crate::error::Error;
use crate::ext::{CoreRecord, FuncInfo, LineInfo};
use crate::id::StrOff;

/// The header: magic, version, flags, its own size, and three parts' places and sizes.
const HEADER: u32 = 32;

/// Makes the records that belong to code.
///
/// Those of a section are sorted by instruction, as the kernel wants them, whatever the order
/// in which they are added.
///
/// # Examples
/// ```
/// # fn main() -> Result<(), osmia_btf::Error> {
/// use osmia_btf::{BtfExt, Builder, Endian, ExtBuilder, FuncInfo, InsnOffset, TypeId};
///
/// let mut types = Builder::new(Endian::host());
/// let section = types.string("xdp")?;
/// let mut ext = ExtBuilder::default();
/// ext.func(section, FuncInfo { insn: InsnOffset(0), ty: TypeId(7) });
/// let ext = BtfExt::parse(ext.to_bytes(Endian::host())?)?;
/// let types = types.build()?;
/// assert_eq!(ext.funcs(&types)?[0].section, "xdp");
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug, Default)]
pub struct ExtBuilder {
    funcs: Part<2>,
    lines: Part<4>,
    relocations: Part<4>,
}

impl ExtBuilder {
    /// Adds a function's type; `section` is the name of its ELF section.
    pub fn func(&mut self, section: StrOff, info: FuncInfo) {
        self.funcs.add(section, [info.insn.0, info.ty.0]);
    }

    /// Adds a source line.
    pub fn line(&mut self, section: StrOff, info: LineInfo) {
        let place = info.line << 10 | info.column & 0x3ff;
        self.lines.add(section, [info.insn.0, info.file.0, info.text.0, place]);
    }

    /// Adds an instruction that CO-RE adjusts.
    pub fn relocation(&mut self, section: StrOff, record: CoreRecord) {
        let words = [record.insn.0, record.ty.0, record.access.0, record.kind];
        self.relocations.add(section, words);
    }

    /// Whether nothing was added.
    pub fn is_empty(&self) -> bool {
        self.funcs.groups.is_empty()
            && self.lines.groups.is_empty()
            && self.relocations.groups.is_empty()
    }

    /// The section's bytes.
    ///
    /// # Errors
    /// They would be more than the format allows.
    pub fn to_bytes(&self, endian: Endian) -> Result<Bytes, Error> {
        let mut body: Vec<u32> = Vec::new();
        let mut places = Vec::new();
        for part in [self.funcs.words(), self.lines.words(), self.relocations.words()] {
            let start = body.len() * 4;
            body.extend(part);
            places.extend([start, body.len() * 4 - start]);
        }
        let too_large = |_| Error::Ext { offset: 0, problem: "would be larger than 4 GiB" };
        u32::try_from(HEADER as usize + body.len() * 4).map_err(too_large)?;
        let mut bytes = Vec::with_capacity(HEADER as usize + body.len() * 4);
        bytes.extend(endian.u16_bytes(0xeb9f));
        bytes.extend([1, 0]);
        bytes.extend(endian.u32_bytes(HEADER));
        bytes.extend(places.into_iter().flat_map(|place| endian.u32_bytes(place as u32)));
        bytes.extend(body.into_iter().flat_map(|word| endian.u32_bytes(word)));
        Ok(bytes.into())
    }
}

/// The records of one kind, by the names of their sections.
#[derive(Clone, Debug, Default)]
struct Part<const N: usize> {
    groups: BTreeMap<StrOff, Vec<[u32; N]>>,
}

impl<const N: usize> Part<N> {
    fn add(&mut self, section: StrOff, record: [u32; N]) {
        self.groups.entry(section).or_default().push(record);
    }

    /// The size of a record, then of each section its name, a count, and the records.
    fn words(&self) -> Vec<u32> {
        if self.groups.is_empty() {
            return Vec::new();
        }
        let mut words = vec![N as u32 * 4];
        for (section, records) in &self.groups {
            let mut records = records.clone();
            records.sort_by_key(|record| record.first().copied());
            words.extend([section.0, records.len() as u32]);
            words.extend(records.into_iter().flatten());
        }
        words
    }
}
