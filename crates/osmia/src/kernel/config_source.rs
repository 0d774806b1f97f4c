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
            Self::Running => running(files),
        }
    }
}

/// The kernel's own answer first: files in /boot may be gone, or another kernel's.
fn usual_places(files: &Files) -> Vec<String> {
    let mut places = vec!["/proc/config.gz".to_owned()];
    if let Some(release) = files.release() {
        places.extend([
            format!("/boot/config-{release}"),
            format!("/lib/modules/{release}/config"),
            format!("/usr/lib/modules/{release}/config"),
            format!("/lib/modules/{release}/build/.config"),
        ]);
    }
    places
}

fn running(files: &Files) -> Result<Config, Error> {
    let places = usual_places(files);
    for place in &places {
        if let Some(config) = read(&files.path(place))? {
            return Ok(config);
        }
    }
    Err(Error::not_found(format!(
        "this kernel's configuration is nowhere to be found (looked at {}): kernels built with \
         CONFIG_IKCONFIG_PROC have /proc/config.gz; otherwise name a file \
         (Kernel::builder().config_file)",
        places.join(", ")
    )))
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
