//! Why a program was not loaded.

use osmia_abi::AttachType;
use osmia_insn::{Class, Opcode};
use osmia_object::LinkedProgram;
use osmia_object::ksym::MissingCall;
use osmia_sys::Errno;

use crate::error::Error;
use crate::error::kind::{ErrorKind, Release};
use crate::kernel::feature::Feature;
use crate::kernel::options;
use crate::kernel::refusal::{denied, patches_functions, patching_is_forbidden, to_load_program};
use crate::kernel::since;
use crate::link::attach_types;
use crate::load::Load;
use crate::load::license;
use crate::load::log::Logged;
use crate::load::program::Prepared;
use crate::load::unknown_code;
use crate::verifier::VerifierError;

/// The error of a program that the kernel did not take.
#[cold]
pub(super) fn refused(
    load: &Load<'_>,
    prepared: &Prepared<'_>,
    errno: Errno,
    logged: Logged,
) -> Error {
    if let Some(lacking) = lacks_hooks_of_cgroups(load, prepared) {
        return lacking.caused_by(errno);
    }
    if logged.text.is_empty() {
        return silent(load, prepared, errno);
    }
    let verdict = VerifierError::new(logged.text, logged.truncated, errno);
    let at = stopped_at(&verdict);
    if takes_callbacks(prepared) && lacks_callbacks(load) {
        let headline =
            "it hands functions to helpers as callbacks, which this kernel does not know";
        return Error::new(Feature::Callbacks.lacking(), headline).caused_by(verdict);
    }
    if let Some(missing) = at.and_then(|at| missing(load, prepared, at)) {
        return Error::new(ErrorKind::Verifier, missing).caused_by(verdict.explained());
    }
    if let Some((slot, what)) = unknown_code::find(verdict.log(), &prepared.linked.insns) {
        let place = load.c_line(prepared.linked.line_at(slot));
        let headline = format!("instruction {slot} is {what}{place}");
        return Error::new(ErrorKind::Verifier, headline).caused_by(verdict);
    }
    let license = license::explain(verdict.log(), &load.spec.license);
    let known = license
        .or_else(|| hidden_variable(&verdict))
        .or_else(|| wrong_function(verdict.log()).map(ToOwned::to_owned));
    let headline = known.unwrap_or_else(|| match at {
        Some(at) => format!("it stops at instruction {at} of {}", prepared.linked.insns.len()),
        None => "it is not verified".to_owned(),
    });
    Error::new(ErrorKind::Verifier, headline).caused_by(verdict)
}

/// LSM programs were there before those of cgroups, and the verifier has no word for what it does not know.
fn lacks_hooks_of_cgroups(load: &Load<'_>, prepared: &Prepared<'_>) -> Option<Error> {
    let attach_type = prepared.spec.attach_type.filter(|said| *said == AttachType::LSM_CGROUP)?;
    let since = Release::new(6, 0);
    attach_types::lacking(load.kernel, attach_type, "LSM programs of cgroups", since)
}

/// The slot of the instruction that the verifier stopped at.
fn stopped_at(verdict: &VerifierError) -> Option<u32> {
    verdict.instruction()?.split(':').next()?.trim().parse().ok()
}

/// What the kernel lacks, if the verifier stopped at an instruction that reads or calls it.
fn missing(load: &Load<'_>, prepared: &Prepared<'_>, at: u32) -> Option<String> {
    if let Some(call) = prepared.linked.missing_calls.iter().find(|call| call.at == at) {
        let place = load.c_line(prepared.linked.line_at(at));
        return Some(format!("it calls `{}`: {}{place}", call.name, call.why));
    }
    if let Some(address) = absent_address(&prepared.linked, at) {
        let place = load.c_line(prepared.linked.line_at(at));
        return Some(format!(
            "it reads through the address of `{}`, which is 0 here, without asking whether it is: {}{place}",
            address.name, address.why
        ));
    }
    load.explain_poison(&prepared.linked, at)
}

/// What the kernel has not whose address an instruction reads or writes through.
fn absent_address(linked: &LinkedProgram, at: u32) -> Option<&MissingCall> {
    let insn = linked.insns.get(at as usize)?;
    let mut base = match insn.code.class() {
        Class::Ldx => insn.src,
        Class::St | Class::Stx => insn.dst,
        _ => return None,
    };
    // Straight back to where the register got its value.
    for slot in (0..at).rev() {
        let before = linked.insns.get(slot as usize)?;
        if let Some(found) = linked.missing_addresses.iter().find(|one| one.at == slot) {
            if before.dst == base {
                return Some(found);
            }
        }
        let writes = matches!(before.code.class(), Class::Alu | Class::Alu64 | Class::Ldx);
        if writes && before.dst == base {
            if before.code != Opcode::MOV64_REG {
                return None;
            }
            base = before.src;
        }
    }
    None
}

/// The verifier finds a variable that a program names by its type in the kernel's list of symbols.
fn hidden_variable(verdict: &VerifierError) -> Option<String> {
    verdict.log().contains("failed to find the address for kernel symbol").then(|| {
        "it uses a variable of the kernel that the kernel's types have and its list of symbols \
         (/proc/kallsyms) has not: variables are in that with CONFIG_KALLSYMS_ALL alone"
            .to_owned()
    })
}

/// What the verifier means when it says that the program cannot be attached to its function.
fn wrong_function(log: &str) -> Option<&'static str> {
    let says = |end: &str| log.lines().any(|line| line.ends_with(end));
    if says(" is not sleepable") {
        return Some(
            "it may sleep (`.s` in its section), and the kernel lists its function neither among those that a \
             program may sleep in nor among those that may be made to fail (ALLOW_ERROR_INJECTION, with \
             CONFIG_FUNCTION_ERROR_INJECTION)",
        );
    }
    says(" is not modifiable").then_some(
        "it changes what its function returns, which the kernel allows for `security_*` and for functions that may \
         be made to fail (ALLOW_ERROR_INJECTION, with CONFIG_FUNCTION_ERROR_INJECTION)",
    )
}

fn takes_callbacks(prepared: &Prepared<'_>) -> bool {
    prepared.linked.insns.iter().any(|insn| insn.is_func_ref())
}

fn lacks_callbacks(load: &Load<'_>) -> bool {
    load.kernel.known_features().lacks(load.kernel.bpf(), Feature::Callbacks)
}

/// A refusal without a word of the verifier.
fn silent(load: &Load<'_>, prepared: &Prepared<'_>, errno: Errno) -> Error {
    let kernel = load.kernel;
    let (prog_type, attach_type) = (prepared.prog_type, prepared.spec.attach_type);
    if errno == Errno::PERM || errno == Errno::ACCESS {
        let denial = denied(kernel, &to_load_program(prog_type), errno);
        let forbidden = patches_functions(prog_type, attach_type)
            .then(|| patching_is_forbidden(kernel))
            .flatten();
        return match forbidden {
            // Only if nothing is missing that would be needed anyway.
            Some(why) if !denial.to_string().contains("missing") => {
                Error::new(ErrorKind::Permission, why).caused_by(errno)
            }
            _ => denial,
        };
    }
    let (kind, why) = why(load, prepared, errno);
    Error::new(kind, why).caused_by(errno)
}

fn why(load: &Load<'_>, prepared: &Prepared<'_>, errno: Errno) -> (ErrorKind, String) {
    let (kernel, prog_type) = (load.kernel, prepared.prog_type);
    match errno {
        Errno::NOMEM => (ErrorKind::System, "the kernel has no memory for it".to_owned()),
        Errno::AGAIN | Errno::INTR => {
            (ErrorKind::Interrupted, "signals kept interrupting the verifier".to_owned())
        }
        Errno::TOOBIG if prepared.linked.insns.len() > 4096 => (
            ErrorKind::Invalid,
            format!(
                "its {} instructions are more than this kernel or this process may load: 1000000 \
                 with CAP_BPF since 5.2, 4096 otherwise",
                prepared.linked.insns.len()
            ),
        ),
        _ if prog_type.name().is_none() => {
            (ErrorKind::Invalid, format!("there is no program type {}", prog_type.0))
        }
        _ if matches!(kernel.has_program_type(prog_type), Ok(false)) => {
            let kind = since::prog_type(prog_type);
            let what = format!("programs of type {prog_type}");
            (kind, options::lacking(kernel, &what, kind, options::of_programs(prog_type)))
        }
        _ if lacks_place(load, prepared) => {
            let attach_type = prepared.spec.attach_type.unwrap_or_default();
            let why = format!(
                "this kernel has programs of type {prog_type}, but does not attach them as {attach_type}"
            );
            (since::attach_type(attach_type), why)
        }
        _ => (
            ErrorKind::Invalid,
            format!(
                "the kernel has this type, and refuses its flags ({:#x}), its attach type, its \
                 interface or its BTF before verification",
                prepared.spec.flags
            ),
        ),
    }
}

/// Whether the kernel does not know the way of attaching that the program was loaded for.
fn lacks_place(load: &Load<'_>, prepared: &Prepared<'_>) -> bool {
    let attach_type = prepared.spec.attach_type;
    attach_type.is_some_and(|one| attach_types::knows(load.kernel, one) == Some(false))
}

#[cfg(test)]
mod tests {
    use super::wrong_function;

    #[test]
    fn functions_that_cannot_be_attached_to_so_are_explained() {
        let log = "func#0 @0\n__x64_sys_getpgid is not sleepable\nprocessed 0 insns\n";
        assert!(wrong_function(log).unwrap().starts_with("it may sleep (`.s`"));
        let log = "bpf_modify_return_test() is not modifiable\n";
        assert!(wrong_function(log).unwrap().contains("security_*"));
        assert_eq!(wrong_function("R1 is not sleepable here\n"), None);
    }
}
