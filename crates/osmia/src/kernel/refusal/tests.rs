use std::fs;
use std::path::Path;

use osmia_abi::{MapType, ProgType};
use osmia_sys::Errno;
use tempfile::TempDir;

use super::{denied, to_create_map, to_load_program};
use crate::error::kind::ErrorKind;
use crate::kernel::Kernel;

/// A machine whose procfs says this, with nobody's capabilities unless said.
struct Machine(TempDir);

impl Machine {
    fn new(capabilities: u64) -> Self {
        let machine = Self(TempDir::new().unwrap());
        let status = format!("Name:\tx\nCapEff:\t{capabilities:016x}\nSeccomp:\t0\n");
        machine
            .say("proc/thread-self/status", &status)
            .say("proc/self/uid_map", "         0          0 4294967295\n")
            .say("proc/sys/kernel/unprivileged_bpf_disabled", "2\n")
    }

    fn say(self, path: &str, text: &str) -> Self {
        let path = self.0.path().join(path);
        fs::create_dir_all(path.parent().unwrap_or(Path::new("/"))).unwrap();
        fs::write(path, text).unwrap();
        self
    }

    fn refusal(&self, prog_type: ProgType) -> String {
        let kernel = Kernel::builder().root(self.0.path()).build().unwrap();
        let error = denied(&kernel, &to_load_program(prog_type), Errno::PERM);
        assert_eq!(error.kind(), ErrorKind::Permission);
        assert_eq!(error.errno(), Some(1));
        error.to_string()
    }
}

const ALL: u64 = (1 << 41) - 1;

#[test]
fn the_missing_capability_is_named() {
    let text = Machine::new(1 << 39).refusal(ProgType::KPROBE);
    assert_eq!(text, "CAP_PERFMON is missing: run as root, or `setcap cap_perfmon+ep` the program");
    let text = Machine::new(0).refusal(ProgType::XDP);
    assert!(text.starts_with("CAP_BPF and CAP_NET_ADMIN are missing"), "{text}");
    assert!(text.contains("unprivileged_bpf_disabled is 2"), "{text}");
    assert_eq!(to_create_map(MapType::XSKMAP).len(), 2);
    assert_eq!(to_create_map(MapType::HASH).len(), 1);
}

#[test]
fn a_user_namespace_is_seen() {
    let machine = Machine::new(ALL).say("proc/self/uid_map", "0 1000 1\n");
    let text = machine.refusal(ProgType::KPROBE);
    assert!(text.contains("only in a user namespace"), "{text}");
}

#[test]
fn lockdown_seccomp_and_security_modules_are_seen() {
    let locked = "none integrity [confidentiality]\n";
    let machine = Machine::new(ALL).say("sys/kernel/security/lockdown", locked);
    assert!(machine.refusal(ProgType::KPROBE).contains("locked down (confidentiality)"));

    let status = format!("CapEff:\t{ALL:016x}\nSeccomp:\t2\n");
    let machine = Machine::new(ALL).say("proc/thread-self/status", &status);
    assert!(machine.refusal(ProgType::KPROBE).contains("seccomp"));

    let machine = Machine::new(ALL)
        .say("sys/kernel/security/lockdown", "none [integrity] confidentiality\n")
        .say("sys/kernel/security/lsm", "capability,apparmor\n");
    let text = machine.refusal(ProgType::KPROBE);
    assert!(text.contains("CAP_BPF and CAP_PERFMON are held, but"), "{text}");
    assert!(text.contains("(capability,apparmor)"), "{text}");
}

#[test]
fn a_machine_that_tells_nothing_is_not_accused() {
    let empty = TempDir::new().unwrap();
    let kernel = Kernel::builder().root(empty.path()).build().unwrap();
    let text = denied(&kernel, &to_load_program(ProgType::KPROBE), Errno::PERM).to_string();
    assert!(text.starts_with("the kernel refuses it"), "{text}");
}
