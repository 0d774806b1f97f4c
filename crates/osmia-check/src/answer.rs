//! What a kernel says to an object.

use crate::finding::{Finding, Weight};

/// What a kernel says to an object.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Answer {
    /// The kernel's name.
    pub kernel: String,
    /// Its answers to the programs, in the object's order.
    pub programs: Vec<ProgramAnswer>,
    /// Its answers to the maps, in the object's order.
    pub maps: Vec<MapAnswer>,
}

/// What a kernel says to a program.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct ProgramAnswer {
    /// The program's name.
    pub name: String,
    /// The section that it stands in.
    pub section: String,
    /// Whether loading the object loads it.
    pub autoload: bool,
    /// What the kernel lacks.
    pub findings: Vec<Finding>,
}

/// What a kernel says to a map.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct MapAnswer {
    /// The map's name.
    pub name: String,
    /// What the kernel lacks.
    pub findings: Vec<Finding>,
}

/// Whether something would load.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Verdict {
    /// Nothing speaks against it.
    Loads,
    /// It depends on what a kernel's types do not tell.
    Unsure,
    /// It would not.
    Refused,
}

impl Answer {
    /// Whether the object would load as it is. Programs that loading it leaves out do not count.
    pub fn verdict(&self) -> Verdict {
        let programs = self.programs.iter().filter(|program| program.autoload);
        let all =
            programs.map(ProgramAnswer::verdict).chain(self.maps.iter().map(MapAnswer::verdict));
        all.max().unwrap_or(Verdict::Loads)
    }
}

impl ProgramAnswer {
    /// Whether the program would load.
    pub fn verdict(&self) -> Verdict {
        verdict(&self.findings)
    }
}

impl MapAnswer {
    /// Whether the map would be created.
    pub fn verdict(&self) -> Verdict {
        verdict(&self.findings)
    }
}

fn verdict(findings: &[Finding]) -> Verdict {
    match findings.iter().map(|finding| finding.weight).max() {
        None | Some(Weight::Note) => Verdict::Loads,
        Some(Weight::Unsure) => Verdict::Unsure,
        Some(Weight::Refused) => Verdict::Refused,
    }
}
