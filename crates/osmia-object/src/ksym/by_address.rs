//! Externs by their addresses.

use crate::error::Error;
use crate::extern_spec::ExternSpec;
use crate::ksym::symbol::KernelSymbol;

/// A place that a kernel calls by a name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Address {
    /// Where it is.
    pub address: u64,
    /// The module that it is in, if it is in one.
    pub module: Option<String>,
}

/// What an untyped extern is, given all places that the kernel calls by its name.
///
/// # Errors
/// There is none and the extern is not weak, or there are several.
pub fn by_address(spec: &ExternSpec, found: &[Address]) -> Result<KernelSymbol, Error> {
    let error = |problem| Error::Extern { name: spec.name.clone(), problem };
    match found {
        [one, rest @ ..] if rest.iter().all(|other| other.address == one.address) => {
            Ok(KernelSymbol::Address(one.address))
        }
        [] if spec.weak => {
            Ok(KernelSymbol::Absent { why: "/proc/kallsyms does not have it".to_owned() })
        }
        [] => Err(Error::NoSuchExtern {
            name: spec.name.clone(),
            problem:
                "/proc/kallsyms does not have it: it may be misspelt, in a module that is not \
                      loaded, or left out of this kernel (variables take CONFIG_KALLSYMS_ALL); \
                      declare it `__weak` if the program can do without, which makes its address 0"
                    .to_owned(),
        }),
        several => Err(error(format!(
            "/proc/kallsyms has {} places of this name ({}), and nothing tells which is meant",
            several.len(),
            listed(several)
        ))),
    }
}

fn listed(places: &[Address]) -> String {
    const SHOWN: usize = 4;
    let shown = places.iter().take(SHOWN).map(|place| match &place.module {
        Some(module) => format!("{:#x} in {module}", place.address),
        None => format!("{:#x}", place.address),
    });
    let mut list = shown.collect::<Vec<_>>().join(", ");
    if places.len() > SHOWN {
        list.push_str(", ...");
    }
    list
}

#[cfg(test)]
mod tests {
    use super::{Address, by_address};
    use crate::extern_spec::{ExternKind, ExternSpec};
    use crate::ksym::symbol::KernelSymbol;

    fn spec(weak: bool) -> ExternSpec {
        let kind = ExternKind::KernelVariable;
        ExternSpec { name: "jiffies".to_owned(), kind, weak, ty: None }
    }

    fn at(address: u64, module: Option<&str>) -> Address {
        Address { address, module: module.map(str::to_owned) }
    }

    #[test]
    fn one_place_is_the_answer() {
        let place = at(0xffff_ffff_8100_0000, None);
        let twice = [place.clone(), place];
        let answer = Ok(KernelSymbol::Address(0xffff_ffff_8100_0000));
        assert_eq!(by_address(&spec(false), &twice[..1]), answer);
        assert_eq!(by_address(&spec(false), &twice), answer);
    }

    #[test]
    fn no_place_is_an_answer_for_weak_ones_alone() {
        assert!(matches!(by_address(&spec(true), &[]), Ok(KernelSymbol::Absent { .. })));
        let error = by_address(&spec(false), &[]).unwrap_err().to_string();
        assert!(error.starts_with("extern jiffies: /proc/kallsyms does not have it"), "{error}");
    }

    #[test]
    fn several_places_are_listed() {
        let error = by_address(&spec(true), &[at(1, None), at(2, Some("dm_mod"))]).unwrap_err();
        assert!(error.to_string().contains("2 places of this name (0x1, 0x2 in dm_mod)"));
        let many: Vec<_> = (1..9).map(|place| at(place, None)).collect();
        let error = by_address(&spec(false), &many).unwrap_err().to_string();
        assert!(error.contains("8 places of this name (0x1, 0x2, 0x3, 0x4, ...)"), "{error}");
    }
}
