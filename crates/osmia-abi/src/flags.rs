//! Flags of bpf(2) and its neighbours, under the kernel's names.
//!
//! Those that the kernel declares as enumerators are generated; the others are preprocessor macros, which BTF
//! does not know, and are written down here.

pub use crate::generated::flags::*;

/// `BPF_PROG_LOAD`: refuse any misaligned access.
pub const BPF_F_STRICT_ALIGNMENT: u32 = 1 << 0;
/// `BPF_PROG_LOAD`: allow any misaligned access.
pub const BPF_F_ANY_ALIGNMENT: u32 = 1 << 1;
/// `BPF_PROG_LOAD`: fill the upper halves of 32-bit results with noise, a test of the verifier.
pub const BPF_F_TEST_RND_HI32: u32 = 1 << 2;
/// `BPF_PROG_LOAD`: let the verifier compare states at every instruction.
pub const BPF_F_TEST_STATE_FREQ: u32 = 1 << 3;
/// `BPF_PROG_LOAD`: the program may sleep.
pub const BPF_F_SLEEPABLE: u32 = 1 << 4;
/// `BPF_PROG_LOAD`: the XDP program handles packets in several fragments.
pub const BPF_F_XDP_HAS_FRAGS: u32 = 1 << 5;
/// `BPF_PROG_LOAD`: the XDP program is bound to a device, yet not offloaded.
pub const BPF_F_XDP_DEV_BOUND_ONLY: u32 = 1 << 6;
/// `BPF_PROG_LOAD`: turn the verifier's broken invariants into errors.
pub const BPF_F_TEST_REG_INVARIANTS: u32 = 1 << 7;

/// `BPF_PROG_ATTACH`: a program of a cgroup below may replace this one.
pub const BPF_F_ALLOW_OVERRIDE: u32 = 1 << 0;
/// `BPF_PROG_ATTACH`: programs of cgroups below run as well as this one.
pub const BPF_F_ALLOW_MULTI: u32 = 1 << 1;
/// `BPF_PROG_ATTACH` and `BPF_LINK_UPDATE`: replace the program that is named.
pub const BPF_F_REPLACE: u32 = 1 << 2;
/// Attach before the program or link that is named.
pub const BPF_F_BEFORE: u32 = 1 << 3;
/// Attach after the program or link that is named.
pub const BPF_F_AFTER: u32 = 1 << 4;
/// What is named as the neighbour is an id, not a file descriptor.
pub const BPF_F_ID: u32 = 1 << 5;
/// Attach a cgroup program ahead of those that were attached without this flag.
pub const BPF_F_PREORDER: u32 = 1 << 6;

/// `BPF_PROG_QUERY`: also the programs that are inherited.
pub const BPF_F_QUERY_EFFECTIVE: u32 = 1 << 0;

/// `BPF_PROG_TEST_RUN`: run on the given CPU.
pub const BPF_F_TEST_RUN_ON_CPU: u32 = 1 << 0;
/// `BPF_PROG_TEST_RUN`: send the packets on, as the program's verdict says.
pub const BPF_F_TEST_XDP_LIVE_FRAMES: u32 = 1 << 1;
/// `BPF_PROG_TEST_RUN`: mark the packet's checksum as complete.
pub const BPF_F_TEST_SKB_CHECKSUM_COMPLETE: u32 = 1 << 2;

/// `BPF_PROG_STREAM_READ_BY_FD`: the standard output of a program.
pub const BPF_STREAM_STDOUT: u32 = 1;
/// `BPF_PROG_STREAM_READ_BY_FD`: the standard error of a program.
pub const BPF_STREAM_STDERR: u32 = 2;

/// XDP: attach only if nothing is attached.
pub const XDP_FLAGS_UPDATE_IF_NOEXIST: u32 = 1 << 0;
/// XDP: the generic mode, which every interface has.
pub const XDP_FLAGS_SKB_MODE: u32 = 1 << 1;
/// XDP: the mode of the interface's driver.
pub const XDP_FLAGS_DRV_MODE: u32 = 1 << 2;
/// XDP: the mode in which the device itself runs the program.
pub const XDP_FLAGS_HW_MODE: u32 = 1 << 3;
/// XDP: replace the program whose file descriptor is given.
pub const XDP_FLAGS_REPLACE: u32 = 1 << 4;

/// The bytes of an object's name in attributes and info, the NUL at its end included.
pub const BPF_OBJ_NAME_LEN: usize = 16;
/// The bytes of a program's tag.
pub const BPF_TAG_SIZE: usize = 8;
/// The bytes of a build id.
pub const BPF_BUILD_ID_SIZE: usize = 20;
