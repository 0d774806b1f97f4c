//! How programs in BPF read where arguments are.

use osmia_btf::{Bitfield, Btf, Endian, Kind, Type};

use crate::usdt::argument::{Argument, Location};
use crate::usdt::error::UsdtError;

/// The struct that tells a mark's arguments, and the one that tells a single one.
const SPEC: &str = "__bpf_usdt_spec";
const ARGUMENT: &str = "__bpf_usdt_arg_spec";
/// The enumerator that headers have since they know of lists.
const INDEXED: &str = "BPF_USDT_ARG_SIB";
/// Values larger than this are none.
const LARGEST: u32 = 1 << 16;

/// The layout of `struct __bpf_usdt_spec` in the header that an object was compiled with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SpecLayout {
    endian: Endian,
    size: usize,
    /// Where the first argument is, how large one is, how many there are.
    first: usize,
    stride: usize,
    room: usize,
    cookie: Field,
    count: Field,
    value: Field,
    kind: Field,
    register: Field,
    signed: Field,
    shift: Field,
    /// The register with an index and its scale, where the header has them.
    indexed: Option<(Field, Field)>,
}

/// Bits of a struct.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Field {
    start: usize,
    width: usize,
}

impl SpecLayout {
    /// Reads it from the object's types.
    ///
    /// # Errors
    /// They lack the struct, or it has other members than are known.
    pub fn of(btf: &Btf) -> Result<Self, UsdtError> {
        let (spec, argument) = (found(btf, SPEC)?, found(btf, ARGUMENT)?);
        let layout = |problem: &str| UsdtError::Layout { of: SPEC, problem: problem.to_owned() };
        let size = spec.own_size().filter(|size| *size <= LARGEST);
        let size = size.ok_or_else(|| layout("it is too large"))?;
        let stride = argument.own_size().filter(|stride| *stride != 0);
        let stride = stride.ok_or_else(|| layout("its arguments have no size"))?;
        let (args, first) =
            btf.member_named(&spec, "args")?.ok_or_else(|| layout("it has no member `args`"))?;
        let array = btf.resolve(args.ty)?.array().ok_or_else(|| layout("`args` is no array"))?;
        let first = first.0 / 8;
        let end = array.len.checked_mul(stride).and_then(|len| len.checked_add(first));
        if end.is_none_or(|end| end > size) {
            return Err(layout("`args` is larger than the whole"));
        }
        let of_spec = |name| field(btf, &spec, SPEC, name);
        let of_argument = |name| field(btf, &argument, ARGUMENT, name);
        Ok(Self {
            endian: btf.endian(),
            size: size as usize,
            first: first as usize,
            stride: stride as usize,
            room: array.len as usize,
            cookie: of_spec("usdt_cookie")?,
            count: of_spec("arg_cnt")?,
            value: of_argument("val_off")?,
            kind: of_argument("arg_type")?,
            register: of_argument("reg_off")?,
            signed: of_argument("arg_signed")?,
            shift: of_argument("arg_bitshift")?,
            indexed: match knows_lists(btf)? {
                true => Some((of_argument("idx_reg_off")?, of_argument("scale_bitshift")?)),
                false => None,
            },
        })
    }

    /// The bytes of the struct.
    pub fn size(&self) -> usize {
        self.size
    }

    /// Writes the struct for these arguments and the user's cookie.
    ///
    /// # Errors
    /// There are too many, or one is of a kind that the header does not know.
    pub fn encode(&self, arguments: &[Argument], cookie: u64) -> Result<Vec<u8>, UsdtError> {
        let (count, room) = (arguments.len(), self.room);
        if count > room {
            return Err(UsdtError::TooMany { count, room });
        }
        let mut bytes = vec![0; self.size];
        for (number, argument) in arguments.iter().enumerate() {
            let start = (self.first + number * self.stride) * 8;
            let (kind, register, value) = match argument.location {
                Location::Constant(value) => (0, 0, value),
                Location::Register(register) => (1, register, 0),
                Location::Memory { register, offset } => (2, register, offset),
                Location::Indexed { register, offset, index, scale } => {
                    let (index_field, scale_field) = self.indexed.ok_or_else(no_lists)?;
                    self.set(&mut bytes, start, index_field, index.into());
                    self.set(&mut bytes, start, scale_field, scale.into());
                    (3, register, offset)
                }
            };
            self.set(&mut bytes, start, self.kind, kind);
            self.set(&mut bytes, start, self.register, register.into());
            self.set(&mut bytes, start, self.value, value as u64);
            self.set(&mut bytes, start, self.signed, argument.signed.into());
            let bits = u64::from(argument.size) * 8;
            self.set(&mut bytes, start, self.shift, 64_u64.saturating_sub(bits));
        }
        self.set(&mut bytes, 0, self.cookie, cookie);
        self.set(&mut bytes, 0, self.count, count as u64);
        Ok(bytes)
    }

    /// Bits are counted from the lowest of the first byte, or from the highest in the other byte order.
    fn set(&self, bytes: &mut [u8], start: usize, field: Field, value: u64) {
        for number in 0..field.width {
            let at = start + field.start + number;
            let (bit, mask) = match self.endian {
                Endian::Little => (number, 1 << (at % 8)),
                Endian::Big => (field.width - 1 - number, 0x80 >> (at % 8)),
            };
            if value >> bit & 1 != 0 {
                if let Some(byte) = bytes.get_mut(at / 8) {
                    *byte |= mask;
                }
            }
        }
    }
}

fn found<'a>(btf: &'a Btf, of: &'static str) -> Result<Type<'a>, UsdtError> {
    let absent =
        || UsdtError::Layout { of, problem: "the object's types do not have it".to_owned() };
    btf.find(Kind::Struct, of)?.ok_or_else(absent)
}

fn field(btf: &Btf, ty: &Type<'_>, of: &'static str, name: &str) -> Result<Field, UsdtError> {
    let wrong = |problem| UsdtError::Layout { of, problem };
    let found = btf.member_named(ty, name)?;
    let (member, start) = found.ok_or_else(|| wrong(format!("it has no member `{name}`")))?;
    let width = match Bitfield::of(btf, &member)? {
        Some(bits) => bits.width,
        None => btf.size_of(member.ty)?.saturating_mul(8),
    };
    if width == 0 || width > 64 {
        return Err(wrong(format!("`{name}` is no number")));
    }
    Ok(Field { start: start.0 as usize, width: width as usize })
}

fn knows_lists(btf: &Btf) -> Result<bool, UsdtError> {
    let Some(kinds) = btf.find(Kind::Enum, "__bpf_usdt_arg_type")? else { return Ok(false) };
    for kind in kinds.enumerators() {
        if kind?.name == INDEXED {
            return Ok(true);
        }
    }
    Ok(false)
}

fn no_lists() -> UsdtError {
    let problem = format!(
        "it does not know of an argument's place in a list (`(%rax,%rbx,8)`): compile with a header that has {INDEXED}"
    );
    UsdtError::Layout { of: ARGUMENT, problem }
}
