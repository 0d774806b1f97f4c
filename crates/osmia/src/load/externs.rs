//! What the object expects of the kernel: symbols and values of its configuration.

use std::cell::OnceCell;
use std::os::fd::{AsFd as _, AsRawFd as _, BorrowedFd};

use bytes::Bytes;
use indexmap::IndexMap;
use osmia_btf::core_re::Target;
use osmia_object::kconfig::{Facts, Needs, values};
use osmia_object::ksym::{KernelSymbol, KernelSymbols, ModuleFd, Question, by_address, by_type};
use osmia_object::{Error as ObjectError, ExternKind, ExternSpec, LinkedProgram};
use osmia_sys::BtfFd;

use crate::error::kind::ErrorKind;
use crate::error::{Attempt as _, Error};
use crate::kernel::feature::Feature;
use crate::kernel::modules::ModuleTypes;
use crate::kernel::no_btf;
use crate::load::Load;
use crate::load::function_address;

/// What the externs of an object are in the kernel.
#[derive(Debug, Default)]
pub(super) struct Externs {
    symbols: KernelSymbols,
    /// The modules that symbols are in, by their place.
    modules: Vec<(usize, BtfFd)>,
    /// The value of the `.kconfig` map.
    config: Bytes,
    /// Its parts that programs read, by the externs' names.
    config_parts: IndexMap<String, Bytes>,
}

impl Externs {
    /// Fills a program's externs in.
    pub(super) fn resolve(
        &self,
        load: &Load<'_>,
        program: &mut LinkedProgram,
    ) -> Result<(), Error> {
        if program.externs().next().is_none() {
            return Ok(());
        }
        let module = |place| self.module(place);
        Ok(program.resolve_externs(load.spec, &self.symbols, module)?)
    }

    /// The descriptors that programs refer to by their places.
    pub(super) fn fd_array(&self) -> Vec<BorrowedFd<'_>> {
        let mut fds: Vec<BorrowedFd<'_>> = self.modules.iter().map(|(_, fd)| fd.as_fd()).collect();
        // The first place means the kernel itself, and is not looked at.
        if let Some(&first) = fds.first() {
            fds.insert(0, first);
        }
        fds
    }

    fn module(&self, place: usize) -> Option<ModuleFd> {
        let at = self.modules.iter().position(|(known, _)| *known == place)?;
        let fd = self.modules.get(at)?.1.as_fd().as_raw_fd();
        Some(ModuleFd { fd, index: i16::try_from(at + 1).ok()? })
    }

    /// The value of the `.kconfig` map, zeros at the end left out.
    pub(super) fn config(&self) -> Bytes {
        self.config.clone()
    }

    /// What this extern of the configuration is, if a program refers to it.
    pub(super) fn config_part(&self, name: &str) -> Option<&Bytes> {
        self.config_parts.get(name)
    }

    /// What each extern of the configuration is that programs refer to, zeros at the end left out.
    pub(super) fn config_parts(&mut self) -> IndexMap<String, Bytes> {
        std::mem::take(&mut self.config_parts)
    }
}

/// The part of the `.kconfig` map's value that an extern is.
fn config_part(config: &Bytes, spec: &ExternSpec) -> Option<Bytes> {
    let ExternKind::Kconfig { offset, size } = spec.kind else { return None };
    let start = (offset as usize).min(config.len());
    let end = start.saturating_add(size as usize).min(config.len());
    Some(config.slice(start..end))
}

impl Load<'_> {
    /// Looks up all externs that these programs refer to.
    pub(super) fn externs(
        &self,
        programs: &IndexMap<String, LinkedProgram>,
    ) -> Result<Externs, Error> {
        let mut used: IndexMap<&str, &ExternSpec> = IndexMap::new();
        for name in programs.values().flat_map(LinkedProgram::externs) {
            if let Some(spec) = self.spec.externs.get(name) {
                used.insert(name, spec);
            }
        }
        if used.is_empty() {
            return Ok(Externs::default());
        }
        let config = self.config(&used)?;
        let part = |spec: &&ExternSpec| Some((spec.name.clone(), config_part(&config, spec)?));
        let config_parts = used.values().filter_map(part).collect();
        let mut externs = Externs { config, config_parts, ..Externs::default() };
        self.find_addresses(&used, &mut externs)?;
        let modules = OnceCell::new();
        for (name, spec) in &used {
            let question = Question::of(self.spec, spec);
            if matches!(question, Some(Question::Variable | Question::Function)) {
                let symbol = self.find_by_type(spec, &modules)?;
                externs.symbols.insert((*name).to_owned(), symbol);
            }
        }
        self.open_modules(&mut externs, modules.get())?;
        function_address::settle(self.kernel, self.spec, programs, &mut externs.symbols)?;
        Ok(externs)
    }

    /// The value of the `.kconfig` map.
    fn config(&self, used: &IndexMap<&str, &ExternSpec>) -> Result<Bytes, Error> {
        let is_config = |spec: &&ExternSpec| matches!(spec.kind, ExternKind::Kconfig { .. });
        let names: Vec<&str> =
            used.values().copied().filter(is_config).map(|spec| spec.name.as_str()).collect();
        let needs = Needs::of(names.iter().copied());
        let kernel = self.kernel;
        let config = match needs.config {
            true => Some(kernel.config().attempt(|| {
                let options = names.iter().copied().filter(|name| name.starts_with("CONFIG_"));
                format!(
                    "find out the kernel's options that it asks for ({})",
                    options.collect::<Vec<_>>().join(", ")
                )
            })?),
            false => None,
        };
        let has = |feature| kernel.known_features().has(kernel.bpf(), feature);
        let facts = Facts {
            config,
            version: needs.version.then(|| kernel.version_code()).flatten(),
            bpf_cookie: needs.bpf_cookie.then(|| has(Feature::AttachCookies)).flatten(),
            syscall_wrapper: match needs.syscall_wrapper {
                true => Some(kernel.wraps_system_calls()?),
                false => None,
            },
        };
        Ok(values(self.spec, names, &facts)?)
    }

    /// Untyped symbols, all by one walk through the kernel's list.
    fn find_addresses(
        &self,
        used: &IndexMap<&str, &ExternSpec>,
        externs: &mut Externs,
    ) -> Result<(), Error> {
        let asked: Vec<&ExternSpec> = used
            .values()
            .copied()
            .filter(|spec| Question::of(self.spec, spec) == Some(Question::Address))
            .collect();
        let found = self.kernel.addresses(asked.iter().map(|spec| spec.name.as_str()));
        let found = found.attempt(|| {
            let names: Vec<&str> = asked.iter().map(|spec| spec.name.as_str()).collect();
            format!("find the kernel's symbols that it asks for ({})", names.join(", "))
        })?;
        for spec in asked {
            let places = found.get(&spec.name).map(Vec::as_slice).unwrap_or_default();
            externs.symbols.insert(spec.name.clone(), by_address(spec, places)?);
        }
        Ok(())
    }

    fn find_by_type(
        &self,
        spec: &ExternSpec,
        modules: &OnceCell<ModuleTypes>,
    ) -> Result<KernelSymbol, Error> {
        let kernel = match self.kernel.own_btf() {
            Ok(btf) => Target::new("vmlinux", btf),
            Err(error) if spec.weak && error.kind() == ErrorKind::NotFound => {
                let why = "this kernel does not tell its types (CONFIG_DEBUG_INFO_BTF)".to_owned();
                return Ok(KernelSymbol::Absent { why });
            }
            Err(error) => return Err(error.during(format!("find extern `{}`", spec.name))),
        };
        let Some(btf) = &self.spec.btf else {
            return Err(Error::invalid(format!("extern `{}` has no type", spec.name)));
        };
        let all = || modules.get_or_init(|| self.kernel.modules()).targets.as_slice();
        match by_type(btf, spec, &kernel, all) {
            Ok(symbol) => Ok(symbol),
            Err(error) => Err(self.with_unread(error, modules.get())),
        }
    }

    /// The error, with what could not be looked at.
    fn with_unread(&self, error: ObjectError, modules: Option<&ModuleTypes>) -> Error {
        let absent = matches!(error, ObjectError::NoSuchExtern { .. });
        let Some(modules) = modules.filter(|_| absent) else { return error.into() };
        let mut message = error.to_string();
        for unreadable in &modules.unreadable {
            message = format!("{message}; {unreadable:#}");
        }
        if let Some(why) = no_btf::modules(self.kernel).filter(|_| modules.targets.is_empty()) {
            message = format!("{message}; {why}");
        }
        Error::not_found(message)
    }

    /// Opens the BTF of each module that a symbol is in, as programs refer to it.
    fn open_modules(
        &self,
        externs: &mut Externs,
        modules: Option<&ModuleTypes>,
    ) -> Result<(), Error> {
        for symbol in externs.symbols.values() {
            let KernelSymbol::Typed { place: place @ 1.., .. } = *symbol else { continue };
            if externs.modules.iter().any(|(known, _)| *known == place) {
                continue;
            }
            let target = modules.and_then(|modules| modules.targets.get(place - 1));
            let name = target.map_or("", Target::name);
            externs.modules.push((place, self.kernel.module_fd(name)?));
        }
        Ok(())
    }
}
