//! Gates: what a kernel test needs, and what it means when that is not there.

use std::{
    fmt,
    fs::{self, File},
    sync::{Mutex, MutexGuard, PoisonError},
    thread,
};

use crate::{guard::mounts, leaks::Open, release::Release, skip, skip::Extent};

/// Kernel tests of one binary run one after the other: they share tracefs, the trace pipe and the process's descriptors.
static TURN: Mutex<()> = Mutex::new(());

/// A kernel test's turn.
///
/// Make it the first local variable of the test, so that it is dropped last: it then fails the test if BPF descriptors or
/// mappings are open that were not open at the start.
#[derive(Debug)]
pub struct Gate {
    _turn: MutexGuard<'static, ()>,
    open: Open,
    release: Release,
}

impl Gate {
    /// The gate to the kernel, for a test that loads or attaches; `None` and a counted skip without root.
    #[track_caller]
    pub fn root() -> Option<Self> {
        if !rustix::process::geteuid().is_root() {
            skip::whole("needs root: run `cargo xtask test`, or cargo test as root");
            return None;
        }
        // A test that failed before us poisons the lock; its failure is reported already.
        let turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
        Some(Self { _turn: turn, open: Open::now(), release: Release::running() })
    }

    /// Whether the test can go on, given that `feature` is documented to work from Linux `since` on and `there` is what a
    /// probe or the refused call says. `false` is a counted skip.
    ///
    /// # Panics
    /// If the feature is not there on a kernel that must have it: the probe or the documentation is wrong.
    #[track_caller]
    #[must_use = "return from the test on false"]
    pub fn needs(&self, feature: &str, since: &str, there: bool) -> bool {
        there || self.too_old(Extent::Whole, feature, since, &"it is not there")
    }

    /// Whether the part of the test that is about `feature` can be run; see [`needs`](Self::needs). `false` is a counted
    /// skip of that part.
    ///
    /// # Panics
    /// If the feature is not there on a kernel that must have it.
    #[track_caller]
    #[must_use = "leave the part out on false"]
    pub fn part_needs(&self, feature: &str, since: &str, there: bool) -> bool {
        there || self.too_old(Extent::Part, feature, since, &"it is not there")
    }

    /// The value of `outcome`, or `None` and a counted skip if its error is `unsupported` on a kernel older than `since`.
    ///
    /// # Panics
    /// With any other error, and with an `unsupported` one on a kernel that must have the feature.
    #[track_caller]
    pub fn take<T, E: fmt::Display>(
        &self,
        feature: &str,
        since: &str,
        outcome: Result<T, E>,
        unsupported: impl FnOnce(&E) -> bool,
    ) -> Option<T> {
        match outcome {
            Ok(value) => Some(value),
            Err(error) => {
                assert!(unsupported(&error), "{feature}: {error:#}");
                self.too_old(Extent::Whole, feature, since, &error);
                None
            }
        }
    }

    /// Whether the kernel was built with `symbol`, a function of `feature` named in `/proc/kallsyms`; `false` is a counted
    /// skip. For what a kernel's configuration leaves out, whatever its version.
    #[track_caller]
    #[must_use = "return from the test on false"]
    pub fn built_with(&self, feature: &str, symbol: &str) -> bool {
        let lacking = not_built_in(feature, symbol);
        if let Some(lacking) = &lacking {
            skip::whole(lacking);
        }
        lacking.is_none()
    }

    /// Whether the kernel lets functions be patched, as fentry, fexit, `fmod_ret`, LSM and freplace programs need;
    /// `false` is a counted skip that names `feature` and the [`host_policy`].
    #[track_caller]
    #[must_use = "return from the test on false"]
    pub fn may_patch_functions(&self, feature: &str) -> bool {
        let policy = host_policy();
        if let Some(policy) = &policy {
            skip::whole(format_args!("{feature}: {policy}"));
        }
        policy.is_none()
    }

    /// Whether LSM programs can be attached and would run; `false` is a counted skip.
    #[track_caller]
    #[must_use = "return from the test on false"]
    pub fn may_guard_hooks(&self) -> bool {
        let lacking = no_security_hooks();
        if let Some(lacking) = &lacking {
            skip::whole(lacking);
        }
        lacking.is_none()
    }

    /// The running kernel's release.
    pub fn release(&self) -> Release {
        self.release
    }

    /// Skips with `false` on kernels before `since`, and fails on others.
    #[track_caller]
    fn too_old(&self, extent: Extent, feature: &str, since: &str, why: &dyn fmt::Display) -> bool {
        let running = self.release;
        let documented: Release =
            since.parse().unwrap_or_else(|()| panic!("{since:?} is no kernel release"));
        assert!(
            running < documented,
            "{feature} is documented from Linux {since} on, this is Linux {running}: {why}"
        );
        let reason = format!("{feature} needs Linux {since}, this is {running}");
        match extent {
            Extent::Whole => skip::whole(reason),
            Extent::Part => skip::part(reason),
        }
        false
    }
}

impl Drop for Gate {
    fn drop(&mut self) {
        if !thread::panicking() {
            self.open.assert_nothing_more();
        }
    }
}

/// Why this host refuses to let anybody patch kernel functions, if it does.
///
/// Some vendors' kernels answer EPERM to every program that would be attached by patching a function (fentry, fexit,
/// `fmod_ret`, LSM, freplace), to root too and before verification, with an empty verifier log. The same policy closes
/// tracefs's list of such functions, which is what is looked at here.
pub fn host_policy() -> Option<String> {
    let tracefs = mounts::TRACEFS.ensure().ok()?;
    let list = tracefs.join("available_filter_functions");
    match File::open(&list) {
        Err(error) if error.raw_os_error() == Some(rustix::io::Errno::PERM.raw_os_error()) => {
            Some(format!(
                "this host's policy forbids patching kernel functions ({} cannot be opened: EPERM)",
                list.display()
            ))
        }
        _ => None,
    }
}

/// Why no LSM program runs on this host, if none does: its [`host_policy`], or that it was booted without them.
pub fn no_security_hooks() -> Option<String> {
    host_policy().map(|policy| format!("LSM programs: {policy}")).or_else(|| {
        let modules = fs::read_to_string("/sys/kernel/security/lsm").ok()?;
        let active = modules.trim().split(',').any(|module| module == "bpf");
        (!active).then(|| {
            format!("LSM programs: `bpf` is not among the active security modules ({modules})")
        })
    })
}

/// The sentence about a feature that this kernel was built without, as the absence of `symbol`, a function of it, tells.
pub fn not_built_in(feature: &str, symbol: &str) -> Option<String> {
    let table = fs::read_to_string("/proc/kallsyms").unwrap_or_default();
    let there = table.lines().any(|line| line.split_whitespace().nth(2) == Some(symbol));
    (!there)
        .then(|| format!("{feature}: not built into this kernel (/proc/kallsyms has no {symbol})"))
}
