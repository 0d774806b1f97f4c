//! Where a new crate finds Osmia.

use std::path::{Path, PathBuf};

use crate::failure::Failure;

/// This version of the crates, or a checkout of them.
pub enum Dependency {
    Version,
    Checkout(PathBuf),
}

impl Dependency {
    /// The checkout in a folder, or this version if there is none.
    ///
    /// # Errors
    /// The folder is no checkout.
    pub fn of(folder: Option<&Path>) -> Result<Self, Failure> {
        let Some(folder) = folder else { return Ok(Self::Version) };
        let shown = folder.display();
        let crates = folder.canonicalize().map(|folder| folder.join("crates"));
        let crates = crates.map_err(|error| Failure::because(format!("find {shown}"), &error))?;
        if !crates.join("osmia/Cargo.toml").is_file() {
            return Err(Failure::new(format!(
                "{shown} is no checkout of Osmia: it has no crates/osmia/Cargo.toml"
            )));
        }
        Ok(Self::Checkout(crates))
    }

    /// The value in a manifest for the crate of this name.
    pub fn manifest_value(&self, name: &str) -> String {
        match self {
            Self::Version => format!("\"{}\"", env!("CARGO_PKG_VERSION")),
            Self::Checkout(crates) => {
                let path = crates.join(name).to_string_lossy().into_owned();
                format!("{{ path = {} }}", serde_json::Value::from(path))
            }
        }
    }
}
