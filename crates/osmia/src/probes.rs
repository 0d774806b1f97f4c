//! Which probes there are: the places that programs can be attached to.

use osmia_btf::{Btf, Kind, TypeId, c};

use crate::error::Error;
use crate::kernel::Kernel;
use crate::link::pattern::fits;

mod functions;
mod tracepoints;
mod types;
mod user;

/// What kind of place it is; the words are those of section names in C.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ProbeKind {
    /// The start (or, as `kretprobe`, the end) of a kernel function.
    Kprobe,
    /// The start (or, as `fexit`, the end) of a kernel function whose types are known.
    Fentry,
    /// A tracepoint, `category/name`.
    Tracepoint,
    /// A tracepoint with its own arguments (`raw_tp`, `tp_btf`).
    RawTracepoint,
    /// A decision of the security modules.
    Lsm,
    /// A walk through objects of the kernel.
    Iter,
    /// A set of functions that a program can stand in for.
    StructOps,
    /// A function of a program or library.
    Uprobe,
    /// A place that the authors of a program or library have marked.
    Usdt,
}

/// A place that programs can be attached to.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Probe {
    /// What kind of place it is.
    pub kind: ProbeKind,
    /// Its name, without its kind.
    pub name: String,
    /// The module, program or library that it is in; none for the kernel itself.
    pub place: Option<String>,
    /// The function in C, where its types are known.
    pub prototype: Option<String>,
    /// What it tells, in C: the fields of a tracepoint, the functions of a `struct_ops`, the arguments of a
    /// mark.
    pub fields: Vec<String>,
}

impl ProbeKind {
    /// All kinds of places.
    pub const ALL: [Self; 9] = [
        Self::Kprobe,
        Self::Fentry,
        Self::Tracepoint,
        Self::RawTracepoint,
        Self::Lsm,
        Self::Iter,
        Self::StructOps,
        Self::Uprobe,
        Self::Usdt,
    ];

    /// The word for it, as section names in C begin.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Kprobe => "kprobe",
            Self::Fentry => "fentry",
            Self::Tracepoint => "tracepoint",
            Self::RawTracepoint => "raw_tp",
            Self::Lsm => "lsm",
            Self::Iter => "iter",
            Self::StructOps => "struct_ops",
            Self::Uprobe => "uprobe",
            Self::Usdt => "usdt",
        }
    }

    /// The kind of this word; its relatives count too: `kretprobe`, `fexit`, `tp_btf`.
    pub fn from_name(name: &str) -> Option<Self> {
        let same = match name {
            "kretprobe" | "k" => "kprobe",
            "fexit" | "fmod_ret" | "f" => "fentry",
            "tp" | "t" => "tracepoint",
            "tp_btf" | "rawtracepoint" | "rt" => "raw_tp",
            "uretprobe" | "u" => "uprobe",
            "U" => "usdt",
            other => other,
        };
        Self::ALL.into_iter().find(|kind| kind.name() == same)
    }
}

impl Kernel {
    /// The places that fit a pattern, sorted by kind and name: `kprobe:tcp_*`, `tracepoint:syscalls/*close*`
    /// (or with `:` for `/`), `fentry:vfs_*`, `lsm:*`, `iter:*`, `struct_ops:*`, `uprobe:/bin/bash:readline*`,
    /// `usdt:libc:*`. Without a kind functions and tracepoints are looked through.
    ///
    /// # Errors
    /// `Invalid`: there is no such kind; `NotFound`: the kernel does not tell (no BTF, no tracefs), or there is no
    /// such program; `Permission`.
    ///
    /// # Examples
    /// ```no_run
    /// # fn main() -> Result<(), osmia::Error> {
    /// let kernel = osmia::Kernel::running()?;
    /// for probe in kernel.probes("fentry:tcp_conn*")? {
    ///     println!("{}", probe.prototype.unwrap_or(probe.name));
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn probes(&self, pattern: &str) -> Result<Vec<Probe>, Error> {
        let mut found = match pattern.split_once(':') {
            None => {
                let mut found = self.probes_of(ProbeKind::Kprobe, pattern)?;
                found.extend(self.probes_of(ProbeKind::Tracepoint, pattern)?);
                found
            }
            Some((kind, rest)) => {
                let known = ProbeKind::from_name(kind).ok_or_else(|| no_such_kind(kind))?;
                self.probes_of(known, rest)?
            }
        };
        found.sort_by(|left, right| {
            let key = |probe: &Probe| (probe.kind as u8, probe.name.clone(), probe.place.clone());
            key(left).cmp(&key(right))
        });
        found.dedup();
        Ok(found)
    }

    fn probes_of(&self, kind: ProbeKind, pattern: &str) -> Result<Vec<Probe>, Error> {
        match kind {
            ProbeKind::Kprobe => functions::kprobes(self, pattern),
            ProbeKind::Fentry => functions::fentries(self, pattern),
            ProbeKind::Tracepoint => tracepoints::matching(self, pattern),
            ProbeKind::RawTracepoint => types::raw_tracepoints(self, pattern),
            ProbeKind::Lsm => types::lsm_hooks(self, pattern),
            ProbeKind::Iter => types::iterators(self, pattern),
            ProbeKind::StructOps => types::struct_ops(self, pattern),
            ProbeKind::Uprobe => user::functions(self, pattern),
            ProbeKind::Usdt => user::marks(self, pattern),
        }
    }
}

fn no_such_kind(kind: &str) -> Error {
    let names = ProbeKind::ALL.map(ProbeKind::name);
    let near = osmia_btf::near::nearest(kind, names);
    let near = near.map_or_else(String::new, |near| format!("did you mean `{near}`? "));
    Error::invalid(format!(
        "there is no kind of probes `{kind}`; {near}there are {}",
        names.join(", ")
    ))
}

impl Probe {
    fn new(kind: ProbeKind, name: impl Into<String>) -> Self {
        let (name, place, prototype, fields) = (name.into(), None, None, Vec::new());
        Self { kind, name, place, prototype, fields }
    }
}

/// The prototype of the function type behind an id, as one of this name.
fn prototype(btf: &Btf, id: TypeId, name: &str) -> Option<String> {
    c::title(btf, id, name).ok()
}

/// Calls `each` with all types of a kind whose names begin with `prefix` and then fit.
fn each_type<'a>(
    btf: &'a Btf,
    kind: Kind,
    prefix: &str,
    pattern: &str,
    mut each: impl FnMut(&'a str, TypeId),
) -> Result<(), Error> {
    let broken = |error: osmia_btf::Error| {
        Error::new(crate::error::kind::ErrorKind::Malformed, "read the kernel's types")
            .caused_by(error)
    };
    for ty in btf.own_types().map_err(broken)? {
        let ty = ty.map_err(broken)?;
        if ty.kind() != kind {
            continue;
        }
        if let Some(name) = ty.name().strip_prefix(prefix).filter(|name| fits(pattern, name)) {
            each(name, ty.id());
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use osmia_testkit::gate::Gate;

    use super::ProbeKind;
    use crate::kernel::Kernel;

    #[test]
    fn kinds_have_names() {
        for kind in ProbeKind::ALL {
            assert_eq!(ProbeKind::from_name(kind.name()), Some(kind));
        }
        assert_eq!(ProbeKind::from_name("tp_btf"), Some(ProbeKind::RawTracepoint));
        assert_eq!(ProbeKind::from_name("nonsense"), None);
    }

    #[test]
    fn probes_of_this_kernel_are_found() {
        let Some(_gate) = Gate::root() else { return };
        let kernel = Kernel::running().unwrap();
        let one = |pattern: &str| {
            let found = kernel.probes(pattern).unwrap();
            assert!(!found.is_empty(), "{pattern}");
            found.into_iter().next().unwrap()
        };
        let found = one("kprobe:tcp_connect");
        assert!(found.prototype.unwrap().starts_with("int tcp_connect(struct sock *"));
        let found = one("fentry:tcp_conn?ct");
        assert_eq!((found.name.as_str(), found.place), ("tcp_connect", None));
        let found = one("tracepoint:sched:sched_switch");
        assert_eq!(found.name, "sched/sched_switch");
        assert!(found.fields.iter().any(|field| field.contains("prev_pid")), "{found:?}");
        let found = one("tp_btf:sched_switch");
        assert!(found.prototype.unwrap().contains("struct task_struct *"));
        assert!(one("iter:task").fields.iter().any(|field| field.contains("task_struct")));
        assert!(one("struct_ops:tcp_congestion_ops").fields.len() > 5);
        assert!(one("lsm:file_open").prototype.unwrap().contains("struct file *"));
        assert!(kernel.probes("kprobe:no_such_function_at_all").unwrap().is_empty());
        let error = kernel.probes("kprob:x").unwrap_err();
        assert!(error.to_string().contains("did you mean `kprobe`?"), "{error}");
        let this = std::env::current_exe().unwrap();
        assert!(!kernel.probes(&format!("uprobe:{}:*main*", this.display())).unwrap().is_empty());
    }
}
