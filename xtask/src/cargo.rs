//! Calling Cargo.

use std::{
    env,
    path::PathBuf,
    process::{Command, Stdio},
};

use anyhow::{Context as _, Result, ensure};
use osmia_testkit::tree;
use serde_json::Value;

use crate::command;

/// The Cargo that runs us, at the workspace's root.
pub(crate) fn cargo() -> Command {
    let mut cargo = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo.current_dir(tree::root());
    cargo
}

/// A program that Cargo built.
#[derive(Clone, Debug)]
pub(crate) struct Program {
    /// The target's name: a test's file name, a binary's name.
    pub(crate) name: String,
    /// The package's folder, in which Cargo runs its tests.
    pub(crate) folder: PathBuf,
    /// Where it lies.
    pub(crate) path: PathBuf,
}

impl Program {
    /// The package's folder and the target, for people.
    pub(crate) fn title(&self) -> String {
        let package = self.folder.file_name().unwrap_or_default().to_string_lossy();
        format!("{package}: {}", self.name)
    }
}

/// Runs a building command and returns the programs that it built, in order of package and name.
///
/// Warnings and errors go to standard error as they do without us.
pub(crate) fn build(cargo: &mut Command) -> Result<Vec<Program>> {
    cargo.arg("--message-format=json-render-diagnostics").stderr(Stdio::inherit());
    let shown = command::shown(cargo);
    let output = cargo.output().with_context(|| shown.clone())?;
    ensure!(output.status.success(), "{shown}: {}", output.status);
    let text = String::from_utf8_lossy(&output.stdout);
    let mut programs: Vec<Program> = text.lines().filter_map(program).collect();
    programs.sort_by(|a, b| (&a.folder, &a.name).cmp(&(&b.folder, &b.name)));
    Ok(programs)
}

/// The program that a line of Cargo's messages tells of.
fn program(line: &str) -> Option<Program> {
    let message: Value = serde_json::from_str(line).ok()?;
    let path = message.get("executable")?.as_str()?;
    let manifest = PathBuf::from(message.get("manifest_path")?.as_str()?);
    Some(Program {
        name: message.get("target")?.get("name")?.as_str()?.to_owned(),
        folder: manifest.parent()?.to_owned(),
        path: path.into(),
    })
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::program;

    #[test]
    fn only_programs_are_listed() {
        let line = r#"{"reason":"compiler-artifact","manifest_path":"/w/crates/a/Cargo.toml",
            "target":{"name":"kernel_maps"},"executable":"/w/target/debug/deps/kernel_maps-1"}"#;
        let found = program(line).unwrap();
        assert_eq!(
            (found.name.as_str(), found.folder.as_path()),
            ("kernel_maps", Path::new("/w/crates/a"))
        );
        assert!(program(r#"{"reason":"compiler-artifact","executable":null}"#).is_none());
        assert!(program(r#"{"reason":"build-finished","success":true}"#).is_none());
    }
}
