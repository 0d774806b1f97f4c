//! Relocations of one object for one kernel.

use std::collections::HashMap;

use crate::btf::Btf;
use crate::core_re::answer::{Answer, answer, width};
use crate::core_re::candidates::Candidates;
use crate::core_re::error::CoreError;
use crate::core_re::fields;
use crate::core_re::kind::CoreKind;
use crate::core_re::matching;
use crate::core_re::mismatch::Mismatch;
use crate::core_re::notation::type_name;
use crate::core_re::relocation::{Choice, Relocation, What};
use crate::core_re::resolution::{Found, Resolution, Width};
use crate::core_re::side::Side;
use crate::core_re::target::Target;
use crate::core_re::types;
use crate::error::Error;
use crate::ext::CoreRecord;
use crate::flavour::essential_name;
use crate::id::{StrOff, TypeId};

/// Resolves an object's CO-RE relocations against a kernel's types.
///
/// Candidates are searched for by name once per type of the object, and equal
/// relocations are answered once. The order of relocations counts as it does in libbpf:
/// of several types of one name, those that a relocation does not fit are no longer
/// asked by later ones of the same local type.
///
/// # Examples
/// ```
/// use osmia_btf::{Btf, CoreRecord, Kind, core_re::{Relocator, Target}};
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let local = Btf::parse(osmia_btf::doc_fixture(), None)?;
/// # let kernel = local.clone();
/// # let ty = local.find(Kind::Struct, "point")?.ok_or("no point")?.id();
/// # let access = osmia_btf::StrOff(15); // "0:1"
/// # let record = CoreRecord { insn: Default::default(), ty, access, kind: 0 };
/// let mut relocator = Relocator::new(&local, Target::new("vmlinux", &kernel));
/// let resolution = relocator.resolve(&record)?;
/// assert_eq!((resolution.original, resolution.target), (4, Some(4)));
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct Relocator {
    local: Btf,
    candidates: Candidates,
    results: HashMap<(TypeId, StrOff, u32), Resolution>,
}

impl Relocator {
    /// For an object with this BTF and a kernel.
    pub fn new(local: &Btf, kernel: Target) -> Self {
        Self { local: local.clone(), candidates: Candidates::new(kernel), results: HashMap::new() }
    }

    /// Where modules come from if the kernel itself has no type of a name: called at most
    /// once, and only then.
    #[must_use]
    pub fn with_modules(mut self, modules: impl FnOnce() -> Vec<Target> + Send + 'static) -> Self {
        self.candidates.set_modules(Box::new(modules));
        self
    }

    /// The object's own types.
    pub fn local(&self) -> &Btf {
        &self.local
    }

    /// The BTF at a place of [`Found`]: 0 is the kernel's, others are modules'.
    pub fn target(&self, place: usize) -> Option<&Target> {
        self.candidates.target(place)
    }

    /// What a relocation comes to. That the target has no answer is not an error, but a
    /// [`Resolution`] without `target`; [`Relocator::explain`] tells why.
    ///
    /// # Errors
    /// The relocation makes no sense, a BTF is broken, or several types of the target
    /// contradict each other.
    pub fn resolve(&mut self, record: &CoreRecord) -> Result<Resolution, CoreError> {
        let key = (record.ty, record.access, record.kind);
        if let Some(known) = self.results.get(&key) {
            return Ok(*known);
        }
        let local = self.local.clone();
        let asked = Relocation::read(&local, record)?;
        let resolution = self.settle(&asked)?;
        self.results.insert(key, resolution);
        Ok(resolution)
    }

    fn settle(&mut self, asked: &Relocation<'_>) -> Result<Resolution, CoreError> {
        let own = answer(asked, asked.side, asked.root.id(), &asked.what)?;
        if asked.kind == CoreKind::TypeIdLocal {
            return Ok(resolution(asked, &own, Some(own.value)));
        }
        let all = self.candidates.of(&asked.root)?;
        let mut kept = Vec::new();
        let mut first: Option<Match<'_>> = None;
        for &found in &all {
            let Some(target) = self.candidates.target(found.place) else { continue };
            let side = target.side()?;
            let Ok(what) = examine(asked, side, found.ty)? else { continue };
            let answer = answer(asked, side, found.ty, &what)?;
            let next = Match { found, side, what, answer };
            match &first {
                Some(first) if !first.agrees_with(&next) => {
                    return Err(self.ambiguous(asked, first, &next));
                }
                Some(_) => {}
                None => first = Some(next),
            }
            kept.push(found);
        }
        let Some(first) = first else {
            let absent = asked.kind.absence_is_an_answer().then_some(0);
            return Ok(resolution(asked, &own, absent));
        };
        let settled = Resolution {
            width: width(asked.side, &own, first.side, &first.answer),
            found: Some(first.found),
            ..resolution(asked, &own, Some(first.answer.value))
        };
        if kept.len() < all.len() {
            self.candidates.keep(asked.root.id(), kept);
        }
        Ok(settled)
    }

    /// Calls `see` with all that the candidates left have for a relocation.
    pub(super) fn each_match(
        &mut self,
        record: &CoreRecord,
        mut see: impl FnMut(&Target, Found, &What<'_>) -> Result<(), Error>,
    ) -> Result<(), CoreError> {
        let local = self.local.clone();
        let asked = Relocation::read(&local, record)?;
        if asked.kind == CoreKind::TypeIdLocal {
            return Ok(());
        }
        for found in self.candidates.of(&asked.root)? {
            let Some(target) = self.candidates.target(found.place) else { continue };
            if let Ok(what) = examine(&asked, target.side()?, found.ty)? {
                see(target, found, &what)?;
            }
        }
        Ok(())
    }

    fn ambiguous(&self, asked: &Relocation<'_>, one: &Match<'_>, two: &Match<'_>) -> CoreError {
        let name = |found: Found| self.candidates.name(found);
        CoreError::Ambiguous {
            question: asked.to_string(),
            first: name(one.found),
            first_value: one.said(),
            second: name(two.found),
            second_value: two.said(),
        }
    }

    pub(super) fn candidates(&mut self) -> &mut Candidates {
        &mut self.candidates
    }
}

/// A candidate that has what is asked for.
struct Match<'a> {
    found: Found,
    side: Side<'a>,
    what: What<'a>,
    answer: Answer,
}

impl Match<'_> {
    fn bits(&self) -> u64 {
        match &self.what {
            What::Field(path) => path.bits,
            What::Type | What::Enumerator(_) => 0,
        }
    }

    fn agrees_with(&self, other: &Self) -> bool {
        self.bits() == other.bits() && self.answer.value == other.answer.value
    }

    fn said(&self) -> String {
        match &self.what {
            What::Field(path) if path.bits % 8 != 0 => {
                format!("{} (at bit {})", self.answer.value, path.bits)
            }
            What::Field(path) => format!("{} (at byte {})", self.answer.value, path.bits / 8),
            What::Type | What::Enumerator(_) => self.answer.value.to_string(),
        }
    }
}

/// What the candidate has for the relocation, or what it lacks.
pub(super) fn examine<'a>(
    asked: &Relocation<'a>,
    side: Side<'a>,
    id: TypeId,
) -> Result<Result<What<'a>, Mismatch<'a>>, Error> {
    match &asked.what {
        What::Type => {
            let verdict = if asked.kind == CoreKind::TypeMatches {
                matching::matches(asked.side, asked.root.id(), side, id)?
            } else {
                types::compatible(asked.side, asked.root.id(), side, id)?
            };
            Ok(verdict.map(|()| What::Type).map_err(Mismatch::Types))
        }
        What::Enumerator(choice) => enumerator(choice.name, side, id),
        What::Field(path) => Ok(fields::find(asked.side, path, side, id)?.map(What::Field)),
    }
}

/// Enumerators are found by their essential names, too.
fn enumerator<'a>(
    name: &'a str,
    side: Side<'a>,
    id: TypeId,
) -> Result<Result<What<'a>, Mismatch<'a>>, Error> {
    let ty = side.btf.resolve(id)?;
    if !ty.is_enum() {
        return Ok(Err(Mismatch::NotEnum));
    }
    let wanted = essential_name(name.as_bytes());
    for (index, at) in (0..).zip(ty.element_names()) {
        if side.btf.string_bytes(at).map(essential_name) != Some(wanted) {
            continue;
        }
        if let Some(choice) = Choice::of(&ty, index).transpose()? {
            return Ok(Ok(What::Enumerator(choice)));
        }
    }
    Ok(Err(Mismatch::NoEnumerator { name }))
}

fn resolution(asked: &Relocation<'_>, own: &Answer, target: Option<u64>) -> Resolution {
    Resolution {
        kind: asked.kind,
        original: own.value,
        target,
        validate: own.validate,
        width: Width::default(),
        found: None,
    }
}

impl Candidates {
    /// A candidate's name and where it is from, for messages.
    pub(super) fn name(&self, found: Found) -> String {
        match self.target(found.place) {
            Some(target) => {
                let name = type_name(target.btf(), found.ty);
                format!("`{name}` {} of {}", found.ty, target.name())
            }
            None => format!("type {}", found.ty),
        }
    }
}
