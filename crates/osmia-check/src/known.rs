//! What the enums of a kernel's types say that it knows.

use std::collections::BTreeSet;

use osmia_btf::{Btf, Error, Kind};

/// The values that one of the kernel's enums lists; `None` if its types have no such enum, so that
/// nothing can be said.
#[derive(Clone, Debug)]
pub(crate) struct Known(Option<BTreeSet<u32>>);

impl Known {
    /// The values of an enum by name.
    pub fn of(btf: &Btf, name: &str) -> Result<Self, Error> {
        let Some(ty) = btf.find(Kind::Enum, name)? else { return Ok(Self(None)) };
        let mut values = BTreeSet::new();
        for value in ty.enumerators() {
            let value = value?;
            // The last one, `__MAX_BPF_...`, counts the others.
            if !value.name.starts_with("__") {
                values.extend(u32::try_from(value.bits));
            }
        }
        Ok(Self(Some(values)))
    }

    /// Whether the kernel's types have the enum.
    pub fn is_told(&self) -> bool {
        self.0.is_some()
    }

    /// Whether the kernel knows a value; true also where its types do not tell.
    pub fn has(&self, value: u32) -> bool {
        self.0.as_ref().is_none_or(|values| values.contains(&value))
    }
}
