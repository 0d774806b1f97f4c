//! Functions of loaded programs, to which other programs attach.

use osmia_btf::{Btf, Kind};

use crate::error::Error;
use crate::error::kind::ErrorKind;
use crate::near::instead_of;
use crate::program::Program;
use crate::program::names::own_btf;

impl Program {
    /// The number of a function in the program's own BTF: of its first one, if no name is given.
    pub(crate) fn function_id(&self, function: Option<&str>) -> Result<u32, Error> {
        let kernel = self.kernel("attaching to it")?.kernel_value();
        let wanted = function.unwrap_or(self.name());
        let untold = || {
            Error::invalid(format!(
                "program `{}` has no types, by which its function `{wanted}` is named: compile it \
                 with -g",
                self.name()
            ))
        };
        let id = self.info()?.btf_id;
        let btf = match id {
            0 => return Err(untold()),
            id => own_btf(kernel, id).ok_or_else(untold)?,
        };
        let found = btf.find(Kind::Func, wanted).map_err(|error| {
            let attempt = format!("search the types of program `{}`", self.name());
            Error::new(ErrorKind::Malformed, attempt).caused_by(error)
        })?;
        found.map(|function| function.id().0).ok_or_else(|| self.no_function(&btf, wanted))
    }

    fn no_function(&self, btf: &Btf, wanted: &str) -> Error {
        let types = btf.types().ok().into_iter().flatten().flatten();
        let names = types.filter(|ty| ty.kind() == Kind::Func).map(|ty| ty.name());
        let near = instead_of(wanted, "functions", names);
        let name = self.name();
        Error::not_found(format!("program `{name}` has no function `{wanted}`; {near}"))
    }
}
