//! Tables of callbacks.

use osmia_object::{MapRole, ObjectSpec};

use crate::generate::names::{self, Claims};

/// A table's field.
pub(crate) struct StructOps {
    pub field: String,
    /// The table's name in the object.
    pub name: String,
    pub doc: String,
}

pub(super) fn struct_ops(object: &ObjectSpec) -> Vec<StructOps> {
    let mut claims = Claims::default();
    let tables = object.maps.values().filter(|map| map.role == MapRole::StructOps);
    tables
        .map(|map| StructOps {
            field: claims.claim(&names::plain(&map.name), "_"),
            name: map.name.clone(),
            doc: format!("Table `{}`; `None` if it was not created.", names::shown(&map.name)),
        })
        .collect()
}
