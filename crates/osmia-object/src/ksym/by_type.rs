//! Externs by their types.

use osmia_btf::core_re::{Target, is_declarable};
use osmia_btf::{Btf, Kind, Type, TypeId, c, essential_name};

use crate::error::Error;
use crate::extern_spec::{ExternKind, ExternSpec};
use crate::ksym::absent::absent;
use crate::ksym::symbol::KernelSymbol;

/// What a typed variable or a function is: looked up by name in the kernel's types, then, if
/// they have it not, in those of its modules, which are asked for only then.
///
/// A flavour (`bpf_task_acquire___old`) stands for the name without it, so that an object can
/// declare several versions of a function's prototype. A weak function whose prototype does not
/// fit is taken for absent, as libbpf does.
///
/// # Errors
/// The kernel has it not and the extern is not weak; the declaration does not fit what the kernel
/// has; a BTF is broken. What is broken in a module is passed over.
pub fn by_type<'m>(
    btf: &Btf,
    spec: &ExternSpec,
    kernel: &Target,
    modules: impl FnOnce() -> &'m [Target],
) -> Result<KernelSymbol, Error> {
    let asked = Asked::new(btf, spec)?;
    if let Some(ty) = asked.find(kernel.btf()).map_err(|error| asked.broken(kernel, &error))? {
        return asked.fit(0, kernel, &ty);
    }
    let modules = modules();
    for (place, module) in (1..).zip(modules) {
        if let Ok(Some(ty)) = asked.find(module.btf()) {
            return asked.fit(place, module, &ty);
        }
    }
    let why = absent(asked.name, asked.kind, kernel, modules);
    match spec.weak {
        true => Ok(KernelSymbol::Absent { why }),
        false => Err(Error::NoSuchExtern { name: spec.name.clone(), problem: why }),
    }
}

/// An extern that is looked for.
struct Asked<'a> {
    btf: &'a Btf,
    spec: &'a ExternSpec,
    ty: TypeId,
    /// Its name without a flavour.
    name: &'a str,
    kind: Kind,
}

impl<'a> Asked<'a> {
    fn new(btf: &'a Btf, spec: &'a ExternSpec) -> Result<Self, Error> {
        let essential = essential_name(spec.name.as_bytes()).len();
        let name = spec.name.get(..essential).unwrap_or(&spec.name);
        let kind = if spec.kind == ExternKind::KernelFunction { Kind::Func } else { Kind::Var };
        let ty = spec.ty.ok_or_else(|| Error::Extern {
            name: spec.name.clone(),
            problem: "the object does not tell its type".to_owned(),
        })?;
        Ok(Self { btf, spec, ty, name, kind })
    }

    fn error(&self, problem: String) -> Error {
        Error::Extern { name: self.spec.name.clone(), problem }
    }

    fn broken(&self, target: &Target, error: &osmia_btf::Error) -> Error {
        self.error(format!("it cannot be looked up in the types of {}: {error}", target.name()))
    }

    /// The record of this name and kind that a BTF itself has.
    fn find<'t>(&self, btf: &'t Btf) -> Result<Option<Type<'t>>, osmia_btf::Error> {
        let found = btf.find(self.kind, self.name)?;
        Ok(found.filter(|ty| ty.id() >= btf.first_own_id()))
    }

    /// The answer, if the declaration fits what was found.
    fn fit(&self, place: usize, target: &Target, ty: &Type<'_>) -> Result<KernelSymbol, Error> {
        let fits = self.fits(target.btf(), ty).map_err(|error| self.broken(target, &error))?;
        if fits {
            return Ok(KernelSymbol::Typed { place, id: ty.id(), address: None });
        }
        let local = self.declared();
        let other = c::declare(target.btf(), ty.id(), "").unwrap_or_else(|error| error.to_string());
        let why = format!("it is declared as `{local}`, and in {} it is `{other}`", target.name());
        match (self.kind, self.spec.weak) {
            (Kind::Func, true) => Ok(KernelSymbol::Absent { why }),
            _ => Err(self.error(why)),
        }
    }

    fn fits(&self, btf: &Btf, ty: &Type<'_>) -> Result<bool, osmia_btf::Error> {
        let target = btf.resolve(ty.target().unwrap_or_default())?.id();
        let local = self.btf.resolve(self.ty)?.id();
        is_declarable(self.btf, local, btf, target)
    }

    fn declared(&self) -> String {
        c::declare(self.btf, self.ty, &self.spec.name).unwrap_or_else(|error| error.to_string())
    }
}
