//! Tables of callbacks that the kernel calls: `tcp_congestion_ops`, `sched_ext_ops`.

use std::fmt;
use std::os::fd::AsFd as _;

use osmia_abi::AttachType;
use osmia_sys::{Capability, Errno, LinkCreate, LinkTail};

use crate::error::Error;
use crate::kernel::Kernel;
use crate::link::refused::refused;
use crate::link::setting::{OwnedSetting, Setting};
use crate::link::{Held, Link};
use crate::map::Map;
use crate::program::Program;

/// The key of a table's only value.
const KEY: [u8; 4] = [0; 4];

/// A loaded table of callbacks (`SEC(".struct_ops")`, `SEC(".struct_ops.link")`), which is registered
/// with the kernel when it is attached.
///
/// # Kernel
/// Since 5.6; tables in `.struct_ops.link` since 6.4, and those of modules since 6.9. Needs
/// `CAP_BPF` and `CAP_NET_ADMIN` or `CAP_SYS_ADMIN`.
///
/// # Examples
/// ```no_run
/// # fn example(object: osmia::Object) -> Result<(), osmia::Error> {
/// let _link = object.struct_ops("my_cubic")?.attach()?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct StructOps {
    kernel: Kernel,
    map: Map,
    name: String,
    value: Vec<u8>,
    /// The value names them by their descriptors.
    programs: Vec<Program>,
    by_link: bool,
}

impl StructOps {
    pub(crate) fn new(
        kernel: &Kernel,
        map: &Map,
        name: &str,
        value: Vec<u8>,
        programs: Vec<Program>,
        by_link: bool,
    ) -> Self {
        let (kernel, map, name) = (kernel.clone(), map.clone(), name.to_owned());
        Self { kernel, map, name, value, programs, by_link }
    }

    /// The variable's name in C.
    pub fn name(&self) -> &str {
        self.map.name()
    }

    /// The name of the kernel's struct: `tcp_congestion_ops`.
    pub fn struct_name(&self) -> &str {
        &self.name
    }

    /// The map that the kernel keeps the table in.
    pub fn map(&self) -> &Map {
        &self.map
    }

    /// Whether it is registered by a link of the kernel (`SEC(".struct_ops.link")`), which can be pinned.
    pub fn is_by_link(&self) -> bool {
        self.by_link
    }

    /// The programs that stand in it.
    pub fn programs(&self) -> &[Program] {
        &self.programs
    }

    /// Registers the table with the kernel, for as long as the link lives.
    ///
    /// # Errors
    /// `Invalid`: a callback is missing that the kernel needs, or a value does not fit; `Exists`: a
    /// table of this name is registered already; `Busy`: this one is; `Permission`.
    pub fn attach(&self) -> Result<Link, Error> {
        let place = self.to_string();
        let attempt = || format!("register {place}");
        let failed = |errno| {
            let hint = match errno {
                Errno::INVAL => {
                    ": a callback that the kernel needs may be missing, or a value does not fit"
                }
                Errno::EXIST => ": one of that name is registered already",
                Errno::BUSY => ": it is registered already, or was and cannot be again",
                _ => "",
            };
            let needed = [Capability::Bpf, Capability::NetAdmin];
            refused(&self.kernel, &needed, errno, format!("{}{hint}", attempt()))
        };
        let map = self.map.kernel("registering a table of callbacks")?;
        match self.kernel.bpf().map_update(map.fd(), &KEY, &self.value, 0) {
            // A table with links keeps its value from one link to the next.
            Err(Errno::BUSY) if self.by_link => {}
            outcome => outcome.map_err(failed)?,
        }
        if !self.by_link {
            let registered = Registered { map: self.map.clone(), gone: false };
            let held = Held::Setting(OwnedSetting::new(registered));
            return Ok(Link::new(&self.kernel, place, held));
        }
        let created = self.kernel.bpf().link_create(&LinkCreate {
            prog: map.fd().as_fd(),
            target: None,
            attach_type: AttachType::STRUCT_OPS,
            flags: 0,
            tail: LinkTail::None,
        });
        let link = created.map_err(failed)?;
        Ok(Link::new(&self.kernel, place.clone(), Held::Link(link)))
    }
}

impl fmt::Display for StructOps {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} `{}`", self.name, self.name())
    }
}

/// A table that is registered without a link.
#[derive(Debug)]
struct Registered {
    map: Map,
    gone: bool,
}

impl Setting for Registered {
    fn undo(&mut self) -> Result<(), Errno> {
        if std::mem::replace(&mut self.gone, true) {
            return Ok(());
        }
        let Ok(map) = self.map.kernel("taking a table of callbacks back") else { return Ok(()) };
        map.bpf().map_delete(map.fd(), &KEY)
    }
}
