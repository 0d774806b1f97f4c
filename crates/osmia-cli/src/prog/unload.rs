//! `osmia prog unload`: what `load` has done, undone.

use std::collections::HashSet;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::Duration;

use clap::Args;
use osmia_sys::{Bpf, Errno, FdKind};
use serde::Serialize;

use crate::failure::Failure;
use crate::holders::{self, Holder, Holders};
use crate::output::Output;
use crate::pins::Pins;
use crate::report::{Page, Report};
use crate::select::progs::{self, Prog};
use crate::select::{links, names::Names};
use crate::selector::Selector;
use crate::token;

// The arguments of `osmia prog unload`.
#[derive(Args)]
#[command(
    after_help = "A program lives as long as a pin, a link, an attachment or a process holds it. \
This removes the pins of the program and of its links, and tells what holds it \
still.

Examples:
  osmia prog unload name drop
  osmia prog unload /sys/fs/bpf/firewall      all programs pinned in a folder"
)]
pub struct Unload {
    /// Which programs: as for `show`, or a folder with pins
    #[arg(value_name = "PROG|FOLDER", required = true)]
    which: Vec<String>,
    /// Remove the pins of their maps too
    #[arg(long)]
    maps: bool,
}

impl Unload {
    /// Removes the pins.
    ///
    /// # Errors
    /// There is no such program, or a pin cannot be removed.
    pub fn run(&self, output: &mut Output) -> Result<(), Failure> {
        let bpf = token::bpf()?;
        let pins = Pins::find(&bpf);
        let folder = match self.which.as_slice() {
            [path] if path.contains('/') && Path::new(path).is_dir() => Some(PathBuf::from(path)),
            _ => None,
        };
        let progs = match &folder {
            Some(folder) => inside(&bpf, folder, &pins)?,
            None => match Selector::optional(&self.which)? {
                Some(selector) => progs::several(&bpf, &selector)?,
                None => return Err(Failure::usage("which program?")),
            },
        };
        let links = links::all(&bpf)?;
        let mut names = Names::default();
        let (mut unloaded, mut seen) = (Vec::new(), HashSet::new());
        for prog in progs {
            let id = prog.info.id;
            let mut removed = pins.of(FdKind::Prog, id).to_vec();
            for link in links.iter().filter(|link| link.info.prog_id == id) {
                removed.extend_from_slice(pins.of(FdKind::Link, link.info.id));
            }
            if self.maps {
                let maps = prog.map_ids.iter().flat_map(|id| pins.of(FdKind::Map, *id));
                removed.extend(maps.cloned());
            }
            removed.sort();
            removed.dedup();
            removed.retain(|path| seen.insert(path.clone()));
            let name = names.of(&bpf, &prog);
            unloaded.push((id, name, removed));
        }
        // Our own descriptors would hold them.
        drop(links);
        let mut rows = Vec::new();
        for (id, name, removed) in unloaded {
            removed.iter().try_for_each(|path| remove(path))?;
            let removed = removed.iter().map(|path| path.display().to_string()).collect();
            rows.push(Unloaded {
                id,
                name,
                removed,
                gone: false,
                held_by: Vec::new(),
                links: Vec::new(),
            });
        }
        if let Some(folder) = &folder {
            remove_empty(folder);
        }
        look_again(&bpf, &mut rows)?;
        output.show(&UnloadReport(rows))
    }
}

/// The programs that are pinned in a folder, by themselves or by their links.
fn inside(bpf: &Bpf, folder: &Path, pins: &Pins) -> Result<Vec<Prog>, Failure> {
    let here = |paths: &[PathBuf]| paths.iter().any(|path| path.starts_with(folder));
    let links = links::all(bpf)?;
    let linked = |id: u32| {
        let mut links = links.iter().filter(|link| link.info.prog_id == id);
        links.any(|link| here(pins.of(FdKind::Link, link.info.id)))
    };
    let mut found = progs::all(bpf)?;
    found.retain(|prog| here(pins.of(FdKind::Prog, prog.info.id)) || linked(prog.info.id));
    if found.is_empty() {
        return Err(Failure::not_found(format!(
            "no program is pinned in {}; `osmia prog list -f` shows where they are",
            folder.display()
        )));
    }
    Ok(found)
}

/// Removes a folder and those in it, but for those in which something else is.
fn remove_empty(folder: &Path) {
    let mut folders = vec![folder.to_owned()];
    let mut at = 0;
    while let Some(folder) = folders.get(at) {
        let entries = fs::read_dir(folder).into_iter().flatten().flatten();
        let inner = entries.filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir()));
        let inner: Vec<PathBuf> = inner.map(|entry| entry.path()).collect();
        folders.extend(inner);
        at += 1;
    }
    for folder in folders.iter().rev() {
        // It stays if there is something in it.
        let _ = fs::remove_dir(folder);
    }
}

fn remove(path: &Path) -> Result<(), Failure> {
    match fs::remove_file(path) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(()),
        removed => removed.map_err(|error| {
            Failure::because(format!("remove the pin {}", path.display()), &error)
        }),
    }
}

/// Finds out which programs are gone, and what holds the others. Kernels free them a little later.
fn look_again(bpf: &Bpf, rows: &mut [Unloaded]) -> Result<(), Failure> {
    const PATIENCE: u32 = 10;
    for attempt in 0..PATIENCE {
        for row in rows.iter_mut().filter(|row| !row.gone) {
            row.gone = matches!(bpf.prog_by_id(row.id), Err(Errno::NOENT));
        }
        if rows.iter().all(|row| row.gone) {
            return Ok(());
        }
        thread::sleep(Duration::from_millis(u64::from(attempt)));
    }
    let holders = Holders::find(bpf, FdKind::Prog);
    let links = links::all(bpf)?;
    for row in rows.iter_mut().filter(|row| !row.gone) {
        row.held_by = holders.of(row.id).to_vec();
        let of = links.iter().filter(|link| link.info.prog_id == row.id);
        row.links = of.map(|link| link.info.id).collect();
    }
    Ok(())
}

#[derive(Serialize)]
#[serde(transparent)]
struct UnloadReport(Vec<Unloaded>);

#[derive(Serialize)]
struct Unloaded {
    id: u32,
    name: String,
    removed: Vec<String>,
    gone: bool,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    held_by: Vec<Holder>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    links: Vec<u32>,
}

impl Report for UnloadReport {
    fn text(&self, _: &Page) -> String {
        let mut text = String::new();
        for row in &self.0 {
            let what = match row.removed.as_slice() {
                [] => "it was not pinned".to_owned(),
                paths => format!("removed {}", paths.join(", ")),
            };
            let fate = if row.gone { "gone".to_owned() } else { still(row) };
            let _ = writeln!(text, "{} {}: {what}; {fate}", row.id, row.name);
        }
        text
    }
}

fn still(row: &Unloaded) -> String {
    let mut by = Vec::new();
    if !row.links.is_empty() {
        let ids: Vec<String> = row.links.iter().map(ToString::to_string).collect();
        by.push(format!("link {} (`osmia link detach`)", ids.join(", ")));
    }
    if !row.held_by.is_empty() {
        by.push(holders::text(&row.held_by));
    }
    if by.is_empty() {
        by.push("an attachment without a link (`osmia net`, `osmia cgroup tree`) or a map".into());
    }
    format!("still there, held by {}", by.join(" and "))
}
