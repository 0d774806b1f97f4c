//! Kernel symbols that a program declares, as the kernel takes them.

use crate::builder::Builder;
use crate::error::Error;
use crate::id::{StrOff, TypeId};
use crate::kind::Kind;
use crate::records::Info;
use crate::ty::{Int, Linkage, SectionVar};

const TAIL: usize = 3;

impl Builder {
    /// Makes the section of a program's `__ksym` declarations (`.ksyms`) one that kernels
    /// take: they know neither external linkage nor functions in data sections, and want
    /// names for the parameters of functions.
    ///
    /// Each variable becomes a global `int`, each function a global one that a variable
    /// stands for in the section.
    ///
    /// # Errors
    /// The builder has no such section of its own, or something in it is broken.
    pub fn settle_ksyms(&mut self, section: TypeId) -> Result<(), Error> {
        let Info { kind, vlen, .. } = self.info(section)?;
        if kind != Kind::DataSec {
            return Err(Error::Invalid { id: section, kind, problem: "is no data section" });
        }
        let bits = 32;
        let int = Int { size: 4, bits, offset: 0, signed: true, is_char: false, is_bool: false };
        let int = self.int("int", int)?;
        let stand_in = self.variable("osmia_ksym", int, Linkage::Global)?;
        let name = self.string("osmia_ksym")?;
        let mut vars = Vec::new();
        for at in 0..vlen {
            let id = TypeId(self.word(section, TAIL + at as usize * 3)?);
            let var = match self.info(id)?.kind {
                Kind::Func => {
                    self.set_linkage(id, Linkage::Global)?;
                    self.name_params(id, name)?;
                    stand_in
                }
                Kind::Var => {
                    self.set_linkage(id, Linkage::Global)?;
                    self.set_target(id, int)?;
                    id
                }
                kind => {
                    let problem = "is in a data section, but no variable or function";
                    return Err(Error::Invalid { id, kind, problem });
                }
            };
            vars.push(SectionVar { var, offset: at * 4, size: 4 });
        }
        self.set_section(section, vlen * 4, &vars)
    }

    /// Gives each nameless parameter of a function a name.
    fn name_params(&mut self, function: TypeId, name: StrOff) -> Result<(), Error> {
        let prototype = TypeId(self.word(function, 2)?);
        let Info { kind, vlen, .. } = self.info(prototype)?;
        if kind != Kind::FuncProto {
            let problem = "is a function's type, but no prototype";
            return Err(Error::Invalid { id: prototype, kind, problem });
        }
        for at in (0..vlen as usize).map(|at| TAIL + at * 2) {
            // `void` stands for `...`, which has no name.
            if self.word(prototype, at)? == 0 && self.word(prototype, at + 1)? != 0 {
                self.set_word(prototype, at, name.0)?;
            }
        }
        Ok(())
    }
}
