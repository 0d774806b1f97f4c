//! Files with kernels' configurations.

use std::path::Path;

use osmia::Kernel as Host;
use osmia_object::kconfig::Config;

use crate::failure::Failure;

/// The configuration in a file.
///
/// # Errors
/// It cannot be read, or is none.
pub fn read(path: &Path) -> Result<Config, Failure> {
    Ok(Host::builder().config_file(path).build()?.config()?.clone())
}

/// The configuration of an installed kernel, or of one beside whose image it lies, if there is one.
pub fn of(release: &str, image: Option<&Path>) -> Option<Config> {
    // It becomes a part of a path.
    let name = format!("config-{}", release.replace('/', "_"));
    let beside = image.and_then(Path::parent).map(|folder| folder.join(name));
    if let Some(config) = beside.and_then(|file| read(&file).ok()) {
        return Some(config);
    }
    Host::builder().config_of_release(release).build().ok()?.config().ok().cloned()
}
