//! Why an element operation was refused.

use osmia_abi::MapType;
use osmia_abi::flags::{BPF_EXIST, BPF_F_RDONLY_PROG, BPF_NOEXIST};
use osmia_sys::{ENOTSUPP, Errno};

use crate::error::Error;
use crate::error::kind::{ErrorKind, Release};
use crate::map::place::Shape;
use crate::map::update::UpdateFlags;

/// What was attempted.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Operation {
    Lookup,
    Take,
    Update(UpdateFlags),
    Delete,
    Walk,
}

impl Operation {
    const fn attempt(self) -> &'static str {
        match self {
            Self::Lookup => "look up in",
            Self::Take => "take from",
            Self::Update(_) => "update",
            Self::Delete => "delete from",
            Self::Walk => "iterate",
        }
    }
}

/// The error of an operation that the map's place refused.
#[cold]
pub(crate) fn refused(name: &str, shape: &Shape, operation: Operation, errno: Errno) -> Error {
    let (kind, why) = why(shape, operation, errno);
    Error::new(kind, format!("{} map `{name}`: {why}", operation.attempt())).caused_by(errno)
}

fn why(shape: &Shape, operation: Operation, errno: Errno) -> (ErrorKind, String) {
    let name = shape.map_type.name().unwrap_or("unknown");
    let entries = shape.max_entries;
    match (errno, operation) {
        (Errno::NOENT, _) => (ErrorKind::NotFound, "the key is not there".to_owned()),
        (Errno::EXIST, Operation::Update(_)) if shape.is_array() => {
            (ErrorKind::Exists, "the elements of an array are always there".to_owned())
        }
        (Errno::EXIST, _) => (ErrorKind::Exists, "the key is there already".to_owned()),
        (Errno::TOOBIG, _) if has_indices(shape.map_type) => {
            (ErrorKind::Invalid, format!("the index is beyond its {entries} entries"))
        }
        (Errno::TOOBIG | Errno::NOSPC, Operation::Update(_)) => {
            (ErrorKind::Full, format!("it is full: it has room for {entries} entries"))
        }
        (Errno::INVAL, Operation::Delete) if shape.is_array() => {
            (ErrorKind::Invalid, "elements of an array cannot be deleted".to_owned())
        }
        (Errno::INVAL, Operation::Update(flags))
            if flags.condition() == BPF_NOEXIST | BPF_EXIST =>
        {
            (ErrorKind::Invalid, "NOEXIST and EXIST exclude each other".to_owned())
        }
        (Errno::PERM, Operation::Update(_) | Operation::Delete | Operation::Take) => {
            let constant = if shape.flags & BPF_F_RDONLY_PROG != 0 { "constants: " } else { "" };
            let why = format!("{constant}it is frozen or was opened for reading only");
            (ErrorKind::Permission, why)
        }
        (Errno::PERM, _) => (ErrorKind::Permission, "it was opened for writing only".to_owned()),
        (Errno::OPNOTSUPP, _) if shape.map_type.name().is_none() => (
            ErrorKind::Invalid,
            format!("it is of type {}, which this version does not know", shape.map_type.0),
        ),
        (errno, Operation::Take)
            if is_hash(shape.map_type) && (errno == ENOTSUPP || errno == Errno::INVAL) =>
        {
            let since = Release::new(5, 14);
            let kind = ErrorKind::Unsupported { feature: "taking from hash maps", since };
            (kind, format!("this kernel cannot take elements out of a hash map ({since} can)"))
        }
        (errno, _) if errno == ENOTSUPP || errno == Errno::OPNOTSUPP || errno == Errno::INVAL => {
            (ErrorKind::Invalid, format!("maps of type {name} do not take that{}", hint(shape)))
        }
        _ => (ErrorKind::System, "the kernel refuses it".to_owned()),
    }
}

/// Whether keys are places in an array, some of which may be empty.
fn has_indices(map_type: MapType) -> bool {
    matches!(
        map_type,
        MapType::ARRAY
            | MapType::PERCPU_ARRAY
            | MapType::PROG_ARRAY
            | MapType::ARRAY_OF_MAPS
            | MapType::PERF_EVENT_ARRAY
            | MapType::CGROUP_ARRAY
            | MapType::DEVMAP
            | MapType::CPUMAP
            | MapType::XSKMAP
            | MapType::SOCKMAP
    )
}

pub(crate) fn is_hash(map_type: MapType) -> bool {
    matches!(
        map_type,
        MapType::HASH | MapType::LRU_HASH | MapType::PERCPU_HASH | MapType::LRU_PERCPU_HASH
    )
}

fn hint(shape: &Shape) -> &'static str {
    match shape.map_type {
        MapType::RINGBUF => ": a ring buffer is read by its reader",
        MapType::PERF_EVENT_ARRAY => ": a perf event array is read by its reader",
        MapType::USER_RINGBUF => ": a ring buffer for programs is filled by its producer",
        MapType::QUEUE | MapType::STACK => ": it has no keys, elements are pushed and taken",
        _ => "",
    }
}

/// Slices that do not fit the map.
#[cold]
pub(crate) fn wrong_size(name: &str, what: &str, has: usize, given: usize) -> Error {
    Error::invalid(format!("map `{name}` has {what}s of {has} bytes, the one given has {given}"))
}

/// Freezing, pinning and the like of a map that is not in a kernel.
#[cold]
pub(crate) fn only_in_kernel(name: &str, what: &str) -> Error {
    Error::invalid(format!("map `{name}` is not in a kernel: {what} is not possible"))
}
