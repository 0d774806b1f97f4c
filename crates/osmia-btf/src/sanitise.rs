//! BTF for kernels that do not know all of it.

use crate::btf::Btf;
use crate::builder::Builder;
use crate::error::Error;
use crate::id::TypeId;
use crate::kind::Kind;
use crate::ty::{Int, Type};

/// What a kernel's `BPF_BTF_LOAD` knows. Find out by trying; the versions are those of
/// the unpatched kernel.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(clippy::struct_excessive_bools)]
pub struct KernelBtf {
    /// Functions and prototypes (5.0).
    pub func: bool,
    /// Variables and data sections (5.2).
    pub datasec: bool,
    /// Global functions (5.6).
    pub func_global: bool,
    /// Floating-point numbers (5.13).
    pub float: bool,
    /// Declaration tags (5.16).
    pub decl_tag: bool,
    /// Type tags (5.17).
    pub type_tag: bool,
    /// Enums of 64-bit values, and enums that tell whether they are signed (6.0).
    pub enum64: bool,
    /// Data sections whose names begin with `?` (6.9).
    pub optional_datasec: bool,
    /// A section with the layout of records (7.1).
    pub layout: bool,
}

impl KernelBtf {
    /// A kernel that knows everything.
    pub const ALL: Self = Self::same(true);
    /// A kernel that knows the kinds of 4.18 only.
    pub const NONE: Self = Self::same(false);

    const fn same(known: bool) -> Self {
        Self {
            func: known,
            datasec: known,
            func_global: known,
            float: known,
            decl_tag: known,
            type_tag: known,
            enum64: known,
            optional_datasec: known,
            layout: known,
        }
    }

    /// Whether the kernel takes the type as it is.
    fn takes(&self, ty: &Type<'_>) -> bool {
        match ty.kind() {
            Kind::FuncProto => self.func,
            Kind::Func => self.func && (self.func_global || ty.vlen() == 0),
            Kind::Var => self.datasec,
            Kind::DataSec => self.datasec && (self.optional_datasec || !ty.name().starts_with('?')),
            Kind::Float => self.float,
            Kind::DeclTag => self.decl_tag,
            Kind::TypeTag => self.type_tag,
            Kind::Enum => self.enum64 || !ty.flag(),
            Kind::Enum64 => self.enum64,
            _ => true,
        }
    }
}

impl Btf {
    /// This BTF without what the kernel does not know, each type replaced by one of a kind
    /// that it does. Ids stay.
    ///
    /// # Errors
    /// A record is broken.
    ///
    /// # Examples
    /// ```
    /// # fn main() -> Result<(), osmia_btf::Error> {
    /// use osmia_btf::{Builder, Endian, KernelBtf, Kind};
    ///
    /// let mut builder = Builder::new(Endian::host());
    /// let float = builder.float("double", 8)?;
    /// let btf = builder.build()?;
    /// let old = btf.sanitised(&KernelBtf { float: false, ..KernelBtf::ALL })?;
    /// assert_eq!(old.ty(float)?.kind(), Kind::Struct);
    /// assert_eq!(old.size_of(float)?, 8);
    /// # Ok(())
    /// # }
    /// ```
    pub fn sanitised(&self, kernel: &KernelBtf) -> Result<Self, Error> {
        let mut strange = Vec::new();
        for ty in self.own_types()? {
            let ty = ty?;
            if !kernel.takes(&ty) {
                strange.push(ty.id());
            }
        }
        let has_layout = !self.layout_section().is_empty();
        if strange.is_empty() && (kernel.layout || !has_layout) {
            return Ok(self.clone());
        }
        let mut builder = Builder::from_btf(self)?;
        if !kernel.layout {
            builder.layout.clear();
        }
        let mut placeholder = None;
        for id in strange {
            replace(&mut builder, kernel, &self.ty(id)?, &mut placeholder)?;
        }
        builder.build()
    }
}

/// Puts a type of an older kind into the place of one that the kernel does not know. The
/// records are of equal size.
fn replace(
    builder: &mut Builder,
    kernel: &KernelBtf,
    ty: &Type<'_>,
    placeholder: &mut Option<TypeId>,
) -> Result<(), Error> {
    let (id, vlen) = (ty.id(), ty.vlen());
    match ty.kind() {
        Kind::Func if kernel.func => builder.set_info(id, Kind::Func, 0, false),
        Kind::Func => builder.set_info(id, Kind::Typedef, 0, false),
        Kind::FuncProto => {
            builder.set_info(id, Kind::Enum, vlen, false)?;
            builder.set_word(id, 2, 4)
        }
        Kind::Var | Kind::DeclTag => {
            builder.set_info(id, Kind::Int, 0, false)?;
            // One byte fits into whatever place a variable has.
            builder.set_word(id, 2, 1)?;
            builder.set_word(id, 3, 8)
        }
        Kind::DataSec => replace_section(builder, kernel, ty),
        Kind::Float => {
            // A keyword is no name for a struct.
            builder.rename(id, "")?;
            builder.set_info(id, Kind::Struct, 0, false)
        }
        Kind::TypeTag => {
            builder.rename(id, "")?;
            builder.set_info(id, Kind::Const, 0, false)
        }
        Kind::Enum => builder.set_info(id, Kind::Enum, vlen, false),
        Kind::Enum64 => {
            let member = match *placeholder {
                Some(member) => member,
                None => *placeholder.insert(builder.int("enum64_placeholder", byte())?),
            };
            builder.set_info(id, Kind::Union, vlen, false)?;
            for at in 0..vlen as usize {
                builder.set_word(id, 3 + at * 3 + 1, member.0)?;
                builder.set_word(id, 3 + at * 3 + 2, 0)?;
            }
            Ok(())
        }
        _ => Ok(()),
    }
}

fn replace_section(builder: &mut Builder, kernel: &KernelBtf, ty: &Type<'_>) -> Result<(), Error> {
    let id = ty.id();
    if kernel.datasec {
        return builder.rename(id, &ty.name().replace('?', "_"));
    }
    builder.rename(id, &ty.name().replace(['.', '?'], "_"))?;
    builder.set_info(id, Kind::Struct, ty.vlen(), false)?;
    for (at, var) in ty.section_vars().enumerate() {
        // Members are called what the variables are.
        let name = ty.btf().ty(var.var)?.name();
        let name = builder.string(name)?;
        let offset = var.offset.checked_mul(8);
        let offset = offset.ok_or(Error::TooLarge { id, what: "a variable's offset" })?;
        builder.set_word(id, 3 + at * 3, name.0)?;
        builder.set_word(id, 3 + at * 3 + 1, var.var.0)?;
        builder.set_word(id, 3 + at * 3 + 2, offset)?;
    }
    Ok(())
}

fn byte() -> Int {
    Int { size: 1, bits: 8, offset: 0, signed: false, is_char: false, is_bool: false }
}
