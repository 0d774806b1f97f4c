//! One program on one kernel.

use osmia_abi::{FuncId, ProgType};
use osmia_btf::core_re::Relocator;
use osmia_insn::{Listing, Operation};
use osmia_object::{LinkedProgram, MapRole, MapSpec, ObjectSpec, Poisoned, ProgramSpec};

use crate::answer::ProgramAnswer;
use crate::attach;
use crate::externs::Externs;
use crate::finding::{Finding, Subject, Weight};
use crate::isa::{self, Added};
use crate::kernel::Kernel;
use crate::place::Place;
use crate::reach::{Reach, Reached};

/// What a kernel says to a program.
pub(crate) fn check(object: &ObjectSpec, spec: &ProgramSpec, kernel: &Kernel) -> ProgramAnswer {
    let mut findings = match attach::check(spec, kernel) {
        Ok(findings) => findings,
        Err(error) => vec![broken(&error)],
    };
    if !kernel.is_whole() {
        let message = "these are not a kernel's types: no type of programs is among them";
        let help = "give what /sys/kernel/btf/vmlinux has there, or the kernel's image";
        findings.insert(
            0,
            Finding::new(Weight::Unsure, Subject::ProgramType, message).help([help.to_owned()]),
        );
    }
    if object.endian != kernel.btf().endian() {
        let message = "the object is for machines of the other byte order";
        let help =
            "compile it with -target bpfel for little-endian machines, bpfeb for big-endian ones";
        findings.insert(0, Finding::refused(Subject::Object, message).help([help.to_owned()]));
    }
    if spec.prog_type == Some(ProgType::STRUCT_OPS) && !is_in_table(object, spec) {
        let message = "it is for a table of callbacks, and stands in none";
        let help = "name it in a variable in SEC(\".struct_ops\")".to_owned();
        findings.push(Finding::refused(Subject::StructOps, message).help([help]));
    }
    match object.link(&spec.name) {
        Ok(linked) => findings.extend(Program { object, kernel, linked }.check()),
        Err(error) => findings.push(Finding::refused(Subject::Object, error.to_string())),
    }
    // The gravest first; what is equally grave stays in the order of the code.
    findings.sort_by_key(|finding| std::cmp::Reverse(finding.weight));
    ProgramAnswer {
        name: spec.name.clone(),
        section: spec.section.clone(),
        autoload: spec.autoload,
        findings,
    }
}

/// Whether one of the object's tables of callbacks has a program.
fn is_in_table(object: &ObjectSpec, spec: &ProgramSpec) -> bool {
    let names_it = |map: &MapSpec| map.pointers.iter().any(|one| one.symbol == spec.name);
    object.maps.values().any(|map| map.role == MapRole::StructOps && names_it(map))
}

fn broken(error: &osmia_btf::Error) -> Finding {
    Finding::refused(Subject::Object, format!("the kernel's BTF is broken: {error}"))
}

struct Program<'a> {
    object: &'a ObjectSpec,
    kernel: &'a Kernel,
    linked: LinkedProgram,
}

impl Program<'_> {
    fn check(mut self) -> Vec<Finding> {
        let mut relocator = match self.relocate() {
            Ok(relocator) => relocator,
            Err(finding) => return vec![*finding],
        };
        let externs = Externs::of(self.object, &self.linked, self.kernel);
        let mut findings = externs.findings.clone();
        let mut reach = Reach::new(self.object, self.kernel.facts(), self.kernel.memory);
        reach.note_externs(&self.linked, &externs.untold);
        // What is missing is told already, and nothing more can be said then.
        if let Err(error) =
            self.linked.resolve_externs(self.object, &externs.symbols, |_| Some(MODULE))
        {
            if findings.is_empty() {
                findings.push(Finding::refused(Subject::Extern, error.to_string()));
            }
            return findings;
        }
        let reached = reach.follow(&self.linked);
        findings.extend(self.poisoned(&reached, relocator.as_mut()));
        findings.extend(self.missing_calls(&reached));
        findings.extend(self.helpers(&reached));
        findings.extend(self.instructions(&reached));
        findings
    }

    fn relocate(&mut self) -> Result<Option<Relocator>, Box<Finding>> {
        if self.linked.core.is_empty() {
            return Ok(None);
        }
        let Some(btf) = &self.object.btf else {
            let message = "it has CO-RE relocations and no BTF";
            let help = "compile it with -g".to_owned();
            return Err(Box::new(Finding::refused(Subject::Object, message).help([help])));
        };
        let modules = self.kernel.modules().to_vec();
        let mut relocator =
            Relocator::new(btf, self.kernel.target().clone()).with_modules(move || modules);
        match self.linked.relocate(&mut relocator) {
            Ok(()) => Ok(Some(relocator)),
            Err(error) => {
                let at = match &error {
                    osmia_object::Error::Core { at, .. } => Some(self.place(*at)),
                    _ => None,
                };
                Err(Box::new(Finding::refused(Subject::Core, error.to_string()).at(at)))
            }
        }
    }

    fn poisoned(&self, reached: &Reached, relocator: Option<&mut Relocator>) -> Vec<Finding> {
        let Some(relocator) = relocator else { return Vec::new() };
        let seen = |poisoned: &&Poisoned| reached.has(poisoned.at);
        let mut findings: Vec<Finding> = Vec::new();
        for poisoned in self.linked.poisoned.iter().filter(seen) {
            let (message, help) = match relocator.explain(&poisoned.record) {
                Ok(Some(failure)) => {
                    (failure.to_string(), failure.hints.iter().map(ToString::to_string).collect())
                }
                Ok(None) => ("it reads what this kernel does not have".to_owned(), Vec::new()),
                Err(error) => (error.to_string(), Vec::new()),
            };
            let place = Place::of_poisoned(self.object.btf.as_ref(), &self.linked, poisoned);
            let finding = Finding::new(reached.weight(poisoned.at), Subject::Core, message)
                .help(help)
                .at(Some(place));
            // A read that takes several instructions is told once.
            let same = |known: &Finding| {
                let line =
                    |finding: &Finding| finding.place.as_ref().map(|place| place.line.clone());
                known.message == finding.message && line(known) == line(&finding)
            };
            if !findings.iter().any(same) {
                findings.push(finding);
            }
        }
        findings
    }

    fn missing_calls(&self, reached: &Reached) -> Vec<Finding> {
        let calls = self.linked.missing_calls.iter().filter(|call| reached.has(call.at));
        let finding = |call: &osmia_object::ksym::MissingCall| {
            let message = format!("it calls `{}`: {}", call.name, call.why);
            let place = Some(self.place(call.at));
            Finding::new(reached.weight(call.at), Subject::Extern, message).at(place)
        };
        calls.map(finding).collect()
    }

    /// Instructions that the kernel does not know, each sort at its first place.
    fn instructions(&self, reached: &Reached) -> Vec<Finding> {
        let mut told = Vec::new();
        let mut findings = Vec::new();
        for line in Listing::new(&self.linked.insns) {
            let at = line.index as u32;
            let Some(added) = Added::of(line.operation()).filter(|_| reached.has(at)) else {
                continue;
            };
            if told.contains(&added) {
                continue;
            }
            told.push(added);
            let finding = isa::check(added, reached.weight(at), self.kernel);
            findings.extend(finding.map(|finding| finding.at(Some(self.place(at)))));
        }
        findings
    }

    fn helpers(&self, reached: &Reached) -> Vec<Finding> {
        let mut findings = Vec::new();
        let mut told = Vec::new();
        for (at, insn) in self.linked.insns.iter().enumerate() {
            let at = at as u32;
            let Some(helper) = helper(insn).filter(|_| reached.has(at) && !self.is_no_call(at))
            else {
                continue;
            };
            if self.kernel.helpers.has(helper) || told.contains(&helper) {
                continue;
            }
            told.push(helper);
            let name = FuncId(helper).name().map(str::to_owned);
            let name = name.unwrap_or_else(|| format!("number {helper}"));
            let message = format!("this kernel has no helper {name}");
            let help = format!(
                "ask `bpf_core_enum_value_exists(enum bpf_func_id, {})` before calling it",
                FuncId(helper)
            );
            let finding = Finding::new(reached.weight(at), Subject::Helper, message);
            findings.push(finding.help([help]).at(Some(self.place(at))));
        }
        findings
    }

    /// Whether a slot holds a call that stands for something that is missing.
    fn is_no_call(&self, at: u32) -> bool {
        self.linked.poisoned.iter().any(|poisoned| poisoned.at == at)
            || self.linked.missing_calls.iter().any(|call| call.at == at)
    }

    fn place(&self, slot: u32) -> Place {
        Place::of(self.object.btf.as_ref(), &self.linked, slot)
    }
}

/// How programs refer to modules; what is checked is never loaded, so that any will do.
const MODULE: osmia_object::ksym::ModuleFd = osmia_object::ksym::ModuleFd { fd: 1, index: 1 };

fn helper(insn: &osmia_insn::Insn) -> Option<u32> {
    match insn.operation() {
        Operation::Call { helper } => u32::try_from(helper).ok(),
        _ => None,
    }
}
