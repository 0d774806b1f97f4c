//! BTF put together by hand, for what compilers do not make.

use bytes::Bytes;
use osmia_btf::{Btf, CoreRecord, InsnOffset, StrOff, TypeId};

/// Records and strings to be.
pub struct Blob {
    types: Vec<u8>,
    strings: Vec<u8>,
    next: u32,
    base: Option<Btf>,
}

const INT: u32 = 1;
const PTR: u32 = 2;
const ARRAY: u32 = 3;
pub const STRUCT: u32 = 4;
pub const UNION: u32 = 5;
const TYPEDEF: u32 = 8;
const FUNC_PROTO: u32 = 13;

impl Blob {
    pub fn new() -> Self {
        Self { types: Vec::new(), strings: vec![0], next: 1, base: None }
    }

    /// Types that continue those of a kernel.
    pub fn on(base: &Btf) -> Self {
        let next = base.type_count().unwrap();
        Self { types: Vec::new(), strings: Vec::new(), next, base: Some(base.clone()) }
    }

    pub fn string(&mut self, text: &str) -> u32 {
        if text.is_empty() {
            return 0;
        }
        let at = self.strings.len() as u32 + self.base.as_ref().map_or(0, Btf::strings_end);
        self.strings.extend(text.bytes().chain([0]));
        at
    }

    fn record(&mut self, name: &str, info: u32, word: u32, tail: &[u32]) -> u32 {
        let head = [self.string(name), info, word];
        self.types.extend(head.iter().chain(tail).flat_map(|word| word.to_le_bytes()));
        self.next += 1;
        self.next - 1
    }

    pub fn int(&mut self, name: &str, size: u32, signed: bool) -> u32 {
        self.int_of_bits(name, size, size * 8, signed)
    }

    pub fn int_of_bits(&mut self, name: &str, size: u32, bits: u32, signed: bool) -> u32 {
        self.record(name, INT << 24, size, &[u32::from(signed) << 24 | bits])
    }

    pub fn ptr(&mut self, to: u32) -> u32 {
        self.record("", PTR << 24, to, &[])
    }

    pub fn array(&mut self, of: u32, len: u32) -> u32 {
        self.record("", ARRAY << 24, 0, &[of, of, len])
    }

    pub fn typedef(&mut self, name: &str, of: u32) -> u32 {
        self.record(name, TYPEDEF << 24, of, &[])
    }

    pub fn proto(&mut self, returns: u32, params: &[u32]) -> u32 {
        let info = FUNC_PROTO << 24 | params.len() as u32;
        let tail: Vec<u32> = params.iter().flat_map(|&ty| [0, ty]).collect();
        self.record("", info, returns, &tail)
    }

    /// A struct or union; members are a name, a type and an offset in bits.
    pub fn composite(
        &mut self,
        kind: u32,
        name: &str,
        size: u32,
        members: &[(&str, u32, u32)],
    ) -> u32 {
        let info = kind << 24 | members.len() as u32;
        let tail: Vec<u32> =
            members.iter().flat_map(|&(name, ty, at)| [self.string(name), ty, at]).collect();
        self.record(name, info, size, &tail)
    }

    pub fn btf(self) -> Btf {
        let mut blob = vec![0x9f, 0xeb, 1, 0];
        let (types, strings) = (self.types.len() as u32, self.strings.len() as u32);
        for word in [24, 0, types, types, strings] {
            blob.extend(u32::to_le_bytes(word));
        }
        blob.extend(self.types);
        blob.extend(self.strings);
        Btf::parse(Bytes::from(blob), self.base).unwrap()
    }
}

/// A relocation of a type, with an access string of the blob.
pub fn record(ty: u32, access: u32, kind: u32) -> CoreRecord {
    CoreRecord { insn: InsnOffset(0), ty: TypeId(ty), access: StrOff(access), kind }
}
