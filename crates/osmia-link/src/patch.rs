//! The places of addends, and changing them.

use object::elf;
use osmia_btf::Endian;
use osmia_insn::Opcode;

/// Where a reference stands.
pub(crate) struct Site<'d> {
    pub data: &'d [u8],
    pub offset: u64,
}

/// What holds a reference's addend.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Field {
    /// Bytes from the section's start.
    at: usize,
    form: Form,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    /// An instruction's immediate: bytes.
    Bytes,
    /// A call's immediate: slots, less one.
    Slots,
    /// A word of 4 bytes.
    Half,
    /// A word of 8 bytes.
    Word,
}

/// A pointer in an instruction, or in data by compilers before LLVM 13.
const POINTER: u32 = elf::R_BPF_64_64;
/// A call, or 4 bytes in data.
const CALL: u32 = elf::R_BPF_64_32;
/// 8 bytes of data, 4 bytes, and 4 bytes that only debuggers read.
const ABS64: u32 = 2;
const ABS32: u32 = 3;
const NODYLD32: u32 = 4;
/// An instruction's immediate is its second half.
const IMMEDIATE: usize = 4;

impl Site<'_> {
    /// What holds the addend, by the kind of the reference; `None` for those that are void.
    pub fn field(&self, kind: u32, code: bool) -> Result<Option<Field>, String> {
        let whole = match kind {
            elf::R_BPF_NONE => return Ok(None),
            POINTER | CALL if code => return self.instruction().map(Some),
            POINTER | ABS64 => Form::Word,
            CALL | ABS32 | NODYLD32 => Form::Half,
            other => return Err(format!("is of type {other}, which BPF does not have")),
        };
        let len = if whole == Form::Word { 8 } else { 4 };
        let at = self.inside(len)?;
        Ok(Some(Field { at, form: whole }))
    }

    fn instruction(&self) -> Result<Field, String> {
        let at = self.inside(8)?;
        if at % 8 != 0 {
            return Err("stands in the middle of an instruction".to_owned());
        }
        let code = Opcode(self.data.get(at).copied().unwrap_or_default());
        let form = if code == Opcode::CALL {
            Form::Slots
        } else if code == Opcode::LD_IMM64 {
            self.inside(16)?;
            Form::Bytes
        } else {
            return Err(format!(
                "is of an instruction with opcode {:#04x}, which has none",
                code.0
            ));
        };
        Ok(Field { at: at + IMMEDIATE, form })
    }

    fn inside(&self, len: usize) -> Result<usize, String> {
        let at = usize::try_from(self.offset).ok();
        let at = at.filter(|at| at.checked_add(len).is_some_and(|end| end <= self.data.len()));
        at.ok_or_else(|| "lies outside of the section's contents".to_owned())
    }
}

impl Field {
    /// The addend in bytes.
    pub fn addend(self, data: &[u8], endian: Endian) -> i128 {
        let half = || endian.u32_at(data, self.at).unwrap_or_default();
        match self.form {
            Form::Bytes => i128::from(half() as i32),
            Form::Slots => (i128::from(half() as i32) + 1) * 8,
            Form::Half => i128::from(half()),
            Form::Word => {
                let bytes = data.get(self.at..).and_then(|tail| tail.first_chunk());
                i128::from(bytes.map_or(0, |bytes| endian.u64(*bytes)))
            }
        }
    }

    /// Puts another addend there.
    pub fn set_addend(
        self,
        data: &mut [u8],
        endian: Endian,
        addend: i128,
    ) -> Result<(), &'static str> {
        const FAR: &str = "is too far from its target";
        let signed = |value: i128| i32::try_from(value).map(|value| value as u32).map_err(|_| FAR);
        let half = match self.form {
            Form::Bytes => signed(addend)?,
            Form::Slots if addend % 8 != 0 => return Err("does not lead to a whole instruction"),
            Form::Slots => signed(addend / 8 - 1)?,
            Form::Half => u32::try_from(addend).or_else(|_| signed(addend))?,
            Form::Word => {
                let word = u64::try_from(addend)
                    .or_else(|_| i64::try_from(addend).map(|value| value as u64))
                    .map_err(|_| FAR)?;
                return put(data, self.at, &endian.u64_bytes(word));
            }
        };
        put(data, self.at, &endian.u32_bytes(half))
    }
}

fn put(data: &mut [u8], at: usize, bytes: &[u8]) -> Result<(), &'static str> {
    let slot = data.get_mut(at..).and_then(|tail| tail.get_mut(..bytes.len()));
    slot.ok_or("lies outside of the section's contents")?.copy_from_slice(bytes);
    Ok(())
}

#[cfg(test)]
mod tests {
    use osmia_btf::Endian;

    use super::Site;

    /// The bytes after a reference of this kind was moved.
    fn moved(data: &[u8], offset: u64, kind: u32, code: bool, by: i128) -> Result<Vec<u8>, String> {
        let mut data = data.to_vec();
        let site = Site { data: &data, offset };
        let Some(field) = site.field(kind, code)? else { return Ok(data) };
        let addend = field.addend(&data, Endian::Little);
        field.set_addend(&mut data, Endian::Little, addend + by)?;
        Ok(data)
    }

    #[test]
    fn addends_move_in_their_units() {
        let call = [0x85, 0x10, 0, 0, 0xff, 0xff, 0xff, 0xff];
        assert_eq!(moved(&call, 0, 10, true, 24).unwrap()[4..], [2, 0, 0, 0]);
        let mut load = [0; 16];
        load[0] = 0x18;
        load[4] = 8;
        assert_eq!(moved(&load, 0, 1, true, 24).unwrap()[4..8], [32, 0, 0, 0]);
        assert_eq!(moved(&[8, 0, 0, 0], 0, 4, false, 24).unwrap(), [32, 0, 0, 0]);
        assert_eq!(moved(&[8, 0, 0, 0, 0, 0, 0, 0], 0, 2, false, 24).unwrap()[0], 32);
        assert_eq!(moved(&call, 0, 0, true, 24).unwrap(), call);
    }

    #[test]
    fn what_cannot_be_moved_is_said_so() {
        let call = [0x85, 0x10, 0, 0, 0xff, 0xff, 0xff, 0xff];
        let error = |offset, kind, by| moved(&call, offset, kind, true, by).unwrap_err();
        assert_eq!(error(0, 10, 4), "does not lead to a whole instruction");
        assert_eq!(error(0, 10, 1 << 40), "is too far from its target");
        assert_eq!(error(4, 10, 8), "lies outside of the section's contents");
        assert_eq!(error(0, 99, 8), "is of type 99, which BPF does not have");
        let load = moved(&[0x18, 0, 0, 0, 0, 0, 0, 0], 0, 1, true, 8).unwrap_err();
        assert_eq!(load, "lies outside of the section's contents");
        let jump = moved(&[5, 0, 0, 0, 0, 0, 0, 0], 0, 10, true, 8).unwrap_err();
        assert_eq!(jump, "is of an instruction with opcode 0x05, which has none");
    }
}
