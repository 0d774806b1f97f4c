//! Programs of control groups.

use std::fs::File;
use std::os::fd::AsFd as _;
use std::path::{Path, PathBuf};

use osmia_abi::AttachType;
use osmia_abi::flags::{BPF_F_ALLOW_MULTI, BPF_F_ALLOW_OVERRIDE};
use osmia_sys::{AttachTarget, Bpf, Capability, Errno, LinkCreate, LinkTail, ProgAttach, ProgFd};

use crate::error::Error;
use crate::error::kind::{ErrorKind, Release};
use crate::kernel::Kernel;
use crate::link::order::Anchor;
use crate::link::refused::refused;
use crate::link::setting::{OwnedSetting, Setting};
use crate::link::{Held, Link, attach_types};

/// How a program shares a cgroup with others.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum CgroupMode {
    /// By a link where the kernel has them, and otherwise as [`Multi`](Self::Multi).
    #[default]
    Link,
    /// Without a link, beside other programs, here and in the cgroups below (since 4.15).
    Multi,
    /// Without a link, alone; cgroups below may put another program in its place.
    Override,
    /// Without a link, alone, here and in the cgroups below.
    Exclusive,
}

/// A control group of the unified tree, by its directory, and how a program is attached to it.
///
/// # Kernel
/// Since 4.10 for packets and sockets, other programs later; links since 5.7.
///
/// # Examples
/// ```
/// use osmia::{Cgroup, CgroupMode};
///
/// let all_of_the_service = Cgroup::new("/sys/fs/cgroup/system.slice/web.service");
/// let as_before_links = Cgroup::new("/sys/fs/cgroup/work").mode(CgroupMode::Override);
/// ```
#[derive(Clone, Debug)]
pub struct Cgroup {
    path: PathBuf,
    attach_type: Option<AttachType>,
    mode: CgroupMode,
    anchor: Option<Anchor>,
}

impl Cgroup {
    /// The cgroup with this directory.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self { path: path.into(), attach_type: None, mode: CgroupMode::Link, anchor: None }
    }

    /// What the program is attached as, where its section does not say: `SEC("cgroup/skb")` fits packets that come in
    /// and packets that go out.
    #[must_use]
    pub fn attach_type(mut self, attach_type: AttachType) -> Self {
        self.attach_type = Some(attach_type);
        self
    }

    /// How it shares the cgroup with other programs.
    #[must_use]
    pub fn mode(mut self, mode: CgroupMode) -> Self {
        self.mode = mode;
        self
    }

    /// Where among the others it runs; after all of them if nothing is said.
    ///
    /// # Kernel
    /// Since 6.17.
    #[must_use]
    pub fn at(mut self, anchor: Anchor) -> Self {
        self.anchor = Some(anchor);
        self
    }

    fn open(&self) -> Result<File, Error> {
        let path = self.path.display();
        let file = File::open(&self.path).map_err(|error| {
            let kind = match error.kind() {
                std::io::ErrorKind::NotFound => ErrorKind::NotFound,
                std::io::ErrorKind::PermissionDenied => ErrorKind::Permission,
                _ => ErrorKind::System,
            };
            Error::new(kind, format!("open the cgroup {path}")).caused_by(error)
        })?;
        Ok(file)
    }
}

#[derive(Debug)]
struct Attached {
    bpf: Bpf,
    cgroup: File,
    attach_type: AttachType,
    prog: Option<ProgFd>,
}

impl Setting for Attached {
    fn undo(&mut self) -> Result<(), Errno> {
        let Some(prog) = self.prog.take() else { return Ok(()) };
        let attach = request(&self.cgroup, self.attach_type, 0);
        match self.bpf.prog_detach(Some(prog.as_fd()), &attach) {
            // The cgroup was removed, and its programs with it.
            Err(Errno::NOENT) if !exists(&self.cgroup) => Ok(()),
            other => other,
        }
    }
}

fn exists(cgroup: &File) -> bool {
    use std::os::unix::fs::MetadataExt as _;
    cgroup.metadata().is_ok_and(|meta| meta.nlink() > 0)
}

fn request(cgroup: &File, attach_type: AttachType, flags: u32) -> ProgAttach<'_> {
    ProgAttach {
        target: AttachTarget::Fd(cgroup.as_fd()),
        attach_type,
        flags,
        replace: None,
        position: None,
        expected_revision: 0,
    }
}

/// Attaches a program to a cgroup; `said` is what its section says that it is attached as.
pub(crate) fn attach(
    kernel: &Kernel,
    prog: &ProgFd,
    said: Option<AttachType>,
    at: &Cgroup,
) -> Result<Link, Error> {
    let Some(attach_type) = at.attach_type.or(said) else {
        return Err(Error::invalid(
            "neither its section nor `Cgroup::attach_type` says what it is to be attached as, such as CGROUP_INET_INGRESS",
        ));
    };
    let place = format!("cgroup {} as {attach_type}", at.path.display());
    let attempt = || format!("attach to {place}");
    let cgroup = at.open().map_err(|error| error.during(attempt()))?;
    let flags = match at.mode {
        CgroupMode::Link => {
            match by_link(kernel, prog, &cgroup, attach_type, at.anchor.as_ref())? {
                Ok(link) => return Ok(Link::new(kernel, place, Held::Link(link))),
                // Kernels before 5.7 have no links; those that have say EINVAL for other reasons, and then again.
                Err(Errno::INVAL)
                    if at.anchor.is_none() && attach_type != AttachType::LSM_CGROUP =>
                {
                    BPF_F_ALLOW_MULTI
                }
                Err(errno) => return Err(failed(kernel, errno, &at.path, attach_type, attempt())),
            }
        }
        CgroupMode::Multi => BPF_F_ALLOW_MULTI,
        CgroupMode::Override => BPF_F_ALLOW_OVERRIDE,
        CgroupMode::Exclusive => 0,
    };
    let bpf = kernel.bpf().clone();
    let set = bpf.prog_attach(prog, &request(&cgroup, attach_type, flags));
    set.and_then(|()| prog.try_clone())
        .map(|prog| {
            let attached = Attached { bpf, cgroup, attach_type, prog: Some(prog) };
            Link::new(kernel, place.clone(), Held::Setting(OwnedSetting::new(attached)))
        })
        .map_err(|errno| failed(kernel, errno, &at.path, attach_type, attempt()))
}

fn by_link(
    kernel: &Kernel,
    prog: &ProgFd,
    cgroup: &File,
    attach_type: AttachType,
    anchor: Option<&Anchor>,
) -> Result<Result<osmia_sys::LinkFd, Errno>, Error> {
    let position = anchor.map(Anchor::position).transpose()?;
    let tail = match position {
        None => LinkTail::None,
        position => LinkTail::Ordered { position, expected_revision: 0 },
    };
    Ok(kernel.bpf().link_create(&LinkCreate {
        prog: prog.as_fd(),
        target: Some(AttachTarget::Fd(cgroup.as_fd())),
        attach_type,
        flags: 0,
        tail,
    }))
}

fn failed(
    kernel: &Kernel,
    errno: Errno,
    path: &Path,
    attach_type: AttachType,
    attempt: String,
) -> Error {
    let since = Release::new(6, 0);
    let lsm = attach_type == AttachType::LSM_CGROUP;
    if let Some(lacking) = attach_types::lacking(kernel, attach_type, "this attach type", since)
        .filter(|_| lsm && errno == Errno::INVAL)
    {
        return lacking.caused_by(errno).during(attempt);
    }
    let needed = if lsm { Capability::SysAdmin } else { Capability::NetAdmin };
    let told = match errno {
        Errno::BADF => format!("{} is no directory of the unified cgroup tree", path.display()),
        Errno::PERM if crate::kernel::capabilities::held(kernel.files())
            .is_some_and(|held| held.has(needed)) =>
        {
            "a program of this cgroup, or of one above it, is attached so that it shares with no other".to_owned()
        }
        _ => return refused(kernel, &[needed], errno, attempt),
    };
    let kind = if errno == Errno::BADF { ErrorKind::Invalid } else { ErrorKind::Busy };
    Error::new(kind, told).caused_by(errno).during(attempt)
}
