//! Declarations that do not fit the definition in another file.

use std::collections::HashMap;

use osmia_btf::{Kind, Linkage, Type, TypeId};

use crate::budget::Budget;
use crate::compat;
use crate::error::Error;
use crate::layout::Layout;
use crate::map_compat;
use crate::merged::Merged;
use crate::source::Source;
use crate::symbols::{LinkedSymbol, Symbols};

/// Where maps are defined.
const MAPS: &str = ".maps";

/// What a file says of the names that others know.
type Declared<'s> = HashMap<&'s str, Type<'s>>;

/// Refuses declarations and definitions of one name that are for different things.
pub(crate) fn check(
    sources: &[Source<'_>],
    layout: &Layout<'_>,
    symbols: &Symbols<'_>,
    merged: &Merged,
    budget: &Budget,
) -> Result<(), Error> {
    let declared = sources.iter().map(declarations).collect::<Result<Vec<_>, _>>()?;
    for (&name, symbol) in &symbols.globals {
        let counts = declared.get(symbol.file).and_then(|names| names.get(name));
        let Some(counts) = counts else { continue };
        for (file, names) in declared.iter().enumerate() {
            let Some(other) = names.get(name).filter(|_| file != symbol.file) else { continue };
            let pair = Pair { layout, merged, symbol, file, budget };
            if let Some(problem) = pair.difference(counts, other)? {
                let title = |file: usize| sources.get(file).map_or("?", |s| s.file).to_owned();
                return Err(Error::Conflict {
                    what: format!("the declarations of {name}"),
                    first: title(symbol.file),
                    second: title(file),
                    problem,
                });
            }
        }
    }
    Ok(())
}

fn declarations<'s>(source: &'s Source<'_>) -> Result<Declared<'s>, Error> {
    let mut declared = HashMap::new();
    for ty in source.declarations() {
        let ty = ty?;
        let is_known = matches!(ty.linkage(), Some(Linkage::Global | Linkage::Extern));
        if is_known && matches!(ty.kind(), Kind::Var | Kind::Func) {
            declared.insert(ty.name(), ty);
        }
    }
    Ok(declared)
}

/// A name's definition, and what another file says of it.
struct Pair<'s> {
    layout: &'s Layout<'s>,
    merged: &'s Merged,
    symbol: &'s LinkedSymbol,
    file: usize,
    budget: &'s Budget,
}

impl Pair<'_> {
    fn difference(&self, one: &Type<'_>, other: &Type<'_>) -> Result<Option<String>, Error> {
        if one.kind() != other.kind() {
            let problem = format!("it is {} in the one, {} in the other", what(one), what(other));
            return Ok(Some(problem));
        }
        let (one, other) = (self.id(self.symbol.file, one)?, self.id(self.file, other)?);
        let section = self.symbol.home.and_then(|(section, _)| self.layout.sections.get(section));
        let btf = self.merged.btf();
        if section.is_some_and(|section| section.name == MAPS) {
            map_compat::difference(btf, one, other, self.budget)
        } else {
            compat::difference(btf, one, other, self.budget)
        }
    }

    /// What the type of a declaration is called among the merged ones.
    fn id(&self, file: usize, declaration: &Type<'_>) -> Result<TypeId, Error> {
        self.merged.id(file, declaration.target().unwrap_or_default())
    }
}

fn what(ty: &Type<'_>) -> &'static str {
    if ty.kind() == Kind::Func { "a function" } else { "a variable" }
}
