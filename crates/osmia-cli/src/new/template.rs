//! What a new crate begins with.

use clap::ValueEnum;

use crate::new::dependency::Dependency;
use crate::new::name::Name;

/// A sort of programs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Template {
    /// Which files are opened: events through a ring buffer, from a tracepoint
    #[default]
    Tracepoint,
    /// Connections and how they went: functions of the kernel, entered and left (fentry, fexit)
    Fentry,
    /// Opened files by process: a hash map, filled by probes of a kernel function
    Kprobe,
    /// Calls by program: a function of a library or of any program
    Uprobe,
    /// Received packets, counted and dropped before the network stack
    Xdp,
    /// Packets of an interface in both directions
    Tc,
    /// Connections forbidden by a security hook
    Lsm,
    /// What a cgroup's processes send, counted and limited
    Cgroup,
    /// Who is at work: looks many times a second on each CPU
    Perf,
    /// A line about each process: an iterator over the kernel's own data
    Iter,
    /// A congestion control of TCP: a table of callbacks that the kernel calls
    #[value(name = "struct_ops")]
    StructOps,
}

/// What differs from one template to another.
struct Parts {
    name: &'static str,
    bpf: &'static str,
    main: &'static str,
    tests: &'static str,
    /// A sentence or two.
    about: &'static str,
    /// The arguments of its program.
    arguments: &'static str,
    /// What its tests do.
    tested: &'static str,
}

macro_rules! parts {
    ($name:literal, $about:literal, $arguments:literal, $tested:literal) => {
        Parts {
            name: $name,
            bpf: include_str!(concat!("../../templates/", $name, "/bpf.c")),
            main: include_str!(concat!("../../templates/", $name, "/main.rs")),
            tests: include_str!(concat!("../../templates/", $name, "/tests.rs")),
            about: $about,
            arguments: $arguments,
            tested: $tested,
        }
    };
}

const TRACEPOINT: Parts = parts!(
    "tracepoint",
    "Prints which files are opened, and by whom: a program on the tracepoint \
     `syscalls:sys_enter_openat` sends events\nthrough a ring buffer.",
    " [SECONDS]",
    "attaches the program and opens a file."
);
const FENTRY: Parts = parts!(
    "fentry",
    "Prints each TCP connection that is begun, and how that went: programs run when the \
     kernel's function `tcp_connect`\nis entered and left.",
    " [SECONDS]",
    "attaches the programs and makes a connection."
);
const KPROBE: Parts = parts!(
    "kprobe",
    "Prints which processes open the most files: probes of the kernel's function \
     `do_sys_openat2` count in a hash map.",
    " [SECONDS]",
    "attaches the probes and opens files."
);
const UPROBE: Parts = parts!(
    "uprobe",
    "Prints which programs call a function of a library, and how often: `open` of the C \
     library if nothing else is said.",
    " [FILE [FUNCTION [SECONDS]]]",
    "attaches the probe to a function and calls that."
);
const XDP: Parts = parts!(
    "xdp",
    "Counts the packets that an interface receives by protocol, and drops UDP packets to a \
     port, before the network stack\nsees them.",
    " INTERFACE [SECONDS [PORT]]",
    "runs the program on packets that it makes; nothing is attached."
);
const TC: Parts = parts!(
    "tc",
    "Counts an interface's packets and bytes in both directions, and marks those that \
     leave. It attaches by tcx, which takes\nLinux 6.6.",
    " INTERFACE [SECONDS [MARK]]",
    "runs the programs on packets that it makes; nothing is attached."
);
const LSM: Parts = parts!(
    "lsm",
    "Forbids connections to a port, for all processes, at the kernel's security hook \
     `socket_connect`. The kernel must ask\nBPF programs: `bpf` has to be in \
     `/sys/kernel/security/lsm`.",
    " PORT [SECONDS]",
    "attaches the program for a port of its own and is refused."
);
const CGROUP: Parts = parts!(
    "cgroup",
    "Counts what the processes of a cgroup send, and stops them at a limit.",
    " /sys/fs/cgroup/NAME [SECONDS [LIMIT]]",
    "runs the program on packets that it makes; nothing is attached."
);
const PERF: Parts = parts!(
    "perf",
    "Prints which processes are at work: a program looks 99 times a second on each CPU.",
    " [SECONDS]",
    "attaches the program and is at work itself."
);
const ITER: Parts = parts!(
    "iter",
    "Prints a line about each process: a program walks the kernel's list of them.",
    " [threads]",
    "runs the program and looks for its own line."
);
const STRUCT_OPS: Parts = parts!(
    "struct_ops",
    "Registers a congestion control of TCP, `fixed_window`, which keeps its window at a fixed size. Sockets choose it by\n\
     `TCP_CONGESTION`, and all new ones by `sysctl net.ipv4.tcp_congestion_control`. Its link takes Linux 6.4.",
    " [SECONDS [WINDOW]]",
    "registers it and looks for it in the kernel's list."
);

impl Template {
    fn parts(self) -> Parts {
        match self {
            Self::Tracepoint => TRACEPOINT,
            Self::Fentry => FENTRY,
            Self::Kprobe => KPROBE,
            Self::Uprobe => UPROBE,
            Self::Xdp => XDP,
            Self::Tc => TC,
            Self::Lsm => LSM,
            Self::Cgroup => CGROUP,
            Self::Perf => PERF,
            Self::Iter => ITER,
            Self::StructOps => STRUCT_OPS,
        }
    }

    /// Its name on the command line.
    pub fn name(self) -> &'static str {
        self.parts().name
    }

    /// The crate's files: their paths in it, and their contents.
    pub fn files(self, name: &Name, dependency: &Dependency) -> Vec<(String, String)> {
        let Parts { bpf, main, tests, about, arguments, tested, .. } = self.parts();
        let module = name.module();
        let (osmia, osmia_build) =
            (dependency.manifest_value("osmia"), dependency.manifest_value("osmia-build"));
        let places = [
            ("@about@", about),
            ("@arguments@", arguments),
            ("@tested@", tested),
            ("@osmia@", &osmia),
            ("@osmia-build@", &osmia_build),
            ("@name@", name.package()),
            ("@module@", &module),
        ];
        let fill = |text: &str| {
            places.iter().fold(text.to_owned(), |text, (place, with)| text.replace(place, with))
        };
        let files = [
            ("Cargo.toml", include_str!("../../templates/manifest.toml")),
            ("README.md", include_str!("../../templates/readme.md")),
            (".gitignore", include_str!("../../templates/gitignore")),
            ("build.rs", include_str!("../../templates/build.rs")),
            ("src/bpf/@module@.bpf.c", bpf),
            ("src/main.rs", main),
            ("src/tests.rs", tests),
        ];
        files.into_iter().map(|(path, text)| (fill(path), fill(text))).collect()
    }
}
