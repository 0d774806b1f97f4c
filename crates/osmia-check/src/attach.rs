//! What programs attach to.

use osmia_abi::{AttachType, ProgType};
use osmia_btf::core_re::Target;
use osmia_btf::near::few_nearest;
use osmia_btf::{Btf, Error, Kind};
use osmia_object::{ProgramSpec, SectionDef};

use crate::finding::{Finding, Subject, Weight};
use crate::kernel::Kernel;

/// Whether the kernel knows the program's type and the way it attaches, and has what it attaches to.
pub(crate) fn check(spec: &ProgramSpec, kernel: &Kernel) -> Result<Vec<Finding>, Error> {
    let Some(prog_type) = spec.prog_type else { return Ok(vec![no_type(spec)]) };
    if !kernel.prog_types.has(prog_type.0) {
        let message = format!("this kernel has no programs of type {prog_type}");
        return Ok(vec![Finding::refused(Subject::ProgramType, message)]);
    }
    let mut findings = Vec::new();
    if let Some(attach_type) = spec.attach_type.filter(|ty| !kernel.attach_types.has(ty.0)) {
        let weight = if is_verified(spec, prog_type) { Weight::Refused } else { Weight::Note };
        let verb = if weight == Weight::Note { "attach" } else { "load" };
        let message = format!("this kernel does not know {attach_type}, so it does not {verb}");
        findings.push(Finding::new(weight, Subject::AttachType, message));
    }
    findings.extend(target(spec, prog_type, kernel)?);
    Ok(findings)
}

fn no_type(spec: &ProgramSpec) -> Finding {
    let message = format!("its section `{}` says no type of program", spec.section);
    let near = SectionDef::suggest(&spec.section);
    let help = near.map(|near| format!("did you mean SEC(\"{near}\")?"));
    Finding::refused(Subject::Object, message).help(help)
}

/// Whether the kernel looks at the attach type when it loads such a program.
fn is_verified(spec: &ProgramSpec, prog_type: ProgType) -> bool {
    let looked_at = matches!(
        prog_type,
        ProgType::TRACING
            | ProgType::LSM
            | ProgType::CGROUP_SOCK
            | ProgType::CGROUP_SOCK_ADDR
            | ProgType::CGROUP_SOCKOPT
            | ProgType::CGROUP_SKB
            | ProgType::SK_LOOKUP
            | ProgType::SK_REUSEPORT
            | ProgType::NETFILTER
    );
    // Loaders do without it where the kernel refuses it.
    let optional = SectionDef::find(&spec.section).is_some_and(|def| def.optional_attach_type);
    looked_at && !optional
}

fn target(
    spec: &ProgramSpec,
    prog_type: ProgType,
    kernel: &Kernel,
) -> Result<Option<Finding>, Error> {
    if spec.attach_type == Some(AttachType::TRACE_KPROBE_MULTI) {
        return pattern(spec, kernel);
    }
    let Some(wanted) = Wanted::of(spec, prog_type) else { return Ok(None) };
    let Some(target) = spec.attach_target.as_deref() else {
        let message = format!("its section `{}` does not say what to attach to", spec.section);
        return Ok(wanted.verified.then(|| Finding::refused(Subject::AttachTarget, message)));
    };
    let Some(name) = wanted.name(target) else { return Ok(None) };
    let full = format!("{}{name}", wanted.prefix);
    let all = || std::iter::once(kernel.btf()).chain(kernel.modules().iter().map(Target::btf));
    for btf in all() {
        for name in wanted.in_types(&full) {
            if btf.find(wanted.kind, &name)?.is_some() {
                return Ok(None);
            }
        }
    }
    let names = names(kernel.btf(), &wanted)?;
    let near = few_nearest(name, names);
    let near = (!near.is_empty()).then(|| format!("near it there is `{}`", near.join("`, `")));
    let Wanted { noun, verified, .. } = wanted;
    let (weight, message) = match verified {
        true => (Weight::Refused, format!("this kernel has no {noun} `{name}`")),
        false => (
            Weight::Note,
            format!("this kernel's types have no {noun} `{name}`: attaching to it may fail"),
        ),
    };
    let inlined = (noun == "function")
        .then(|| "the compiler may have inlined it there, or it is in a module".to_owned());
    Ok(Some(
        Finding::new(weight, Subject::AttachTarget, message).help(near.into_iter().chain(inlined)),
    ))
}

/// Whether any function fits a pattern; the programs are attached to all that do.
fn pattern(spec: &ProgramSpec, kernel: &Kernel) -> Result<Option<Finding>, Error> {
    let target = spec.attach_target.as_deref().unwrap_or_default();
    let target = target.split_once(':').map_or(target, |(_, name)| name);
    let Ok(pattern) = glob::Pattern::new(target) else { return Ok(None) };
    if target.is_empty() {
        return Ok(None);
    }
    for btf in std::iter::once(kernel.btf()).chain(kernel.modules().iter().map(Target::btf)) {
        for function in btf.own_types_of(Kind::Func)? {
            if pattern.matches(function?.name()) {
                return Ok(None);
            }
        }
    }
    let message =
        format!("this kernel's types have no function `{target}`: attaching to it may fail");
    Ok(Some(Finding::new(Weight::Note, Subject::AttachTarget, message)))
}

fn names<'a>(btf: &'a Btf, wanted: &Wanted) -> Result<Vec<&'a str>, Error> {
    let mut names = Vec::new();
    for ty in btf.types()? {
        let ty = ty?;
        if ty.kind() == wanted.kind {
            names.extend(ty.name().strip_prefix(wanted.prefix));
        }
    }
    Ok(names)
}

/// What a program attaches to, as types tell it.
struct Wanted {
    prefix: &'static str,
    kind: Kind,
    noun: &'static str,
    /// Whether the program is verified for it; otherwise it is looked for when it is attached.
    verified: bool,
}

impl Wanted {
    fn of(spec: &ProgramSpec, prog_type: ProgType) -> Option<Self> {
        let (prefix, kind, noun) = match (prog_type, spec.attach_type) {
            (ProgType::TRACING, Some(AttachType::TRACE_RAW_TP))
            | (
                ProgType::RAW_TRACEPOINT | ProgType::RAW_TRACEPOINT_WRITABLE | ProgType::TRACEPOINT,
                _,
            ) => ("btf_trace_", Kind::Typedef, "tracepoint"),
            (ProgType::TRACING, Some(AttachType::TRACE_ITER)) => {
                ("bpf_iter_", Kind::Func, "iterator")
            }
            (ProgType::TRACING, Some(multi)) if multi.is_for_many_functions() => return None,
            (ProgType::TRACING, _) => ("", Kind::Func, "function"),
            (ProgType::LSM, _) => ("bpf_lsm_", Kind::Func, "security hook"),
            (ProgType::KPROBE, None) if is_kprobe(&spec.section) => ("", Kind::Func, "function"),
            (ProgType::KPROBE, None) if is_syscall(&spec.section) => {
                ("", Kind::Func, "system call")
            }
            _ => return None,
        };
        let verified = matches!(prog_type, ProgType::TRACING | ProgType::LSM);
        Some(Self { prefix, kind, noun, verified })
    }

    /// The names that it may have in types. Functions of system calls are named by the machine.
    fn in_types(&self, name: &str) -> Vec<String> {
        match self.noun {
            "system call" => SYSCALLS.iter().map(|prefix| format!("{prefix}{name}")).collect(),
            _ => vec![name.to_owned()],
        }
    }

    /// The name that the types have for a target; `None` if they have none for such.
    fn name<'t>(&self, target: &'t str) -> Option<&'t str> {
        let name = match target.split_once(':') {
            Some((_, name)) => name,
            None => target,
        };
        match (self.noun, name.split_once('/')) {
            // System calls have tracepoints that no type stands for.
            ("tracepoint", Some(("syscalls", _))) => None,
            ("tracepoint", Some((_, event))) => Some(event),
            // `function+offset`
            ("function", _) if !self.verified => {
                let name = name.split('+').next().unwrap_or(name);
                name.bytes()
                    .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
                    .then_some(name)
            }
            _ => Some(name),
        }
    }
}

/// What precedes a system call's name in that of its function, on one machine or another.
const SYSCALLS: [&str; 6] =
    ["__x64_sys_", "__arm64_sys_", "__s390x_sys_", "__riscv_sys_", "__se_sys_", "sys_"];

fn is_syscall(section: &str) -> bool {
    let section = section.strip_prefix('?').unwrap_or(section);
    section.starts_with("ksyscall/") || section.starts_with("kretsyscall/")
}

fn is_kprobe(section: &str) -> bool {
    let section = section.strip_prefix('?').unwrap_or(section);
    section.starts_with("kprobe/") || section.starts_with("kretprobe/")
}
