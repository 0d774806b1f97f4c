//! What an object expects of the kernel.

use osmia_btf::core_re::Target;
use osmia_btf::{Error as BtfError, Kind};
use osmia_object::ksym::{KernelSymbol, KernelSymbols, Question, by_type};
use osmia_object::{ExternKind, ExternSpec, LinkedProgram, ObjectSpec};

use crate::finding::{Finding, Subject, Weight};
use crate::kernel::Kernel;

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
            // Its value is a matter of the kernel's configuration.
            None => {}
        }
    }

    fn typed(&mut self, object: &ObjectSpec, spec: &ExternSpec, kernel: &Kernel) {
        let Some(btf) = &object.btf else { return };
        match by_type(btf, spec, kernel.target(), || kernel.modules()) {
            Ok(symbol) => {
                self.symbols.insert(spec.name.clone(), symbol);
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

fn is_typed(name: &str, kernel: &Kernel) -> Result<bool, BtfError> {
    for btf in std::iter::once(kernel.btf()).chain(kernel.modules().iter().map(Target::btf)) {
        if btf.find(Kind::Func, name)?.is_some() || btf.find(Kind::Var, name)?.is_some() {
            return Ok(true);
        }
    }
    Ok(false)
}
