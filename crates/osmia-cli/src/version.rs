//! `osmia version`.

use clap::Args;
use rustix::system::uname;
use serde::Serialize;

use crate::failure::Failure;
use crate::output::Output;
use crate::report::{Page, Report};

/// The version of the schema of what is printed as JSON.
const JSON: u32 = 1;

// The arguments of `osmia version`.
#[derive(Args)]
pub struct Version {}

#[derive(Serialize)]
struct VersionReport {
    version: &'static str,
    /// The version of what is printed as JSON: docs/json.
    json: u32,
    kernel: String,
    machine: String,
}

impl Version {
    /// Tells it.
    ///
    /// # Errors
    /// The output cannot be written.
    #[allow(clippy::unused_self)]
    pub fn run(&self, output: &mut Output) -> Result<(), Failure> {
        let name = uname();
        output.show(&VersionReport {
            version: env!("CARGO_PKG_VERSION"),
            json: JSON,
            kernel: name.release().to_string_lossy().into_owned(),
            machine: name.machine().to_string_lossy().into_owned(),
        })
    }
}

impl Report for VersionReport {
    fn text(&self, _: &Page) -> String {
        format!("osmia {} on Linux {} ({})\n", self.version, self.kernel, self.machine)
    }
}
