//! Where the kernel's configuration comes from.

use std::io;
use std::path::{Path, PathBuf};

use osmia_object::kconfig::Config;

use crate::error::Error;
use crate::error::kind::ErrorKind;
use crate::kernel::files::Files;

/// Where the kernel's configuration comes from.
#[derive(Debug, Default)]
pub(crate) enum ConfigSource {
    /// The running kernel, or a file that its packages install.
    #[default]
    Running,
    /// A file.
    File(PathBuf),
    /// A file that the packages of a kernel of this release install.
    Installed(String),
    /// It has been read already.
    Given(Config),
}

impl ConfigSource {
    pub(crate) fn open(&self, files: &Files) -> Result<Config, Error> {
        match self {
            Self::Given(config) => Ok(config.clone()),
            Self::File(path) => {
                let missing = || Error::not_found(format!("there is no {}", path.display()));
                read(path)?.ok_or_else(missing)
            }
            Self::Installed(release) => installed(files, release),
            Self::Running => running(files),
        }
    }
}

/// Where packages put the configuration of a kernel of this release.
fn installed_places(release: &str) -> Vec<String> {
    // It becomes a part of paths.
    if release.contains('/') {
        return Vec::new();
    }
    vec![
        format!("/boot/config-{release}"),
        format!("/lib/modules/{release}/config"),
        format!("/usr/lib/modules/{release}/config"),
        format!("/lib/modules/{release}/build/.config"),
    ]
}

fn installed(files: &Files, release: &str) -> Result<Config, Error> {
    let places = installed_places(release);
    first(files, &places)?.ok_or_else(|| {
        let looked = places.join(", ");
        Error::not_found(format!(
            "the configuration of a kernel {release} is nowhere to be found (looked at {looked})"
        ))
    })
}

/// The kernel's own answer first: files in /boot may be gone, or another kernel's.
fn running(files: &Files) -> Result<Config, Error> {
    let mut places = vec!["/proc/config.gz".to_owned()];
    places.extend(files.release().iter().flat_map(|release| installed_places(release)));
    first(files, &places)?.ok_or_else(|| {
        Error::not_found(format!(
            "this kernel's configuration is nowhere to be found (looked at {}): kernels built with \
             CONFIG_IKCONFIG_PROC have /proc/config.gz; otherwise name a file \
             (Kernel::builder().config_file)",
            places.join(", ")
        ))
    })
}

/// The first of the files that is there.
fn first(files: &Files, places: &[String]) -> Result<Option<Config>, Error> {
    for place in places {
        if let Some(config) = read(&files.path(place))? {
            return Ok(Some(config));
        }
    }
    Ok(None)
}

/// A configuration file; `None` if there is none.
fn read(path: &Path) -> Result<Option<Config>, Error> {
    let bytes = match std::fs::read(path) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => {
            let kind = match error.kind() {
                io::ErrorKind::PermissionDenied => ErrorKind::Permission,
                _ => ErrorKind::System,
            };
            return Err(Error::new(kind, format!("read {}", path.display())).caused_by(error));
        }
    };
    Ok(Some(Config::parse(path.display().to_string(), &bytes)?))
}
