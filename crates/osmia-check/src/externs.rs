//! What an object expects of the kernel.

use osmia_btf::core_re::Target;
use osmia_btf::{Btf, Error as BtfError, Kind, TypeId};
use osmia_object::kconfig::{Facts, Needs, values};
use osmia_object::ksym::{KernelSymbol, KernelSymbols, Question, by_type};
use osmia_object::{Error, ExternKind, ExternSpec, LinkedProgram, ObjectSpec};

use crate::finding::{Finding, Subject, Weight};
use crate::kernel::Kernel;

/// What functions are tagged with that programs may call.
const KFUNC: &str = "bpf_kfunc";
/// A release as `LINUX_VERSION_CODE` counts, where only the type matters that must hold it.
const SOME_VERSION: u32 = 0x06_01_00;

/// What a program's externs are in a kernel.
#[derive(Debug, Default)]
pub(crate) struct Externs {
    pub symbols: KernelSymbols,
    /// Those whose addresses no types tell.
    pub untold: Vec<String>,
    pub findings: Vec<Finding>,
}

impl Externs {
    /// Looks up all that a program refers to.
    pub fn of(object: &ObjectSpec, linked: &LinkedProgram, kernel: &Kernel) -> Self {
        let mut externs = Self::default();
        let mut names: Vec<&str> = linked.externs().collect();
        names.sort_unstable();
        names.dedup();
        for name in names {
            if let Some(spec) = object.externs.get(name) {
                externs.look_up(object, spec, kernel);
            }
        }
        externs
    }

    fn look_up(&mut self, object: &ObjectSpec, spec: &ExternSpec, kernel: &Kernel) {
        match Question::of(object, spec) {
            Some(Question::Address) => self.address(spec, kernel),
            Some(Question::Variable | Question::Function) => self.typed(object, spec, kernel),
            None if matches!(spec.kind, ExternKind::Object) => {
                let message = format!("the object does not define `{}`", spec.name);
                let help = "link it with the object that does, or declare it `__ksym` if the kernel has it";
                self.findings
                    .push(Finding::refused(Subject::Object, message).help([help.to_owned()]));
            }
            None => self.configured(object, spec, kernel),
        }
    }

    /// A value of the kernel's configuration, of which types tell nothing.
    fn configured(&mut self, object: &ObjectSpec, spec: &ExternSpec, kernel: &Kernel) {
        let known = kernel.facts();
        let facts = Facts {
            version: known.version.or(Some(SOME_VERSION)),
            bpf_cookie: Some(true),
            syscall_wrapper: Some(true),
            ..known
        };
        let needs = Needs::of([spec.name.as_str()]);
        match values(object, [spec.name.as_str()], &facts) {
            Ok(_) => {}
            Err(Error::NoSuchExtern { .. }) if needs.config && facts.config.is_none() => {
                let message = format!(
                    "a kernel's types do not tell whether its configuration has `{}`",
                    spec.name
                );
                let help = "give the kernel's configuration, or declare it `__weak` if the program can do without";
                self.findings.push(
                    Finding::new(Weight::Unsure, Subject::Extern, message).help([help.to_owned()]),
                );
            }
            Err(error) => self.findings.push(Finding::refused(Subject::Extern, error.to_string())),
        }
    }

    fn typed(&mut self, object: &ObjectSpec, spec: &ExternSpec, kernel: &Kernel) {
        let Some(btf) = &object.btf else { return };
        match by_type(btf, spec, kernel.target(), || kernel.modules()) {
            Ok(symbol) => {
                if let KernelSymbol::Typed { place, id, .. } = symbol {
                    self.callable(spec, place, id, kernel);
                }
                self.symbols.insert(spec.name.clone(), symbol);
            }
            Err(error) => self.findings.push(Finding::refused(Subject::Extern, error.to_string())),
        }
    }

    /// Kernels of late mark the functions that programs may call.
    fn callable(&mut self, spec: &ExternSpec, place: usize, id: TypeId, kernel: &Kernel) {
        if spec.kind != ExternKind::KernelFunction {
            return;
        }
        let module = place.checked_sub(1).and_then(|at| kernel.modules().get(at));
        let btf = module.map_or(kernel.btf(), Target::btf);
        match is_callable(btf, id) {
            Ok(true) => {}
            Ok(false) => {
                let message =
                    format!("the kernel's function `{}` is none that programs may call", spec.name);
                let help =
                    "only kfuncs can be called: `osmia gen vmlinux` prints those of a kernel";
                self.findings
                    .push(Finding::refused(Subject::Extern, message).help([help.to_owned()]));
            }
            Err(error) => self.findings.push(Finding::refused(Subject::Extern, error.to_string())),
        }
    }

    /// An address is in no type; but what has a type of that name is there.
    fn address(&mut self, spec: &ExternSpec, kernel: &Kernel) {
        self.symbols.insert(spec.name.clone(), KernelSymbol::Address(1));
        match is_typed(&spec.name, kernel) {
            Ok(true) => {}
            Ok(false) => {
                self.untold.push(spec.name.clone());
                if !spec.weak {
                    let message = format!(
                        "a kernel's types do not tell whether it has the symbol `{}`",
                        spec.name
                    );
                    self.findings.push(Finding::new(Weight::Unsure, Subject::Extern, message));
                }
            }
            Err(error) => self.findings.push(Finding::refused(Subject::Extern, error.to_string())),
        }
    }
}

/// Whether a function is marked as one that programs may call, or no function of these types is.
fn is_callable(btf: &Btf, id: TypeId) -> Result<bool, BtfError> {
    let mut are_marked = false;
    for tag in btf.ids_named(KFUNC)? {
        let tag = btf.ty(tag)?;
        if tag.kind() == Kind::DeclTag && tag.id() >= btf.first_own_id() {
            are_marked = true;
            if tag.target() == Some(id) {
                return Ok(true);
            }
        }
    }
    Ok(!are_marked)
}

fn is_typed(name: &str, kernel: &Kernel) -> Result<bool, BtfError> {
    for btf in std::iter::once(kernel.btf()).chain(kernel.modules().iter().map(Target::btf)) {
        if btf.find(Kind::Func, name)?.is_some() || btf.find(Kind::Var, name)?.is_some() {
            return Ok(true);
        }
    }
    Ok(false)
}
