//! Why a call was refused: found by looking, not guessed from the error number.

use std::fs::File;
use std::io;

use osmia_abi::{AttachType, MapType, ProgType};
use osmia_sys::{Capability, Errno};

use crate::error::Error;
use crate::error::kind::ErrorKind;
use crate::kernel::Kernel;
use crate::kernel::capabilities::{held, missing};
use crate::kernel::files::Files;
use crate::kernel::memlock::Memlock;
use crate::kernel::mounts;

/// The capabilities that creating a map takes.
pub(crate) fn to_create_map(map_type: MapType) -> Vec<Capability> {
    let network = [
        MapType::DEVMAP,
        MapType::DEVMAP_HASH,
        MapType::XSKMAP,
        MapType::SOCKMAP,
        MapType::SOCKHASH,
    ];
    let more = network.contains(&map_type).then_some(Capability::NetAdmin);
    [Capability::Bpf].into_iter().chain(more).collect()
}

/// The capabilities that loading a program takes.
pub(crate) fn to_load_program(prog_type: ProgType) -> Vec<Capability> {
    let (bpf, net, perf) = (Capability::Bpf, Capability::NetAdmin, Capability::Perfmon);
    match prog_type {
        ProgType::KPROBE
        | ProgType::TRACEPOINT
        | ProgType::PERF_EVENT
        | ProgType::RAW_TRACEPOINT
        | ProgType::RAW_TRACEPOINT_WRITABLE
        | ProgType::TRACING
        | ProgType::LSM
        | ProgType::STRUCT_OPS => vec![bpf, perf],
        ProgType::EXT => vec![bpf, net, perf],
        ProgType::SOCKET_FILTER
        | ProgType::CGROUP_SKB
        | ProgType::SK_REUSEPORT
        | ProgType::SK_LOOKUP
        | ProgType::SYSCALL => vec![bpf],
        _ => vec![bpf, net],
    }
}

/// Why `EPERM` or `EACCES` came, given what the attempt takes.
pub(crate) fn denied(kernel: &Kernel, needed: &[Capability], errno: Errno) -> Error {
    Error::new(ErrorKind::Permission, why_denied(kernel, needed)).caused_by(errno)
}

fn why_denied(kernel: &Kernel, needed: &[Capability]) -> String {
    let files = kernel.files();
    let held = held(files);
    let missing = held.map(|held| missing(held, needed)).unwrap_or_default();
    if !missing.is_empty() {
        return lacking_sentence(files, &missing);
    }
    let (list, are) = (joined(needed), if needed.len() == 1 { "is" } else { "are" });
    let known = if held.is_some() { format!("{list} {are} held, but ") } else { String::new() };
    if in_user_namespace(files) {
        return format!(
            "{known}only in a user namespace: run in the initial one, or with a BPF token"
        );
    }
    if let Some(suspicion) = Memlock::suspicion(kernel) {
        return format!("{known}{suspicion}");
    }
    if let Some(mode) = lockdown(files) {
        return format!(
            "{known}the kernel is locked down ({mode}), which forbids it (/sys/kernel/security/lockdown)"
        );
    }
    if is_filtered(files) {
        return format!(
            "{known}this process runs under a seccomp filter, which may forbid bpf(2): look at the \
             container's or service's profile"
        );
    }
    match files.read("/sys/kernel/security/lsm") {
        Ok(modules) => format!(
            "{known}the kernel refuses it: a security module's policy may ({})",
            modules.trim()
        ),
        Err(_) => format!("{known}the kernel refuses it; a security policy may be the cause"),
    }
}

fn lacking_sentence(files: &Files, missing: &[Capability]) -> String {
    let list = joined(missing);
    let are = if missing.len() == 1 { "is" } else { "are" };
    let closed = match files.read("/proc/sys/kernel/unprivileged_bpf_disabled") {
        Ok(value) if missing.contains(&Capability::Bpf) && value.trim() != "0" => format!(
            " (kernel.unprivileged_bpf_disabled is {}, so that nothing goes without)",
            value.trim()
        ),
        _ => String::new(),
    };
    let grants: Vec<String> = missing.iter().map(|one| one.to_string().to_lowercase()).collect();
    format!(
        "{list} {are} missing{closed}: run as root, or `setcap {}+ep` the program",
        grants.join(",")
    )
}

fn joined(capabilities: &[Capability]) -> String {
    let names: Vec<String> = capabilities.iter().map(ToString::to_string).collect();
    names.join(" and ")
}

/// Whether this process is in a user namespace of its own.
pub(crate) fn in_user_namespace(files: &Files) -> bool {
    let Ok(map) = files.read("/proc/self/uid_map") else { return false };
    let words: Vec<&str> = map.split_whitespace().collect();
    words != ["0", "0", "4294967295"]
}

/// The mode of lockdown, unless there is none.
fn lockdown(files: &Files) -> Option<String> {
    let modes = files.read("/sys/kernel/security/lockdown").ok()?;
    let mode = modes.split_once('[')?.1.split_once(']')?.0.to_owned();
    // `integrity` leaves BPF alone.
    (mode == "confidentiality").then_some(mode)
}

fn is_filtered(files: &Files) -> bool {
    let status = files.read("/proc/thread-self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("Seccomp:"));
    line.is_some_and(|mode| mode.trim() == "2")
}

/// Whether this program attaches by patching a function of the kernel.
pub(crate) fn patches_functions(prog_type: ProgType, attach_type: Option<AttachType>) -> bool {
    match prog_type {
        ProgType::LSM | ProgType::EXT => true,
        ProgType::TRACING => matches!(
            attach_type,
            Some(AttachType::TRACE_FENTRY | AttachType::TRACE_FEXIT | AttachType::MODIFY_RETURN)
        ),
        _ => false,
    }
}

/// Why a program that patches functions is refused although all capabilities are there: some
/// vendors' kernels forbid it, and close tracefs's list of such functions as well.
pub(crate) fn patching_is_forbidden(kernel: &Kernel) -> Option<String> {
    let tracefs = mounts::first(kernel.files(), "tracefs")?;
    let list = tracefs.join("available_filter_functions");
    let error = File::open(&list).err()?;
    (error.kind() == io::ErrorKind::PermissionDenied).then(|| {
        format!(
            "this kernel forbids patching its functions, which fentry, fexit, fmod_ret, LSM and \
             freplace programs need ({} cannot be opened either)",
            list.display()
        )
    })
}

/// Why an object could not be opened by its id.
pub(crate) fn by_id(kernel: &Kernel, noun: &str, id: u32, errno: Errno) -> Error {
    let attempt = format!("open {noun} {id}");
    match errno {
        Errno::NOENT => {
            Error::not_found(format!("there is no {noun} with id {id}")).caused_by(errno)
        }
        Errno::PERM | Errno::ACCESS => {
            denied(kernel, &[Capability::SysAdmin], errno).during(attempt)
        }
        _ => Error::new(ErrorKind::System, attempt).caused_by(errno),
    }
}

#[cfg(test)]
mod tests;
