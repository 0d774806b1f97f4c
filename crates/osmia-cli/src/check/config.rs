//! Files with kernels' configurations.

use std::fs;
use std::path::Path;

use osmia_object::kconfig::Config;

use crate::failure::Failure;

/// The configuration in a file.
///
/// # Errors
/// It cannot be read, or is none.
pub fn read(path: &Path) -> Result<Config, Failure> {
    let attempt = || format!("read the configuration in {}", path.display());
    let bytes = fs::read(path).map_err(|error| Failure::because(attempt(), &error))?;
    Config::parse(path.display().to_string(), &bytes)
        .map_err(|error| Failure::because(attempt(), &error))
}

/// The configuration of an installed kernel, or of one whose image is given, if it lies where Debian and others put it.
pub fn of(release: &str, image: Option<&Path>) -> Option<Config> {
    // It becomes a part of paths.
    if release.contains('/') {
        return None;
    }
    let name = format!("config-{release}");
    let beside = image.and_then(Path::parent).map(|folder| folder.join(&name));
    let mut places = beside.into_iter().chain([
        Path::new("/boot").join(&name),
        Path::new("/lib/modules").join(release).join("config"),
    ]);
    places.find_map(|place| read(&place).ok())
}
