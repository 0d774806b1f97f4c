//! Marks of programs and libraries (USDT).

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use osmia_abi::AttachType;
use osmia_object::usdt::{Argument, UsdtError, UsdtFile, UsdtProbe};
use osmia_sys::ProgFd;

use crate::error::Error;
use crate::error::kind::ErrorKind;
use crate::kernel::Kernel;
use crate::link::usdt::attachment::{UsdtAttachment, UsdtPlace, UsdtPlaces};
use crate::link::usdt::specs::{Lease, UsdtSpecs};
use crate::link::{Held, Link, executable, uprobe};
use crate::near::instead_of;

pub(crate) mod attachment;
mod running;
pub(crate) mod specs;

/// A mark that the authors of a program or library have made, such as `libc:setjmp`. It may be at several places, and a
/// program is attached to all of them.
///
/// The file is a path, the name of a library as the dynamic loader finds it (`libc.so.6`), or a command.
///
/// # Examples
/// ```
/// use osmia::Usdt;
///
/// let jumps = Usdt::new("libc.so.6", "libc", "setjmp").cookie(7);
/// assert_eq!(jumps.to_string(), "usdt libc.so.6:libc:setjmp");
/// let mine = jumps.process(std::process::id());
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Usdt {
    file: PathBuf,
    provider: String,
    name: String,
    process: Option<u32>,
    cookie: Option<u64>,
}

impl Usdt {
    /// The mark of this name, of this provider, in this file.
    pub fn new(
        file: impl Into<PathBuf>,
        provider: impl Into<String>,
        name: impl Into<String>,
    ) -> Self {
        let (file, provider, name) = (file.into(), provider.into(), name.into());
        Self { file, provider, name, process: None, cookie: None }
    }

    /// Reads `file:provider:name`.
    ///
    /// # Errors
    /// `Invalid`: the text has no such form.
    pub fn parse(text: &str) -> Result<Self, Error> {
        let mut parts = text.rsplitn(3, ':');
        match (parts.next(), parts.next(), parts.next()) {
            (Some(name), Some(provider), Some(file))
                if !(name.is_empty() || provider.is_empty() || file.is_empty()) =>
            {
                Ok(Self::new(file, provider, name))
            }
            _ => Err(Error::invalid(format!(
                "`{text}` is no mark of a program: write its file, provider and name, such as `libc.so.6:libc:setjmp`"
            ))),
        }
    }

    /// In this process only; in all that run the file if none is said.
    #[must_use]
    pub fn process(mut self, pid: u32) -> Self {
        self.process = Some(pid);
        self
    }

    /// The number that `bpf_usdt_cookie` returns to the program; or `bpf_get_attach_cookie` to one that asks
    /// for nothing of `bpf/usdt.bpf.h`, since 5.15.
    #[must_use]
    pub fn cookie(mut self, cookie: u64) -> Self {
        self.cookie = Some(cookie);
        self
    }

    /// The mark's places.
    fn find<'f>(&self, file: &'f UsdtFile, path: &Path) -> Result<Vec<&'f UsdtProbe>, Error> {
        let path = path.display();
        if !file.has_notes {
            return Err(Error::not_found(format!(
                "{path} has no marks: there is no section `.note.stapsdt` in it"
            )));
        }
        let named = |probe: &&UsdtProbe| probe.provider == self.provider && probe.name == self.name;
        let found: Vec<&UsdtProbe> = file.probes.iter().filter(named).collect();
        if found.is_empty() {
            let wanted = format!("{}:{}", self.provider, self.name);
            let mut names: Vec<String> = file
                .probes
                .iter()
                .map(|probe| format!("{}:{}", probe.provider, probe.name))
                .collect();
            names.sort_unstable();
            names.dedup();
            let near = instead_of(&wanted, "marks", names.iter().map(String::as_str));
            return Err(Error::not_found(format!("{path} has no mark `{wanted}`; {near}")));
        }
        Ok(found)
    }
}

impl fmt::Display for Usdt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "usdt {}:{}:{}", self.file.display(), self.provider, self.name)
    }
}

/// The marks of a file.
pub(crate) fn read(path: &Path) -> Result<UsdtFile, Error> {
    let bytes = executable::sections(path, |name| name == NOTES)?;
    UsdtFile::parse(&bytes).map_err(|error| {
        let attempt = format!("read {}", path.display());
        Error::new(ErrorKind::Malformed, attempt).caused_by(error)
    })
}

/// The section in which marks are told.
const NOTES: &[u8] = b".note.stapsdt";

/// Attaches a program to all places of a mark, as what it was loaded for.
pub(crate) fn attach(
    kernel: &Kernel,
    prog: &ProgFd,
    attach_type: Option<AttachType>,
    specs: Option<&Arc<UsdtSpecs>>,
    at: &Usdt,
) -> Result<Link, Error> {
    let held = Attaching { kernel, prog, attach_type, at }
        .attach(specs)
        .map_err(|error| error.during(format!("attach to {at}")))?;
    Ok(Link::new(kernel, at.to_string(), Held::Usdt(held)))
}

struct Attaching<'a> {
    kernel: &'a Kernel,
    prog: &'a ProgFd,
    attach_type: Option<AttachType>,
    at: &'a Usdt,
}

impl Attaching<'_> {
    fn attach(&self, specs: Option<&Arc<UsdtSpecs>>) -> Result<UsdtAttachment, Error> {
        let path = uprobe::file(self.kernel, &self.at.file)?;
        let file = read(&path)?;
        let probes = self.at.find(&file, &path)?;
        let mut places = Vec::with_capacity(probes.len());
        for probe in &probes {
            places.push(UsdtPlace::new(probe, self.at.cookie)?);
        }
        let lease = match specs {
            Some(specs) => Some(self.tell(specs, &path, &file, &probes, &mut places)?),
            None => None,
        };
        let places = UsdtPlaces { path: &path, process: self.at.process, places: &places };
        match self.attach_type {
            Some(AttachType::TRACE_UPROBE_MULTI) => places.by_one_link(self.kernel, self.prog),
            _ => places.one_by_one(self.kernel, self.prog),
        }
        .map(|attachment| attachment.with(lease))
    }

    /// Tells the programs where the arguments are, and the places which of these they are of.
    fn tell(
        &self,
        specs: &Arc<UsdtSpecs>,
        path: &Path,
        file: &UsdtFile,
        probes: &[&UsdtProbe],
        places: &mut [UsdtPlace],
    ) -> Result<Lease, Error> {
        let mut lease = Lease::new(specs);
        for (probe, place) in probes.iter().zip(places) {
            let arguments = Argument::parse_all(&probe.arguments, file.machine)
                .map_err(|error| self.not_understood(error))?;
            let id = lease.spec(&arguments, self.at.cookie.unwrap_or(0)).map_err(|error| {
                error.during(format!("tell its arguments, `{}`", probe.arguments))
            })?;
            if specs.asks_by_address() {
                let address = running::address(self.kernel, path, file, probe, self.at.process)?;
                lease.address(address, id)?;
                place.cookie = None;
            } else {
                place.cookie = Some(u64::from(id));
            }
        }
        Ok(lease)
    }

    fn not_understood(&self, error: UsdtError) -> Error {
        let (provider, name) = (&self.at.provider, &self.at.name);
        let message = format!("the arguments of `{provider}:{name}` are not understood");
        Error::new(ErrorKind::Invalid, message).caused_by(error)
    }
}

#[cfg(test)]
mod tests {
    use super::Usdt;

    #[test]
    fn marks_are_read() {
        let setjmp = Usdt::new("libc.so.6", "libc", "setjmp");
        assert_eq!(Usdt::parse("libc.so.6:libc:setjmp").unwrap(), setjmp);
        let odd = Usdt::parse("/opt/a:b:libc:setjmp").unwrap();
        assert_eq!(odd, Usdt::new("/opt/a:b", "libc", "setjmp"));
        for wrong in ["", "setjmp", "libc:setjmp", ":libc:setjmp", "/lib/x::setjmp", "/lib/x:libc:"]
        {
            assert!(Usdt::parse(wrong).is_err(), "{wrong}");
        }
    }
}
