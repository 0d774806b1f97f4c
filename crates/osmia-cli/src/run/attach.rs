//! What is attached to what.

use osmia::{
    Cgroup, CgroupProgram, Link, Links, Object, Program, RawTracepointProgram, Tc, TcProgram,
    Tracepoint, TracepointProgram, XdpMode, XdpProgram, interface_index,
};
use osmia_abi::{AttachType, ProgType};
use osmia_object::ObjectSpec;

use crate::failure::Failure;
use crate::near::no_such;

/// The attachments that the command line asks for.
#[derive(Debug, Default)]
pub struct Placement {
    /// Programs that are attached one by one, with their targets.
    one_by_one: Vec<(String, String)>,
}

/// What is attached, and what is not.
pub struct Attached {
    /// Those that their sections say.
    links: Links,
    /// Those that the command line says.
    more: Vec<(String, Link)>,
    /// Those that could not be attached, and why, where that is no failure.
    failed: Vec<(String, String)>,
}

impl Placement {
    /// Notes in the spec what the command line wants to be attached to what.
    ///
    /// # Errors
    /// There is no such program, or it is given two targets and can have only one.
    pub fn plan(spec: &mut ObjectSpec, wanted: &[(String, String)]) -> Result<Self, Failure> {
        let mut plan = Self::default();
        for (at, (name, target)) in wanted.iter().enumerate() {
            let Some(program) = spec.programs.get_mut(name) else {
                let names = spec.programs.keys().map(String::as_str);
                return Err(Failure::not_found(no_such("program", name, names)));
            };
            program.autoload = true;
            if is_attached_alone(program.prog_type) {
                program.autoattach = false;
                plan.one_by_one.push((name.clone(), target.clone()));
                continue;
            }
            if wanted.iter().take(at).any(|(earlier, _)| earlier == name) {
                let ty = program.prog_type.map_or_else(String::new, |ty| format!(" of type {ty}"));
                return Err(Failure::new(format!(
                    "program {name}{ty} can be attached to one target only, and --attach names it twice"
                )));
            }
            program.attach_target = Some(target.clone());
            program.autoattach = true;
        }
        Ok(plan)
    }

    /// Attaches everything, or nothing if one program fails; all that can be attached if that is
    /// wanted.
    ///
    /// # Errors
    /// A target does not exist, or the kernel refuses.
    pub fn attach(&self, object: &Object, keep_going: bool) -> Result<Attached, Failure> {
        let hint = "--keep-going leaves out what cannot be attached";
        let (mut more, mut failed) = (Vec::new(), Vec::new());
        for (name, target) in &self.one_by_one {
            match attach_one(object.program(name)?, target) {
                Ok(link) => more.push((name.clone(), link)),
                Err(failure) if keep_going => failed.push((name.clone(), failure.message())),
                Err(failure) => return Err(failure.with_hint(hint)),
            }
        }
        if !keep_going {
            let links = object.attach();
            let links = links.map_err(|error| Failure::from_error(&error).with_hint(hint))?;
            return Ok(Attached { links, more, failed });
        }
        let mut links = Links::default();
        let mut keep = |name: &str, attached: Result<Link, osmia::Error>| match attached {
            Ok(link) => drop(links.put(name, link)),
            Err(error) => {
                failed.push((name.to_owned(), Failure::from_error(&error).message()));
            }
        };
        let alone = |name: &str| self.one_by_one.iter().any(|(found, _)| found == name);
        for program in object.programs().filter(|program| !alone(program.name())) {
            if program.is_loaded() && program.autoattach() && !is_callback(program) {
                keep(program.name(), program.attach());
            }
        }
        for table in object.all_struct_ops() {
            keep(table.name(), table.attach());
        }
        Ok(Attached { links, more, failed })
    }
}

/// Whether a program is attached with the table of callbacks that it stands in.
fn is_callback(program: &Program) -> bool {
    program.prog_type() == ProgType::STRUCT_OPS
}

impl Attached {
    /// The attached programs, and to what.
    pub fn places(&self) -> impl Iterator<Item = (&str, &str)> {
        let more = self.more.iter().map(|(name, link)| (name.as_str(), link));
        self.links.iter().chain(more).map(|(name, link)| (name, link.place()))
    }

    /// The programs that are not attached, and why.
    pub fn left_out<'a>(&'a self, object: &Object) -> impl Iterator<Item = (&'a str, &'a str)> {
        let with_table = |name: &str| {
            object.program(name).is_ok_and(|found| found.is_loaded() && is_callback(found))
        };
        let alone = |name: &str| self.more.iter().any(|(found, _)| found == name);
        let left_out = self.links.left_out().iter();
        let left_out =
            left_out.filter(move |left| !alone(&left.program) && !with_table(&left.program));
        let failed = self.failed.iter().map(|(program, why)| (program.as_str(), why.as_str()));
        left_out.map(|left| (left.program.as_str(), left.why.as_str())).chain(failed)
    }

    /// Detaches everything, and says so if something cannot be detached.
    ///
    /// # Errors
    /// As for [`Link::detach`].
    pub fn detach(self) -> Result<(), Failure> {
        let more = self.more.into_iter().map(|(_, link)| link.detach()).fold(Ok(()), Result::and);
        Ok(self.links.detach().and(more)?)
    }
}

/// Whether programs of this type are attached to targets that are named one by one, of which
/// there may be several.
fn is_attached_alone(ty: Option<ProgType>) -> bool {
    ty.is_some_and(|ty| kind_of_target(ty).is_some())
}

/// What is named as the target of programs of this type, where that is not what their section
/// can name.
pub fn kind_of_target(ty: ProgType) -> Option<&'static str> {
    Some(match ty {
        ProgType::XDP | ProgType::SCHED_CLS => "INTERFACE",
        ProgType::TRACEPOINT => "CATEGORY/NAME",
        ProgType::RAW_TRACEPOINT | ProgType::RAW_TRACEPOINT_WRITABLE => "NAME",
        ProgType::CGROUP_SKB
        | ProgType::CGROUP_SOCK
        | ProgType::CGROUP_SOCK_ADDR
        | ProgType::CGROUP_SOCKOPT
        | ProgType::CGROUP_SYSCTL
        | ProgType::CGROUP_DEVICE
        | ProgType::SOCK_OPS => "CGROUP",
        _ => return None,
    })
}

fn attach_one(program: &Program, target: &str) -> Result<Link, Failure> {
    let program = program.clone();
    Ok(match program.prog_type() {
        ProgType::XDP => {
            let (interface, mode) = interface(target)?;
            XdpProgram::try_from(program)?.attach(interface_index(interface)?, mode)?
        }
        ProgType::SCHED_CLS => {
            let place = tc(target, program.attach_type())?;
            TcProgram::try_from(program)?.attach(&place)?
        }
        ProgType::TRACEPOINT => {
            TracepointProgram::try_from(program)?.attach_to(&Tracepoint::parse(target)?)?
        }
        ProgType::RAW_TRACEPOINT | ProgType::RAW_TRACEPOINT_WRITABLE => {
            RawTracepointProgram::try_from(program)?.attach_to(target)?
        }
        _ => CgroupProgram::try_from(program)?.attach(&Cgroup::new(target))?,
    })
}

/// An interface with a direction behind a colon; else the one that the section says, or the
/// packets that come in.
fn tc(target: &str, attach_type: Option<AttachType>) -> Result<Tc, Failure> {
    let said = if attach_type == Some(AttachType::TCX_EGRESS) { "egress" } else { "ingress" };
    let (interface, direction) = target.rsplit_once(':').unwrap_or((target, said));
    match direction {
        "ingress" => Ok(Tc::ingress(interface_index(interface)?)),
        "egress" => Ok(Tc::egress(interface_index(interface)?)),
        other => Err(Failure::usage(no_such("direction", other, ["ingress", "egress"]))),
    }
}

/// An interface, with a mode behind a colon where one is wanted.
fn interface(target: &str) -> Result<(&str, XdpMode), Failure> {
    let Some((interface, mode)) = target.rsplit_once(':') else {
        return Ok((target, XdpMode::Any));
    };
    let mode = match mode {
        "driver" => XdpMode::Driver,
        "generic" => XdpMode::Generic,
        "offload" => XdpMode::Offload,
        other => {
            let names = ["driver", "generic", "offload"];
            return Err(Failure::usage(no_such("XDP mode", other, names)));
        }
    };
    Ok((interface, mode))
}

#[cfg(test)]
mod tests {
    use osmia::XdpMode;

    use super::interface;

    #[test]
    fn interfaces_may_have_a_mode() {
        assert_eq!(interface("veth0").unwrap(), ("veth0", XdpMode::Any));
        assert_eq!(interface("veth0:generic").unwrap(), ("veth0", XdpMode::Generic));
        let failure = interface("veth0:drive").unwrap_err();
        assert!(failure.message().contains("did you mean driver?"), "{}", failure.message());
    }
}
