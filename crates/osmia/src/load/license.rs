//! What a program's licence lets it do.

use osmia_abi::ProgType;
use osmia_object::{ObjectSpec, ProgramSpec};

use crate::error::Error;

/// The licences that kernels take for compatible with theirs.
const COMPATIBLE: [&str; 6] =
    ["GPL", "GPL v2", "GPL and additional rights", "Dual BSD/GPL", "Dual MIT/GPL", "Dual MPL/GPL"];

/// What every verifier says of what others may not do.
const REFUSALS: [&str; 2] = ["GPL-restricted", "non-GPL compatible program"];

/// Refuses programs of kinds that no kernel takes under this licence.
pub(super) fn check(spec: &ObjectSpec, program: &ProgramSpec) -> Result<(), Error> {
    let kind = match program.prog_type {
        Some(ProgType::LSM) => "programs of security hooks",
        Some(ProgType::STRUCT_OPS) => "callbacks of the kernel's tables (struct_ops)",
        _ => return Ok(()),
    };
    if COMPATIBLE.contains(&spec.license.as_str()) {
        return Ok(());
    }
    let (name, remedy) = (&program.name, remedy(&spec.license));
    Err(Error::invalid(format!("program `{name}`: {kind} are for GPL programs alone; {remedy}")))
}

/// The reason of a refusal, if it is the licence.
pub(super) fn explain(log: &str, license: &str) -> Option<String> {
    let refused = log.lines().rev().find(|line| REFUSALS.iter().any(|one| line.contains(one)))?;
    Some(format!("its licence forbids it ({}); {}", refused.trim(), remedy(license)))
}

fn remedy(license: &str) -> String {
    let said = match license {
        "" => "the object declares none".to_owned(),
        other => format!("the object's is \"{other}\""),
    };
    format!(
        "{said}: char LICENSE[] SEC(\"license\") = \"GPL\", or another of {}",
        COMPATIBLE.get(1..).unwrap_or_default().join(", ")
    )
}
