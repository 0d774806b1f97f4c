//! What the module has fields for.

use osmia_btf::Btf;
use osmia_object::ObjectSpec;

use crate::error::Error;
use crate::generate::find::find;
use crate::generate::module::kconfig::{self, Kconfig};
use crate::generate::module::map::{self, Map};
use crate::generate::module::program::{self, Program};
use crate::generate::module::struct_ops::{self, Tables};
use crate::generate::module::variable::{self, Variable};
use crate::generate::names;
use crate::generate::request::Options;
use crate::generate::types::collect::Collector;

/// The programs, maps and variables of an object, with their types.
pub(crate) struct Parts {
    pub programs: Vec<Program>,
    pub maps: Vec<Map>,
    pub variables: Vec<Variable>,
    pub kconfig: Vec<Kconfig>,
    pub struct_ops: Tables,
}

impl Parts {
    /// The parts of an object. Types are met in the order of asking: those asked for by
    /// name, then those of maps, of variables, of the configuration, of tables.
    pub fn of(
        object: &ObjectSpec,
        btf: &Btf,
        options: &Options,
        collector: &mut Collector<'_>,
    ) -> Result<Self, Error> {
        for ty in &options.types {
            collector.ask(find(btf, ty)?, ty, &format!("`{}`", names::shown(ty)))?;
        }
        let maps = map::maps(object, btf, &options.events, collector)?;
        let variables = variable::variables(object, btf, collector)?;
        let kconfig = kconfig::kconfig(object, collector)?;
        let struct_ops = struct_ops::struct_ops(object, btf, collector)?;
        let programs = program::programs(object);
        Ok(Self { programs, maps, variables, kconfig, struct_ops })
    }
}
