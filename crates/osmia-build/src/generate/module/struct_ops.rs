//! Tables of callbacks.

use osmia_btf::{Bitfield, Btf, Kind, Type, TypeId};
use osmia_object::{MapRole, MapSpec, ObjectSpec};

use crate::error::Error;
use crate::generate::names::{self, Claims};
use crate::generate::types::collect::Collector;
use crate::generate::types::model::Ty;

/// More dimensions than this has no array in a table.
const DEPTH: u32 = 8;

/// Names of the module's own, which those for tables must not be.
const TAKEN: &[&str] = &["Bpf", "Spec", "Progs", "Maps", "Vars", "Kconfig", "Tables"];

/// The tables of an object.
#[derive(Default)]
pub(crate) struct Tables {
    pub tables: Vec<StructOps>,
    /// The structs that they are of.
    pub structs: Vec<OpsStruct>,
}

/// A table's field.
pub(crate) struct StructOps {
    pub field: String,
    /// The table's name in the object.
    pub name: String,
    pub doc: String,
    /// The place of its struct among the structs; `None` if the object does not tell.
    pub of: Option<usize>,
}

/// A kernel's struct of callbacks, as the object declares it.
pub(crate) struct OpsStruct {
    id: TypeId,
    /// Its Rust name.
    pub name: String,
    /// The name in C, for documentation.
    pub c_name: String,
    /// Where comments tell of it.
    pub path: String,
    pub members: Vec<OpsMember>,
    /// The field that has the map.
    pub map: String,
}

/// A member that can be set before loading.
pub(crate) struct OpsMember {
    pub field: String,
    /// Its name in C.
    pub name: String,
    /// Its type; `None` if it is a callback.
    pub ty: Option<Ty>,
}

pub(super) fn struct_ops(
    object: &ObjectSpec,
    btf: &Btf,
    collector: &mut Collector<'_>,
) -> Result<Tables, Error> {
    let mut fields = Claims::default();
    let mut names = Claims::of(TAKEN);
    let mut all = Tables::default();
    for map in object.maps.values().filter(|map| map.role == MapRole::StructOps) {
        let of = match ops_type(map, btf)? {
            None => None,
            Some(ty) => {
                let known = all.structs.iter().position(|known| known.id == ty.id());
                if known.is_none() {
                    all.structs.push(ops_struct(btf, &ty, &mut names, collector)?);
                }
                known.or(all.structs.len().checked_sub(1))
            }
        };
        all.tables.push(StructOps {
            field: fields.claim(&names::plain(&map.name), "_"),
            name: map.name.clone(),
            doc: format!("Table `{}`; `None` if it was not created.", names::shown(&map.name)),
            of,
        });
    }
    Ok(all)
}

/// The struct that a table is of.
fn ops_type<'b>(map: &MapSpec, btf: &'b Btf) -> Result<Option<Type<'b>>, Error> {
    let Some(id) = map.value_type else { return Ok(None) };
    let ty = btf.resolve(id)?;
    Ok((ty.kind() == Kind::Struct).then_some(ty))
}

fn ops_struct(
    btf: &Btf,
    ty: &Type<'_>,
    names: &mut Claims,
    collector: &mut Collector<'_>,
) -> Result<OpsStruct, Error> {
    let mut claims = Claims::default();
    let mut members = Vec::new();
    for member in ty.members() {
        let member = member?;
        if member.name.is_empty() || Bitfield::of(btf, &member)?.is_some() {
            continue;
        }
        let Some(kind) = member_kind(btf, member.ty)? else { continue };
        let field = claims.claim(&names::plain(member.name), "_");
        let shown = names::shown(member.name);
        let ty = match kind {
            MemberKind::Callback => None,
            MemberKind::Data => {
                let what = format!("the type of `{shown}` in `{}`", names::shown(ty.name()));
                Some(collector.ask(member.ty, member.name, &what)?)
            }
        };
        members.push(OpsMember { field, name: member.name.to_owned(), ty });
    }
    Ok(OpsStruct {
        id: ty.id(),
        name: names.claim(&(names::camel(ty.name()) + "Spec"), ""),
        c_name: format!("struct {}", names::shown(ty.name())),
        path: format!("struct {}", ty.name()),
        members,
        map: claims.claim("map", "_"),
    })
}

enum MemberKind {
    Callback,
    Data,
}

/// What can be set of a type: callbacks, numbers, enums, and arrays of these. The rest is the kernel's own.
fn member_kind(btf: &Btf, id: TypeId) -> Result<Option<MemberKind>, Error> {
    let mut ty = btf.resolve(id)?;
    if ty.kind() == Kind::Ptr {
        let target = btf.resolve(ty.target().unwrap_or_default())?;
        return Ok((target.kind() == Kind::FuncProto).then_some(MemberKind::Callback));
    }
    for _ in 0..DEPTH {
        match (ty.kind(), ty.array()) {
            (Kind::Array, Some(array)) => ty = btf.resolve(array.element)?,
            (Kind::Int | Kind::Float | Kind::Enum | Kind::Enum64, _) => {
                return Ok(Some(MemberKind::Data));
            }
            _ => break,
        }
    }
    Ok(None)
}
