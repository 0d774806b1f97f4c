//! `osmia new`: a project to begin with.

mod dependency;
mod name;
mod template;

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use clap::Args;
use serde::Serialize;

use crate::failure::Failure;
use crate::new::dependency::Dependency;
use crate::new::name::Name;
use crate::new::template::Template;
use crate::output::Output;
use crate::report::{Page, Report};

// The arguments of `osmia new`.
#[derive(Args)]
#[command(
    after_help = "The crate has BPF programs in C, a build script that makes a Rust module of them, a program that loads \
and attaches them, and tests. What is there already is never written over.

Examples:
  osmia new opens
  osmia new gate --template xdp && cd gate && cargo test"
)]
pub struct New {
    /// The folder to make; its last part is the crate's name
    path: PathBuf,
    /// What the BPF programs do
    #[arg(long, short, value_enum, default_value_t)]
    template: Template,
    /// Depend on the crates in this checkout of Osmia, instead of on this version of them
    #[arg(long, value_name = "FOLDER")]
    osmia_path: Option<PathBuf>,
}

impl New {
    /// Makes the crate.
    ///
    /// # Errors
    /// The name is none that a crate can have, the folder is there already, or a file cannot be
    /// written.
    pub fn run(&self, output: &mut Output) -> Result<(), Failure> {
        let name = Name::of(&self.path)?;
        let dependency = Dependency::of(self.osmia_path.as_deref())?;
        let files = self.template.files(&name, &dependency);
        self.make_folder()?;
        for (file, text) in &files {
            write(&self.path.join(file), text)?;
        }
        output.show(&Made {
            name: name.package().to_owned(),
            template: self.template.name(),
            files: files.into_iter().map(|(file, _)| self.path.join(file)).collect(),
            workspace: workspace_above(&self.path),
        })
    }

    /// Makes the crate's folder, which must be new.
    fn make_folder(&self) -> Result<(), Failure> {
        let shown = self.path.display();
        let cannot = |error| Failure::because(format!("make the folder {shown}"), &error);
        if let Some(parent) = self.path.parent() {
            fs::create_dir_all(parent).map_err(cannot)?;
        }
        match fs::create_dir(&self.path) {
            Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {
                Err(Failure::new(format!(
                    "{shown} is there already, and nothing in it was touched: choose another name"
                )))
            }
            made => made.map_err(cannot),
        }
    }
}

fn write(path: &Path, text: &str) -> Result<(), Failure> {
    let folder = path.parent().unwrap_or(Path::new("."));
    let written = fs::create_dir_all(folder).and_then(|()| fs::write(path, text));
    written.map_err(|error| Failure::because(format!("write {}", path.display()), &error))
}

/// The manifest of the workspace that the folder lies in: cargo wants to find its crates there.
fn workspace_above(path: &Path) -> Option<PathBuf> {
    let path = path.canonicalize().ok()?;
    let manifests = path.ancestors().skip(1).map(|folder| folder.join("Cargo.toml"));
    let is_workspace = |manifest: &PathBuf| {
        fs::read_to_string(manifest)
            .is_ok_and(|text| text.lines().any(|line| line.trim() == "[workspace]"))
    };
    manifests.into_iter().find(is_workspace)
}

/// The crate that was made.
#[derive(Serialize)]
struct Made {
    name: String,
    template: &'static str,
    files: Vec<PathBuf>,
    /// The manifest of the workspace that it lies in.
    workspace: Option<PathBuf>,
}

impl Report for Made {
    fn text(&self, _page: &Page) -> String {
        let files = self.files.iter().map(|file| format!("{}\n", file.display()));
        let mut text: String = files.collect();
        if let Some(workspace) = &self.workspace {
            let (name, workspace) = (&self.name, workspace.display());
            let _ = writeln!(text, "Add `{name}` to the `members` of {workspace}.");
        }
        text
    }
}
