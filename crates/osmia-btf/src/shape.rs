//! The size and the alignment that C gives types.

use crate::bitfield::Bitfield;
use crate::btf::Btf;
use crate::error::Error;
use crate::id::TypeId;
use crate::kind::Kind;
use crate::ty::{Member, Type};

/// Deeper nests than this are circles, or made to hurt.
const DEPTH: u32 = 64;
/// What a pointer takes in BPF programs and in 64-bit kernels.
const POINTER: u32 = 8;

/// Bytes that a value takes, and what its address is a multiple of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Shape {
    pub size: u32,
    pub align: u32,
}

/// What is known of a type; an alignment of 0 means nothing.
#[derive(Clone, Copy, Default)]
struct Known {
    size: u32,
    align: u8,
    packed: bool,
    /// Whether it is an integer of fewer bits than its size, which makes members bitfields.
    is_bits: bool,
}

/// Answers questions about sizes and alignments, and remembers what it has found out:
/// structs that nest in each other many times over would take for ever otherwise.
pub(crate) struct Shapes<'a> {
    btf: &'a Btf,
    /// By id.
    known: Vec<Known>,
}

impl<'a> Shapes<'a> {
    pub fn new(btf: &'a Btf) -> Self {
        // Many a question is answered without: the table comes with the first one that is not.
        Self { btf, known: Vec::new() }
    }

    /// The shape of a type.
    #[inline]
    pub fn of(&mut self, id: TypeId) -> Result<Shape, Error> {
        self.at(id, DEPTH)
    }

    /// Whether C needs `packed` to give a struct or union its layout.
    pub fn is_packed(&mut self, id: TypeId) -> Result<bool, Error> {
        self.at(id, DEPTH)?;
        Ok(self.known.get(id.0 as usize).is_some_and(|known| known.packed))
    }

    #[inline]
    fn at(&mut self, id: TypeId, depth: u32) -> Result<Shape, Error> {
        match self.known.get(id.0 as usize) {
            Some(&Known { size, align: align @ 1.., .. }) => {
                Ok(Shape { size, align: u32::from(align) })
            }
            _ => self.find_out(id, depth),
        }
    }

    fn find_out(&mut self, id: TypeId, depth: u32) -> Result<Shape, Error> {
        let depth = depth.checked_sub(1).ok_or(Error::TooDeep { id, limit: DEPTH })?;
        let ty = self.btf.ty_unnamed(id)?;
        let own = ty.own_size().unwrap_or_default();
        let mut packed = false;
        let shape = match ty.kind() {
            Kind::Ptr => Shape { size: POINTER, align: POINTER },
            Kind::Int | Kind::Float | Kind::Enum | Kind::Enum64 => {
                Shape { size: own, align: scalar_align(own) }
            }
            Kind::Struct | Kind::Union => {
                let align;
                (align, packed) = self.measure(&ty, depth)?;
                Shape { size: own, align: if packed { 1 } else { align } }
            }
            kind => match (ty.array(), ty.target()) {
                (Some(array), _) => {
                    let Shape { size, align } = self.at(array.element, depth)?;
                    let too_large = Error::TooLarge { id, what: "its size" };
                    Shape { size: size.checked_mul(array.len).ok_or(too_large)?, align }
                }
                (None, Some(target)) if kind.is_modifier() || kind == Kind::Var => {
                    self.at(target, depth)?
                }
                _ => return Err(Error::Unsized { id, kind }),
            },
        };
        if self.known.is_empty() {
            self.known = vec![Known::default(); self.btf.type_count()? as usize];
        }
        if let Some(known) = self.known.get_mut(id.0 as usize) {
            // Alignments end at 16.
            let align = shape.align as u8;
            *known = Known { size: shape.size, align, packed, is_bits: Bitfield::is_type(&ty) };
        }
        Ok(shape)
    }

    /// The largest alignment among the members, and whether some member or the size
    /// shows that it does not hold.
    fn measure(&mut self, ty: &Type<'_>, depth: u32) -> Result<(u32, bool), Error> {
        let size = ty.own_size().unwrap_or_default();
        if ty.vlen() == 0 {
            return Ok((opaque_align(size), false));
        }
        let mut align = 1;
        let mut packed = false;
        for member in ty.members_unnamed() {
            let shape = self.at(member.ty, depth)?;
            align = align.max(shape.align);
            packed |= self.is_displaced(&member, shape)?;
        }
        Ok((align, packed || size % align != 0))
    }

    /// As [`Bitfield::of`], for a member whose shape has been asked for.
    #[inline]
    pub fn bitfield(&self, member: &Member<'_>) -> Result<Option<Bitfield>, Error> {
        let known = self.known.get(member.ty.0 as usize);
        if member.bitfield.is_none() && known.is_some_and(|known| !known.is_bits) {
            return Ok(None);
        }
        Bitfield::of(self.btf, member)
    }

    /// Whether a member is where it could not be without `packed`.
    #[inline]
    fn is_displaced(&self, member: &Member<'_>, shape: Shape) -> Result<bool, Error> {
        Ok(match self.bitfield(member)? {
            // A bitfield does not cross the border of its type's unit.
            Some(field) if shape.size > 0 => {
                let unit = u64::from(shape.size) * 8;
                u64::from(field.offset.0) % unit + u64::from(field.width) > unit
            }
            Some(_) => false,
            None => member.offset.0 % (shape.align * 8) != 0,
        })
    }
}

/// Scalars are aligned to their size; those of odd sizes have no counterpart in C
/// and stand as arrays of bytes.
pub(crate) const fn scalar_align(size: u32) -> u32 {
    if size.is_power_of_two() && size <= 16 { size } else { 1 }
}

/// The alignment of a struct that shows nothing but its size.
///
/// Such are `struct bpf_timer` and its like, whose users in map values the kernel
/// wants aligned.
const fn opaque_align(size: u32) -> u32 {
    if size == 0 {
        return 1;
    }
    let natural = 1 << size.trailing_zeros();
    if natural > 8 { 8 } else { natural }
}
