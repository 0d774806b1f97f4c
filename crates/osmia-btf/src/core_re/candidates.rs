//! The types of a target that an object's type may stand for.

use std::collections::HashMap;
use std::fmt;

use crate::core_re::error::CoreError;
use crate::core_re::fields::same_kind;
use crate::core_re::resolution::Found;
use crate::core_re::target::Target;
use crate::error::Error;
use crate::flavour::essential_text;
use crate::id::TypeId;
use crate::ty::Type;

type Loader = Box<dyn FnOnce() -> Vec<Target> + Send>;

/// The targets, and what was found in them.
pub(super) struct Candidates {
    /// The kernel first, then its modules, once something made them necessary.
    targets: Vec<Target>,
    modules: Option<Loader>,
    /// Modules whose BTF is broken, and how.
    unreadable: Vec<(String, Error)>,
    /// By the object's type. What a relocation rules out stays ruled out for later
    /// ones of the same type.
    known: HashMap<TypeId, Vec<Found>>,
}

impl Candidates {
    pub fn new(kernel: Target) -> Self {
        Self { targets: vec![kernel], modules: None, unreadable: Vec::new(), known: HashMap::new() }
    }

    pub fn set_modules(&mut self, modules: Loader) {
        self.modules = Some(modules);
    }

    pub fn target(&self, place: usize) -> Option<&Target> {
        self.targets.get(place)
    }

    pub fn unreadable(&self) -> &[(String, Error)] {
        &self.unreadable
    }

    /// The candidates that are left for a type of the object.
    pub fn of(&mut self, root: &Type<'_>) -> Result<Vec<Found>, CoreError> {
        if let Some(known) = self.known.get(&root.id()) {
            return Ok(known.clone());
        }
        let found = self.search(root)?;
        self.known.insert(root.id(), found.clone());
        Ok(found)
    }

    /// Keeps those that a relocation of the type agreed with.
    pub fn keep(&mut self, root: TypeId, kept: Vec<Found>) {
        self.known.insert(root, kept);
    }

    /// All types of the same essential name and kind: the kernel's, or if it has none
    /// the modules'.
    pub fn search(&mut self, root: &Type<'_>) -> Result<Vec<Found>, CoreError> {
        if root.name().is_empty() {
            return Err(CoreError::Anonymous { ty: root.id(), kind: root.kind() });
        }
        let mut found = Vec::new();
        if let Some(kernel) = self.targets.first() {
            found.extend(named_like(root, 0, kernel)?);
        }
        if !found.is_empty() {
            return Ok(found);
        }
        if let Some(load) = self.modules.take() {
            self.targets.extend(load());
        }
        for (place, module) in self.targets.iter().enumerate().skip(1) {
            match named_like(root, place, module) {
                Ok(named) => found.extend(named),
                // A module that has nothing to do with the object must not stop it.
                Err(error) => {
                    if self.unreadable.iter().all(|(name, _)| name != module.name()) {
                        self.unreadable.push((module.name().into(), error));
                    }
                }
            }
        }
        Ok(found)
    }
}

impl fmt::Debug for Candidates {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Candidates")
            .field("targets", &self.targets)
            .field("unreadable", &self.unreadable)
            .finish_non_exhaustive()
    }
}

fn named_like(root: &Type<'_>, place: usize, target: &Target) -> Result<Vec<Found>, Error> {
    let essential = essential_text(root.name());
    let btf = target.btf();
    // A module's search is over what it adds to the kernel's types.
    let first = if place == 0 { TypeId::VOID } else { btf.first_own_id() };
    let mut found = Vec::new();
    for id in btf.candidates(essential)? {
        if id >= first && same_kind(root, &btf.ty(id)?) {
            found.push(Found { place, ty: id });
        }
    }
    Ok(found)
}
