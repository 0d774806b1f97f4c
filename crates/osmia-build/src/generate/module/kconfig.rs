//! What programs read of the kernel's configuration.

use osmia_object::{ExternKind, ExternSpec, ObjectSpec};

use crate::error::Error;
use crate::generate::names::{self, Claims};
use crate::generate::types::collect::Collector;
use crate::generate::types::model::Ty;

/// An extern's field.
pub(crate) struct Kconfig {
    pub field: String,
    /// The extern's name in the object.
    pub name: String,
    pub ty: Ty,
    pub doc: String,
}

pub(super) fn kconfig(
    object: &ObjectSpec,
    collector: &mut Collector<'_>,
) -> Result<Vec<Kconfig>, Error> {
    let mut claims = Claims::default();
    let mut options = Vec::new();
    for spec in object.externs.values() {
        let (ExternKind::Kconfig { .. }, Some(ty)) = (spec.kind, spec.ty) else { continue };
        let what = format!("the type of `{}`", names::shown(&spec.name));
        options.push(Kconfig {
            field: claims.claim(&names::plain(&spec.name), "_"),
            name: spec.name.clone(),
            ty: collector.ask(ty, &spec.name, &what)?,
            doc: doc(spec),
        });
    }
    Ok(options)
}

fn doc(spec: &ExternSpec) -> String {
    let name = names::shown(&spec.name);
    let absent = if spec.weak { "; zero if it does not know it" } else { "" };
    format!("`{name}` of the kernel that the object is loaded into{absent}.")
}
