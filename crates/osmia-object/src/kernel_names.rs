//! Names as kernels take them.

use std::collections::{HashMap, HashSet};

use osmia_btf::{Btf, Kind, TypeId};

type Result<T> = std::result::Result<T, osmia_btf::Error>;

/// Hands over names for what kernels would refuse the whole of the types for: the type, the
/// number of its member, value or parameter if it is one of those, and the name. What C calls
/// the same is called the same, and what it calls otherwise is called otherwise. Objects whose
/// strings are all ASCII have no such names.
pub(crate) fn settle(
    btf: &Btf,
    mut rename: impl FnMut(TypeId, Option<usize>, &str) -> Result<()>,
) -> Result<()> {
    // Nearly all objects are settled so; what compilers take beyond ASCII is letters of names.
    if btf.own_strings().is_ascii() {
        return Ok(());
    }
    let mut names = Names { btf, given: HashMap::new(), taken: HashSet::new() };
    for ty in btf.own_types()? {
        let ty = ty?;
        if is_refused(ty.name()) && is_checked(ty.kind()) {
            rename(ty.id(), None, names.instead_of(ty.name())?)?;
        }
        let elements = match ty.kind() {
            Kind::Struct | Kind::Union => refused(ty.members().map(|one| Ok(one?.name)))?,
            Kind::Enum | Kind::Enum64 => refused(ty.enumerators().map(|one| Ok(one?.name)))?,
            Kind::FuncProto => refused(ty.params().map(|one| Ok(one?.name)))?,
            _ => continue,
        };
        for (at, name) in elements {
            rename(ty.id(), Some(at), names.instead_of(name)?)?;
        }
    }
    Ok(())
}

/// Those of the names that kernels refuse, by number.
fn refused<'a>(names: impl Iterator<Item = Result<&'a str>>) -> Result<Vec<(usize, &'a str)>> {
    let refused =
        |found: &Result<(usize, &str)>| found.as_ref().map_or(true, |(_, name)| is_refused(name));
    let numbered = names.enumerate().map(|(at, name)| Ok((at, name?)));
    numbered.filter(refused).collect()
}

/// Whether kernels look at the letters of such a type's name. Sections' have rules of their own,
/// and those of numbers are several words.
fn is_checked(kind: Kind) -> bool {
    !matches!(
        kind,
        Kind::Int | Kind::Float | Kind::DataSec | Kind::DeclTag | Kind::TypeTag | Kind::Unknown(_)
    )
}

/// Dots are settled elsewhere: newer kernels take them.
fn is_allowed(letter: char) -> bool {
    letter.is_ascii_alphanumeric() || matches!(letter, '_' | '.')
}

fn is_refused(name: &str) -> bool {
    !name.chars().all(is_allowed) || name.starts_with(|first: char| first.is_ascii_digit())
}

struct Names<'a> {
    btf: &'a Btf,
    /// By the object's names.
    given: HashMap<&'a str, String>,
    taken: HashSet<String>,
}

impl<'a> Names<'a> {
    fn instead_of(&mut self, name: &'a str) -> Result<&str> {
        if !self.given.contains_key(name) {
            let given = self.free(name)?;
            self.taken.insert(given.clone());
            self.given.insert(name, given);
        }
        Ok(self.given.get(name).map_or("_", String::as_str))
    }

    /// The name with `_` for what is refused, and a number behind it if another has that name.
    fn free(&self, name: &str) -> Result<String> {
        let first = if name.starts_with(|first: char| first.is_ascii_digit()) { "_" } else { "" };
        let letters = name.chars().map(|letter| if is_allowed(letter) { letter } else { '_' });
        let plain: String = first.chars().chain(letters).collect();
        let mut candidate = plain.clone();
        // As many as there are names that can be in the way.
        for number in 2..=self.taken.len() + 2 {
            if !self.taken.contains(&candidate) && self.btf.ids_named(&candidate)?.is_empty() {
                break;
            }
            candidate = format!("{plain}_{number}");
        }
        Ok(candidate)
    }
}
