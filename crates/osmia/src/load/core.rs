//! CO-RE: instructions that depend on the kernel's types.

use std::cell::RefCell;
use std::collections::BTreeSet;

use indexmap::IndexMap;
use osmia_btf::core_re::{Relocator, Target};
use osmia_btf::{Btf, TypeId};
use osmia_object::{Line, LinkedProgram};

use crate::error::Error;
use crate::error::kind::ErrorKind;
use crate::load::{Load, attach_btf};

/// The object's relocations, answered once for all of its programs.
pub(super) type SharedRelocator = RefCell<Relocator>;

impl Load<'_> {
    /// Searches the kernel's types in one go for all names that the programs are about: each
    /// search for a single one goes through all types, too.
    pub(super) fn look_for_types(&self, linked: &IndexMap<String, LinkedProgram>) {
        let programs = linked.keys().filter_map(|name| self.spec.programs.get(name));
        let targets: Vec<String> = programs.filter_map(attach_btf::target_name).collect();
        let relocations = linked.values().flat_map(|program| &program.core);
        let roots: BTreeSet<TypeId> = relocations.map(|core| core.record.ty).collect();
        if targets.len() + roots.len() < 2 {
            return;
        }
        let btf = if roots.is_empty() { self.kernel.own_btf() } else { self.kernel.btf() };
        let root = |id| Some(self.spec.btf.as_ref()?.ty(id).ok()?.name());
        let names = targets.iter().map(String::as_str).chain(roots.into_iter().filter_map(root));
        // Types that are missing or broken are told of by who cannot do without.
        let _ = btf.map(|btf| btf.look_for(names));
    }

    /// Adapts a program to the kernel's types.
    pub(super) fn relocate(&self, program: &mut LinkedProgram) -> Result<(), Error> {
        if program.core.is_empty() {
            return Ok(());
        }
        let mut relocator = self.relocator()?.borrow_mut();
        program.relocate(&mut relocator).map_err(|error| {
            Error::new(ErrorKind::Malformed, "adapt it to the kernel's types").caused_by(error)
        })
    }

    /// Why the kernel lacks what an instruction reads, and where the C reads it.
    pub(super) fn explain_poison(&self, program: &LinkedProgram, at: u32) -> Option<String> {
        let poisoned = program.poisoned.iter().find(|poisoned| poisoned.at == at)?;
        let mut relocator = self.relocator().ok()?.borrow_mut();
        let failure = relocator.explain(&poisoned.record).ok()??;
        let btf = self.spec.btf.as_ref()?;
        let place = self.c_line(program.poisoned_line(btf, poisoned));
        Some(format!("{failure:#}{place}"))
    }

    /// A line of C as the end of a message; nothing if there is none.
    pub(super) fn c_line(&self, line: Option<&Line>) -> String {
        let told = || {
            let (btf, info) = (self.spec.btf.as_ref()?, line?.info);
            let text = |at| btf.string(at).ok().map(str::trim);
            let (file, c) = (text(info.file)?, text(info.text)?);
            (info.line != 0).then(|| format!("\n  C: {c} @ {file}:{}", info.line))
        };
        told().unwrap_or_default()
    }

    fn relocator(&self) -> Result<&SharedRelocator, Error> {
        if let Some(relocator) = self.relocator.get() {
            return Ok(relocator);
        }
        let local = self.spec.btf.as_ref().ok_or_else(|| {
            Error::invalid("it has CO-RE relocations and no BTF: compile it with -g")
        })?;
        let mut relocator = Relocator::new(local, Target::new("vmlinux", self.types()?));
        if self.kernel.tells_its_types() {
            let kernel = self.kernel.clone();
            relocator = relocator.with_modules(move || kernel.modules().targets);
        }
        Ok(self.relocator.get_or_init(|| RefCell::new(relocator)))
    }

    fn types(&self) -> Result<&Btf, Error> {
        self.kernel.btf().map_err(|error| {
            error.during("it reads the kernel's types by CO-RE, which takes the kernel's BTF")
        })
    }
}
