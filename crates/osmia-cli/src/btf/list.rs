//! `osmia btf list`: the BTF that the kernel holds.

use std::collections::BTreeMap;

use clap::Args;
use osmia::{Kernel, Map, Program};
use osmia_sys::{Bpf, Errno, IdKind};
use serde::Serialize;

use crate::btf::source::Held;
use crate::failure::Failure;
use crate::output::{Form, Output};
use crate::report::{Page, Report};
use crate::table::Table;
use crate::words::Words;

// The arguments of `osmia btf list`.
#[derive(Args)]
#[command(after_help = "Examples:
  osmia btf list
  osmia btf list id 5")]
pub struct List {
    /// The id of one; all if not given
    #[arg(value_name = "id N")]
    words: Vec<String>,
}

#[derive(Serialize)]
#[serde(transparent)]
struct ListReport(Vec<Row>);

/// A BTF, under the names that bpftool has in its JSON.
#[derive(Serialize)]
struct Row {
    id: u32,
    size: u32,
    prog_ids: Vec<u32>,
    map_ids: Vec<u32>,
    kernel: bool,
    name: String,
}

/// Which programs and which maps are described by a BTF.
#[derive(Default)]
struct Users {
    programs: BTreeMap<u32, Vec<u32>>,
    maps: BTreeMap<u32, Vec<u32>>,
}

impl List {
    /// Lists them.
    ///
    /// # Errors
    /// The kernel does not tell: it takes `CAP_SYS_ADMIN`.
    pub fn run(&self, output: &mut Output) -> Result<(), Failure> {
        let mut words = Words::new(&self.words);
        let id = match words.is_empty() {
            true => None,
            false => {
                words.take("id");
                Some(words.number("the id")?)
            }
        };
        words.end()?;
        match id {
            None => all(output),
            Some(id) => one(id, output),
        }
    }
}

/// Lists one of them.
///
/// # Errors
/// It is not there, or as for all.
pub fn one(id: u64, output: &mut Output) -> Result<(), Failure> {
    let mut rows = rows()?;
    rows.retain(|row| u64::from(row.id) == id);
    match rows.pop() {
        Some(row) if output.form() == Form::Text => output.show(&ListReport(vec![row])),
        Some(row) => output.json(&row),
        None => Err(Failure::not_found(format!(
            "there is no BTF with the id {id}; `osmia btf list` shows those that there are"
        ))),
    }
}

/// Lists all.
///
/// # Errors
/// The kernel does not tell: it takes `CAP_SYS_ADMIN`.
pub fn all(output: &mut Output) -> Result<(), Failure> {
    output.show(&ListReport(rows()?))
}

fn rows() -> Result<Vec<Row>, Failure> {
    let bpf = Bpf::default();
    let refused = |errno: Errno| {
        let remedy = if errno == Errno::PERM { " (it takes CAP_SYS_ADMIN)" } else { "" };
        Failure::because(format!("list the kernel's BTF{remedy}"), &errno)
    };
    let mut users = Users::find()?;
    let (mut rows, mut last) = (Vec::new(), 0);
    while let Some(id) = bpf.next_id(IdKind::Btf, last).map_err(refused)? {
        last = id;
        let held = match bpf.btf_by_id(id, None) {
            Ok(fd) => Held::of(&bpf, &fd).map_err(refused)?,
            // It went away since.
            Err(Errno::NOENT) => continue,
            Err(errno) => return Err(refused(errno)),
        };
        rows.push(Row {
            id,
            size: held.size,
            prog_ids: users.programs.remove(&id).unwrap_or_default(),
            map_ids: users.maps.remove(&id).unwrap_or_default(),
            kernel: held.is_kernel,
            name: if held.name.is_empty() { "<anon>".to_owned() } else { held.name },
        });
    }
    Ok(rows)
}

impl Users {
    fn find() -> Result<Self, Failure> {
        let kernel = Kernel::running()?;
        let mut users = Self::default();
        for program in Program::all(&kernel) {
            let info = program?.info()?;
            users.programs.entry(info.btf_id).or_default().push(info.id);
        }
        for map in Map::all(&kernel) {
            let info = map?.info()?;
            users.maps.entry(info.btf_id).or_default().push(info.id);
        }
        Ok(users)
    }
}

impl Report for ListReport {
    fn text(&self, page: &Page) -> String {
        let mut table =
            Table::new(page, &["id", "name", "size", "of", "programs", "maps"]).numbers(&[0, 2]);
        for row in &self.0 {
            let owner = match (row.kernel, row.name.as_str()) {
                (true, "vmlinux") => "kernel",
                (true, _) => "module",
                (false, _) => "object",
            };
            table.row([
                row.id.to_string(),
                row.name.clone(),
                row.size.to_string(),
                owner.to_owned(),
                ranges(&row.prog_ids),
                ranges(&row.map_ids),
            ]);
        }
        table.plain()
    }
}

/// Ids in one cell: those that follow each other as a range, and how many there are beyond what is shown.
fn ranges(ids: &[u32]) -> String {
    const SHOWN: usize = 6;
    let mut ranges: Vec<(u32, u32)> = Vec::new();
    for &id in ids {
        match ranges.last_mut() {
            Some((_, last)) if last.checked_add(1) == Some(id) => *last = id,
            _ => ranges.push((id, id)),
        }
    }
    let hidden = ranges.iter().skip(SHOWN).map(|(first, last)| last - first + 1).sum::<u32>();
    let shown = ranges.iter().take(SHOWN).map(|(first, last)| match last - first {
        0 => first.to_string(),
        1 => format!("{first}, {last}"),
        _ => format!("{first}-{last}"),
    });
    let mut text = shown.collect::<Vec<_>>().join(", ");
    if hidden > 0 {
        text.extend([", +", &hidden.to_string()]);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::ranges;

    #[test]
    fn many_ids_take_little_room() {
        assert_eq!(ranges(&[]), "");
        assert_eq!(ranges(&[3, 4, 7]), "3, 4, 7");
        assert_eq!(ranges(&[3, 4, 5, 6, 9]), "3-6, 9");
        assert_eq!(ranges(&[1, 3, 5, 7, 9, 11, 13, 14, 15, 17]), "1, 3, 5, 7, 9, 11, +4");
        assert_eq!(ranges(&[u32::MAX - 1, u32::MAX]), "4294967294, 4294967295");
    }
}
