//! What is told of a program, under the names that bpftool has in its JSON.

use std::fs::File;
use std::io::Read as _;
use std::os::fd::{AsFd, AsRawFd as _};
use std::time::Duration;

use osmia_sys::{Bpf, FdKind};
use serde::Serialize;
use serde_json::{Map, Value};

use crate::holders::{Holder, Holders};
use crate::moment::Now;
use crate::pins::Pins;
use crate::prog::metadata::Metadata;
use crate::select::names::Names;
use crate::select::progs::Prog;
use crate::value::hex;

/// What is told of a program.
#[derive(Debug, Serialize)]
pub struct ProgReport {
    /// Its id.
    pub id: u32,
    /// Its type; a number if that has no name here.
    #[serde(rename = "type")]
    pub prog_type: Value,
    /// Its name.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub name: String,
    /// The hash of its instructions.
    pub tag: String,
    /// Whether it may call helpers that are for GPL programs alone.
    pub gpl_compatible: bool,
    /// The interface that it is offloaded to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dev: Option<Device>,
    /// How long it ran altogether, while statistics were on.
    #[serde(skip_serializing_if = "is_zero")]
    pub run_time_ns: u64,
    /// How often it ran, while statistics were on.
    #[serde(skip_serializing_if = "is_zero")]
    pub run_cnt: u64,
    /// How often it was not run because it was running already.
    #[serde(skip_serializing_if = "is_zero")]
    pub recursion_misses: u64,
    /// When it was loaded, in seconds since the epoch.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub loaded_at: Option<u64>,
    /// Who loaded it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub uid: Option<u32>,
    /// The bytes of its instructions after verification.
    pub bytes_xlated: u32,
    /// Whether it is machine code.
    pub jited: bool,
    /// The bytes of that.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bytes_jited: Option<u32>,
    /// The memory that it takes; asked for where it is shown.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bytes_memlock: Option<u64>,
    /// The ids of its maps.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub map_ids: Vec<u32>,
    /// The id of the BTF that describes it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub btf_id: Option<u32>,
    /// How many instructions the verifier looked at.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub verified_insns: Option<u32>,
    /// Where it is pinned.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub pinned: Vec<String>,
    /// The processes that have it open.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub pids: Vec<Holder>,
    /// What its author wrote down in it.
    #[serde(skip_serializing_if = "Map::is_empty")]
    pub metadata: Map<String, Value>,
    /// What it is attached to, with the links' ids.
    #[serde(skip)]
    pub links: Vec<String>,
    /// How long ago it was loaded.
    #[serde(skip)]
    pub age: Option<Duration>,
}

/// An interface that a program is offloaded to.
#[derive(Debug, Serialize)]
pub struct Device {
    /// The interface.
    pub ifindex: u32,
    /// The device of its network namespace's number.
    pub ns_dev: u64,
    /// The number of its network namespace.
    pub ns_inode: u64,
}

/// What programs are looked at with.
pub struct Asker {
    bpf: Bpf,
    names: Names,
    holders: Holders,
    pins: Option<Pins>,
    metadata: Metadata,
    now: Now,
    memory: bool,
}

impl Asker {
    /// Gets ready; `pins` and `memory` say what is looked for besides.
    pub fn new(bpf: &Bpf, holders: Holders, pins: bool, memory: bool) -> Self {
        Self {
            bpf: bpf.clone(),
            names: Names::default(),
            holders,
            pins: pins.then(|| Pins::find(bpf)),
            metadata: Metadata::default(),
            now: Now::look(),
            memory,
        }
    }

    /// All that is told of a program.
    pub fn report(&mut self, prog: &Prog) -> ProgReport {
        let info = &prog.info;
        let loaded = (info.load_time != 0).then(|| Duration::from_nanos(info.load_time));
        let pinned = self.pins.as_ref().map_or(&[][..], |pins| pins.of(FdKind::Prog, info.id));
        ProgReport {
            id: info.id,
            prog_type: info.type_.name().map_or(info.type_.0.into(), Into::into),
            name: self.names.of(&self.bpf, prog),
            tag: hex(&info.tag, ""),
            gpl_compatible: info.gpl_compatible & 1 == 1,
            dev: (info.ifindex != 0).then_some(Device {
                ifindex: info.ifindex,
                ns_dev: info.netns_dev,
                ns_inode: info.netns_ino,
            }),
            run_time_ns: info.run_time_ns,
            run_cnt: if info.run_time_ns == 0 { 0 } else { info.run_cnt },
            recursion_misses: info.recursion_misses,
            loaded_at: loaded.map(|loaded| self.now.epoch(loaded)),
            uid: loaded.map(|_| info.created_by_uid),
            bytes_xlated: info.xlated_prog_len,
            jited: info.jited_prog_len != 0,
            bytes_jited: (info.jited_prog_len != 0).then_some(info.jited_prog_len),
            bytes_memlock: self.memory.then(|| memory(&prog.fd)).flatten(),
            map_ids: prog.map_ids.clone(),
            btf_id: (info.btf_id != 0).then_some(info.btf_id),
            verified_insns: (info.verified_insns != 0).then_some(info.verified_insns),
            pinned: pinned.iter().map(|path| path.display().to_string()).collect(),
            pids: self.holders.of(info.id).to_vec(),
            metadata: match self.memory {
                true => self.metadata.of(&self.bpf, prog),
                false => Map::new(),
            },
            links: Vec::new(),
            age: loaded.map(|loaded| self.now.ago(loaded)),
        }
    }
}

/// The memory that an object takes, as procfs tells of our descriptor of it.
pub fn memory(fd: impl AsFd) -> Option<u64> {
    let file = File::open(format!("/proc/self/fdinfo/{}", fd.as_fd().as_raw_fd()));
    // A file of procfs has no size to ask for, and this one comes in a piece.
    let mut told = [0; 1024];
    let len = file.ok()?.read(&mut told).ok()?;
    let told = std::str::from_utf8(told.get(..len)?).ok()?;
    told.lines().find_map(|line| line.strip_prefix("memlock:"))?.trim().parse().ok()
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde hands out references")]
fn is_zero(number: &u64) -> bool {
    *number == 0
}

impl ProgReport {
    /// The type in a word.
    pub fn type_name(&self) -> String {
        self.prog_type.as_str().map_or_else(|| self.prog_type.to_string(), str::to_owned)
    }
}
