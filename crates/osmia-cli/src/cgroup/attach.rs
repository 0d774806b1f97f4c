//! `osmia cgroup attach` and `osmia cgroup detach`.

use std::os::fd::AsFd as _;
use std::path::PathBuf;

use clap::Args;
use osmia::Kernel;
use osmia_abi::AttachType;
use osmia_abi::flags::{BPF_F_ALLOW_MULTI, BPF_F_ALLOW_OVERRIDE};
use osmia_sys::{AttachTarget, Errno, ProgAttach};

use crate::cgroup::programs::{attach_types, open};
use crate::failure::Failure;
use crate::map::open::program;
use crate::near::no_such;
use crate::words::Words;

// The arguments of `osmia cgroup attach`.
#[derive(Args)]
#[command(
    after_help = "Without multi or override the cgroup takes one program, and cgroups within it none.

Examples:
  osmia cgroup attach /sys/fs/cgroup/test cgroup_inet_egress name count multi"
)]
pub struct Attach {
    /// The directory of the cgroup
    path: PathBuf,
    /// When to run, which program, and perhaps `multi` or `override`
    #[arg(required = true, value_name = "ATTACH_TYPE PROG [multi|override]")]
    words: Vec<String>,
}

// The arguments of `osmia cgroup detach`.
#[derive(Args)]
#[command(after_help = "Examples:
  osmia cgroup detach /sys/fs/cgroup/test cgroup_inet_egress name count")]
pub struct Detach {
    /// The directory of the cgroup
    path: PathBuf,
    /// When it runs, and which program
    #[arg(required = true, value_name = "ATTACH_TYPE PROG")]
    words: Vec<String>,
}

impl Attach {
    /// Attaches a program.
    ///
    /// # Errors
    /// There is no such cgroup or program, or the kernel refuses.
    pub fn run(&self) -> Result<(), Failure> {
        let kernel = Kernel::running()?;
        let mut words = Words::new(&self.words);
        let attach_type = attach_type(words.next("the attach type")?)?;
        let prog = program(&kernel, &mut words)?;
        let mut flags = 0;
        while !words.is_empty() {
            flags |= match words.keyword(&["multi", "override"])? {
                "multi" => BPF_F_ALLOW_MULTI,
                _ => BPF_F_ALLOW_OVERRIDE,
            };
        }
        let cgroup = open(&self.path)?;
        let attach = at(AttachTarget::Fd(cgroup.as_fd()), attach_type, flags);
        kernel.bpf().prog_attach(prog.fd()?, &attach).map_err(|errno| {
            let hint = match errno {
                Errno::PERM => {
                    " (it takes CAP_NET_ADMIN and CAP_BPF, and a cgroup above that was attached to with \
                     `multi` or `override`)"
                }
                Errno::INVAL => {
                    " (the program's type must be one for this attach type, and its flags those of \
                     programs that are there)"
                }
                _ => "",
            };
            let id = prog.info().map(|info| info.id).unwrap_or_default();
            let path = self.path.display();
            Failure::because(format!("attach program {id} to cgroup {path}{hint}"), &errno)
        })
    }
}

impl Detach {
    /// Detaches a program.
    ///
    /// # Errors
    /// There is no such cgroup or program, or it is not attached there.
    pub fn run(&self) -> Result<(), Failure> {
        let kernel = Kernel::running()?;
        let mut words = Words::new(&self.words);
        let attach_type = attach_type(words.next("the attach type")?)?;
        let prog = program(&kernel, &mut words)?;
        words.end()?;
        let cgroup = open(&self.path)?;
        let attach = at(AttachTarget::Fd(cgroup.as_fd()), attach_type, 0);
        kernel.bpf().prog_detach(Some(prog.fd()?), &attach).map_err(|errno| {
            let id = prog.info().map(|info| info.id).unwrap_or_default();
            let path = self.path.display();
            let hint = match errno {
                Errno::NOENT => {
                    ": it is not attached there by itself; a link lets go with `osmia link detach`"
                }
                _ => "",
            };
            Failure::because(format!("detach program {id} from cgroup {path}{hint}"), &errno)
        })
    }
}

fn at(target: AttachTarget<'_>, attach_type: AttachType, flags: u32) -> ProgAttach<'_> {
    ProgAttach { target, attach_type, flags, replace: None, position: None, expected_revision: 0 }
}

/// An attach type by its name, of which the beginning and `cgroup_` may be left out.
fn attach_type(word: &str) -> Result<AttachType, Failure> {
    let known: Vec<(AttachType, &str)> =
        attach_types().filter_map(|ty| Some((ty, ty.name()?))).collect();
    let short = |name: &str| name.strip_prefix("cgroup_").unwrap_or(name).to_owned();
    // The old names of bpftool: `ingress`, `egress`, `sock_create`.
    let tail = |name: &str| short(name).strip_prefix("inet_").map(str::to_owned);
    let exact = known.iter().find(|(_, name)| *name == word || short(name) == word);
    let found =
        exact.or_else(|| known.iter().find(|(_, name)| tail(name).as_deref() == Some(word)));
    found.map(|(ty, _)| *ty).ok_or_else(|| {
        Failure::usage(no_such("attach type", word, known.iter().map(|(_, name)| *name)))
    })
}

#[cfg(test)]
mod tests {
    use osmia_abi::AttachType;

    use super::attach_type;

    #[test]
    fn attach_types_have_short_names() {
        for name in ["cgroup_inet_egress", "inet_egress", "egress"] {
            assert_eq!(attach_type(name).unwrap(), AttachType::CGROUP_INET_EGRESS);
        }
        assert_eq!(attach_type("sock_ops").unwrap(), AttachType::CGROUP_SOCK_OPS);
        assert!(attach_type("xdp").is_err());
    }
}
