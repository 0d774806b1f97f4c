//! A kernel whose ABI is read.

use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result};
use osmia_btf::{Btf, Kind, Type};

/// The BTF of a kernel, and where it is from.
pub(super) struct Source {
    name: String,
    btf: Btf,
}

impl Source {
    pub(super) fn open(path: &Path) -> Result<Self> {
        let name = path.display().to_string();
        let bytes = fs::read(path).with_context(|| format!("read {name}"))?;
        let btf = Btf::parse(bytes.into(), None).with_context(|| format!("{name} as BTF"))?;
        Ok(Self { name, btf })
    }

    /// What it is called in messages.
    pub(super) fn name(&self) -> &str {
        &self.name
    }

    pub(super) fn btf(&self) -> &Btf {
        &self.btf
    }

    /// The enum of this name, of either width.
    pub(super) fn named_enum(&self, name: &str) -> Result<Option<Type<'_>>> {
        self.find(&[Kind::Enum, Kind::Enum64], name)
    }

    /// The struct or union of this name.
    pub(super) fn composite(&self, name: &str) -> Result<Option<Type<'_>>> {
        self.find(&[Kind::Struct, Kind::Union], name)
    }

    /// The enum without a name that has this enumerator.
    pub(super) fn enum_with(&self, enumerator: &str) -> Result<Option<Type<'_>>> {
        for ty in self.btf.types()? {
            let ty = ty?;
            if !ty.is_enum() {
                continue;
            }
            for value in ty.enumerators() {
                if value?.name == enumerator {
                    return Ok(Some(ty));
                }
            }
        }
        Ok(None)
    }

    fn find(&self, kinds: &[Kind], name: &str) -> Result<Option<Type<'_>>> {
        for kind in kinds {
            let found = self.btf.find(*kind, name).with_context(|| self.name.clone())?;
            if found.is_some() {
                return Ok(found);
            }
        }
        Ok(None)
    }
}
