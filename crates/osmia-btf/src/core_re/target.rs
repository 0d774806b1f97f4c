//! The BTFs that an object's types are looked up in.

use std::sync::OnceLock;

use crate::btf::Btf;
use crate::core_re::side::{Side, first_long};
use crate::error::Error;

/// A kernel's or a module's BTF, by name.
#[derive(Clone, Debug)]
pub struct Target {
    name: String,
    btf: Btf,
    pointer: OnceLock<u32>,
}

impl Target {
    /// A BTF with the name that messages call it by: `vmlinux`, or a module's.
    pub fn new(name: impl Into<String>, btf: &Btf) -> Self {
        Self { name: name.into(), btf: btf.clone(), pointer: OnceLock::new() }
    }

    /// What messages call it.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The BTF.
    pub fn btf(&self) -> &Btf {
        &self.btf
    }

    pub(super) fn side(&self) -> Result<Side<'_>, Error> {
        if let Some(&pointer) = self.pointer.get() {
            return Ok(Side { btf: &self.btf, pointer });
        }
        let pointer = first_long(&self.btf)?.map_or(8, |(_, width)| width);
        Ok(Side { btf: &self.btf, pointer: *self.pointer.get_or_init(|| pointer) })
    }
}
