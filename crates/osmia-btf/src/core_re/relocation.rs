//! A relocation as the object states it.

use std::fmt;

use crate::btf::Btf;
use crate::core_re::access::indices;
use crate::core_re::error::CoreError;
use crate::core_re::kind::{CoreKind, Subject};
use crate::core_re::notation::type_name;
use crate::core_re::path::Path;
use crate::core_re::side::Side;
use crate::error::Error;
use crate::ext::CoreRecord;
use crate::kind::Kind;
use crate::ty::Type;

/// A CO-RE relocation of an object, read: what it asks, and of what, in the object's own types.
///
/// It prints as the question that it is: "the byte offset of `struct iov_iter.iov`".
///
/// # Examples
/// ```
/// use osmia_btf::{Btf, CoreRecord, Kind, core_re::Relocation};
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let local = Btf::parse(osmia_btf::doc_fixture(), None)?;
/// # let ty = local.find(Kind::Struct, "point")?.ok_or("no point")?.id();
/// # let access = osmia_btf::StrOff(15); // "0:1"
/// # let record = CoreRecord { insn: Default::default(), ty, access, kind: 0 };
/// let asked = Relocation::read(&local, &record)?;
/// assert_eq!(asked.to_string(), "the byte offset of `struct point.y`");
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct Relocation<'a> {
    pub(super) side: Side<'a>,
    pub(super) kind: CoreKind,
    pub(super) root: Type<'a>,
    pub(super) what: What<'a>,
}

/// What of a type is asked for, or was found.
#[derive(Clone, Debug)]
pub(super) enum What<'a> {
    /// The type itself.
    Type,
    /// A field of it.
    Field(Path<'a>),
    /// One of its enumerators.
    Enumerator(Choice<'a>),
}

/// An enumerator.
#[derive(Clone, Copy, Debug)]
pub(super) struct Choice<'a> {
    pub name: &'a str,
    pub index: u32,
    /// The value as an instruction holds it: those of 32-bit enums are sign-extended,
    /// because old encoders did not mark the enums that have negative ones.
    pub bits: u64,
}

impl<'a> Choice<'a> {
    pub fn of(ty: &Type<'a>, index: u32) -> Option<Result<Self, Error>> {
        Some(ty.enumerator_at(index)?.map(|found| {
            let narrow = ty.kind() == Kind::Enum;
            let bits = if narrow { found.bits as i32 as i64 as u64 } else { found.bits };
            Self { name: found.name, index, bits }
        }))
    }
}

impl<'a> Relocation<'a> {
    /// Reads a record of an object's `.BTF.ext`.
    ///
    /// # Errors
    /// The kind is not known, or the access string does not fit the type.
    pub fn read(local: &'a Btf, record: &CoreRecord) -> Result<Self, CoreError> {
        let kind = CoreKind::from_raw(record.kind).ok_or(CoreError::Kind(record.kind))?;
        let side = Side::local(local);
        let access = local.string(record.access).map_err(|_| CoreError::Access {
            ty: record.ty,
            access: String::new(),
            problem: "is not among the strings of the object's BTF",
        })?;
        let bad = |problem| CoreError::Access { ty: record.ty, access: access.into(), problem };
        let root = local.ty(record.ty)?;
        let path = indices(access).map_err(bad)?;
        let what = match kind.subject() {
            Subject::Type if path == [0] => What::Type,
            Subject::Type => return Err(bad("is not `0`, although a type itself is asked for")),
            Subject::Enumerator => What::Enumerator(enumerator(side, &root, &path, &bad)?),
            Subject::Field => What::Field(field(side, &root, &path, &bad)?),
        };
        Ok(Self { side, kind, root, what })
    }

    /// What is asked.
    pub fn kind(&self) -> CoreKind {
        self.kind
    }

    /// The type that the access begins with, in the object's BTF.
    pub fn root(&self) -> Type<'a> {
        self.root
    }

    /// What it is asked of, as C would write it: `struct file.f_path.dentry`, `struct event[2].args[1]`,
    /// `enum state: RUNNING`, `struct sock`.
    pub fn subject(&self) -> String {
        use fmt::Write as _;

        let mut text = type_name(self.side.btf, self.root.id());
        let written = match &self.what {
            What::Type => Ok(()),
            What::Enumerator(choice) => write!(text, ": {}", choice.name),
            What::Field(path) => path.steps.iter().enumerate().try_for_each(|(at, step)| {
                match (step.name, step.index) {
                    (Some(name), _) => write!(text, ".{name}"),
                    (None, 0) if at == 0 => Ok(()),
                    (None, index) => write!(text, "[{index}]"),
                }
            }),
        };
        // Writing to a string cannot fail.
        written.map_or_else(|_| String::new(), |()| text)
    }
}

impl fmt::Display for Relocation<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} `{}`", self.kind.words(), self.subject())
    }
}

type Bad<'b> = &'b dyn Fn(&'static str) -> CoreError;

fn enumerator<'a>(
    side: Side<'a>,
    root: &Type<'a>,
    path: &[u32],
    bad: Bad<'_>,
) -> Result<Choice<'a>, CoreError> {
    let ty = side.btf.resolve(root.id())?;
    match path {
        &[index] if ty.is_enum() => {
            let choice = Choice::of(&ty, index);
            Ok(choice.ok_or_else(|| bad("names an enumerator that the enum does not have"))??)
        }
        [_] => Err(bad("asks for an enumerator, but the type is no enum")),
        _ => Err(bad("has more than one part, although it is an enumerator's number")),
    }
}

fn field<'a>(
    side: Side<'a>,
    root: &Type<'a>,
    indices: &[u32],
    bad: Bad<'_>,
) -> Result<Path<'a>, CoreError> {
    let mut path = Path::default();
    let (first, rest) = indices.split_first().ok_or_else(|| bad("is empty"))?;
    path.element(side, root.id(), *first)?;
    let mut at = root.id();
    for &index in rest {
        let ty = side.btf.resolve(at)?;
        if ty.is_composite() {
            let member = ty.member_at(index);
            let member =
                member.ok_or_else(|| bad("names a member that the struct does not have"))??;
            path.member(ty.id(), index, &member)?;
            at = member.ty;
        } else if let Some(array) = ty.array() {
            if !path.has_element(side, &array, index)? {
                return Err(bad("names an element behind the array's end"));
            }
            path.element(side, array.element, index)?;
            at = array.element;
        } else {
            return Err(bad("leads into a type that has no members"));
        }
    }
    Ok(path)
}
