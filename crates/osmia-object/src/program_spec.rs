//! A program as data.

use osmia_abi::{AttachType, ProgType};

use crate::function::FunctionId;

/// A program: its code, what kind it is, and what it wants to be attached to.
#[derive(Clone, Debug)]
#[allow(clippy::struct_excessive_bools)]
pub struct ProgramSpec {
    /// The name of its entry function.
    pub name: String,
    /// The ELF section that it stands in, as written: `?xdp`, `kprobe/do_exit`.
    pub section: String,
    /// The kernel's type, from the section's name. `None` if that name is not known;
    /// the program can be looked at, and loaded once the caller has set a type.
    pub prog_type: Option<ProgType>,
    /// What the program will be attached as, where its type knows several ways.
    pub attach_type: Option<AttachType>,
    /// What the section's name says to attach to: `do_exit`, `syscalls/sys_enter_close`.
    pub attach_target: Option<String>,
    /// Whether it may sleep (`.s` sections, `syscall`): `BPF_F_SLEEPABLE`.
    pub sleepable: bool,
    /// Whether it can take XDP frames of several buffers: `BPF_F_XDP_HAS_FRAGS`.
    pub xdp_frags: bool,
    /// More flags for `BPF_PROG_LOAD`.
    pub flags: u32,
    /// Whether loading the object loads it; false for sections that begin with `?`.
    pub autoload: bool,
    /// Whether attaching the object attaches it.
    pub autoattach: bool,
    /// The interface that an offloaded program is for, 0 otherwise.
    pub ifindex: u32,
    /// How much the verifier is to say of it: 1 the usual, 2 each step, 4 added for the figures;
    /// `None` for what is asked of the whole object.
    pub log_level: Option<u32>,
    /// Its first function.
    pub entry: FunctionId,
}
