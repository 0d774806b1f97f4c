//! Which programs a cgroup runs.

use std::fs::File;
use std::os::fd::AsFd as _;
use std::path::Path;

use osmia_abi::AttachType;
use osmia_abi::flags::{BPF_F_ALLOW_MULTI, BPF_F_ALLOW_OVERRIDE, BPF_F_PREORDER};
use osmia_sys::{AttachTarget, Bpf, Errno};
use serde::Serialize;

use crate::attached::{Known, ProgramNames, query};
use crate::failure::Failure;
use crate::selector::refused;

/// A program of a cgroup, under the names that bpftool has in its JSON.
#[derive(Clone, Debug, Serialize)]
pub struct Row {
    /// The program's id.
    pub id: u32,
    /// When it runs.
    pub attach_type: String,
    /// `multi`, `override`; nothing is said of inherited ones.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub attach_flags: Option<String>,
    /// The program's name.
    pub name: String,
    /// The decision of the security modules that it is for, if it is for one.
    pub attach_btf_name: String,
    /// The BTF that this is in.
    pub attach_btf_obj_id: u32,
    /// Its number there.
    pub attach_btf_id: u32,
}

/// The attach types of cgroups.
pub fn attach_types() -> impl Iterator<Item = AttachType> {
    let all = AttachType::ALL.iter().copied();
    all.filter(|ty| {
        ty.name().is_some_and(|name| name.starts_with("cgroup_")) || *ty == AttachType::LSM_CGROUP
    })
}

/// Opens a cgroup.
///
/// # Errors
/// It is not there, or no cgroup.
pub fn open(path: &Path) -> Result<File, Failure> {
    let file = File::open(path)
        .map_err(|error| Failure::because(format!("open cgroup {}", path.display()), &error))?;
    match osmia_sys::KernelFs::Cgroup2.holds(path) {
        Ok(false) => {
            let failure = Failure::usage(format!(
                "{} is not in a cgroup2 file system, and only there cgroups run programs",
                path.display()
            ));
            Err(match osmia_sys::KernelFs::Cgroup2.find() {
                Ok(there) => failure.with_hint(&format!("one is at {}", there.display())),
                Err(_) => failure.with_hint("`mount -t cgroup2 none FOLDER` mounts one"),
            })
        }
        _ => Ok(file),
    }
}

/// The programs of a cgroup; those that it inherits too if `effective`. Each attach type's are in
/// the order in which they run.
///
/// # Errors
/// The kernel does not tell of any attach type.
pub fn of(
    bpf: &Bpf,
    path: &Path,
    effective: bool,
    names: &mut ProgramNames,
) -> Result<Vec<Row>, Failure> {
    let cgroup = open(path)?;
    let (mut rows, mut told, mut last) = (Vec::new(), false, Errno::INVAL);
    for attach_type in attach_types() {
        let place = match query(bpf, AttachTarget::Fd(cgroup.as_fd()), attach_type, effective) {
            Ok(place) => place,
            // This kernel does not know the type; other types may be there.
            Err(errno) => {
                last = errno;
                continue;
            }
        };
        told = true;
        for found in place.programs {
            let flags = if found.flags == 0 { place.flags } else { found.flags };
            let Known { name, function, function_id } = names.known(found.prog).clone();
            rows.push(Row {
                id: found.prog,
                attach_type: attach_type.name().unwrap_or_default().to_owned(),
                attach_flags: (!effective).then(|| flags_text(flags)),
                name,
                attach_btf_name: function,
                attach_btf_obj_id: function_id.0,
                attach_btf_id: function_id.1,
            });
        }
    }
    if told {
        return Ok(rows);
    }
    Err(refused(format!("ask for the programs of cgroup {}", path.display()), last))
}

fn flags_text(flags: u32) -> String {
    match flags {
        0 => String::new(),
        BPF_F_ALLOW_OVERRIDE => "override".to_owned(),
        BPF_F_ALLOW_MULTI => "multi".to_owned(),
        flags if flags == BPF_F_ALLOW_MULTI | BPF_F_PREORDER => "multi preorder".to_owned(),
        other => format!("unknown({other:#x})"),
    }
}
