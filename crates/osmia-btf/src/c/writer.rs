//! The text of one header, and what its parts need to know while it grows.

use std::collections::{HashMap, HashSet};

use crate::btf::Btf;
use crate::c::base::write_to;
use crate::c::catalog::{Catalog, Tag};
use crate::c::declarator::{Fronts, Step, keyword};
use crate::c::name::write_identifier;
use crate::c::tag::write_tag;
use crate::error::Error;
use crate::hash::Quick;
use crate::id::TypeId;
use crate::kind::Kind;
use crate::shape::Shapes;
use crate::ty::Type;

/// Deeper nests of unnamed structs and of functions as parameters are made to hurt.
pub(super) const DEPTH: u32 = 64;

/// Text may be this many times as long as the BTF, and `SPARE` bytes besides.
const RATIO: usize = 16;
const SPARE: usize = 1 << 16;

/// Writes C.
pub(super) struct Writer<'a> {
    pub btf: &'a Btf,
    pub catalog: &'a Catalog<'a>,
    pub shapes: Shapes<'a>,
    pub text: String,
    /// Bytes that have left `text` already.
    pub taken: usize,
    pub steps: Vec<Step<'a>>,
    pub fronts: Fronts,
    /// Whether what has no name is told by its members.
    pub with_bodies: bool,
    /// Names of typedefs, functions and enumerators, and how often each came up.
    idents: HashMap<&'a str, u32, Quick>,
    /// Enums without a name that stand within something else.
    inlined: HashSet<TypeId, Quick>,
    limit: usize,
}

impl<'a> Writer<'a> {
    pub fn new(btf: &'a Btf, catalog: &'a Catalog<'a>) -> Self {
        Self {
            btf,
            catalog,
            shapes: Shapes::new(btf),
            text: String::new(),
            taken: 0,
            steps: Vec::new(),
            fronts: Fronts::default(),
            with_bodies: true,
            idents: HashMap::default(),
            inlined: HashSet::default(),
            limit: text_limit(btf),
        }
    }

    /// Writes a whole definition or typedef, without the semicolon.
    pub fn definition(&mut self, ty: &Type<'a>) -> Result<(), Error> {
        if ty.kind() == Kind::Typedef {
            let start = self.text.len();
            self.type_name(ty);
            let name = self.text.split_off(start);
            self.text.push_str("typedef ");
            let target = ty.target().unwrap_or_default();
            if target.is_void() && ty.name() == "__gnuc_va_list" {
                // Old compilers left the target out.
                self.text.push_str("__builtin_va_list ");
                self.text.push_str(&name);
            } else {
                self.declaration(target, &name, 0, DEPTH)?;
            }
        } else {
            self.text.push_str(keyword(ty));
            if !ty.name().is_empty() {
                self.text.push(' ');
                self.type_name(ty);
            }
            if ty.kind() != Kind::Fwd {
                self.body(ty, 0, DEPTH)?;
            }
        }
        self.tags(self.catalog.tags.get(&ty.id()).map_or(&[][..], Vec::as_slice), None);
        Ok(())
    }

    /// Writes the part in braces and the attributes behind it.
    pub fn body(&mut self, ty: &Type<'a>, level: usize, depth: u32) -> Result<(), Error> {
        if ty.is_composite() {
            let depth = deeper(ty.id(), depth)?;
            self.composite_body(ty, level, depth)
        } else {
            if ty.name().is_empty() {
                self.inlined.insert(ty.id());
            }
            self.enum_body(ty, level)
        }
    }

    /// Whether an enum without a name stands within something that is written.
    pub fn is_inlined(&self, id: TypeId) -> bool {
        self.inlined.contains(&id)
    }

    /// Writes a struct or union in place of its name.
    pub fn inline_composite(&mut self, id: TypeId, level: usize, depth: u32) -> Result<(), Error> {
        let ty = self.btf.resolve(id)?;
        self.text.push_str(keyword(&ty));
        self.body(&ty, level, depth)
    }

    /// Whether the type is a struct or union, qualified or not.
    pub fn is_composite(&self, id: TypeId) -> Result<bool, Error> {
        Ok(self.btf.resolve(id)?.is_composite())
    }

    /// Writes the type's name, told apart from others of the same name.
    pub fn type_name(&mut self, ty: &Type<'a>) {
        write_identifier(&mut self.text, ty.name());
        if let Some(suffix) = self.catalog.suffix(ty.id()) {
            write_to(&mut self.text, format_args!("___{suffix}"));
        }
    }

    /// Takes a name away from enumerators.
    pub fn reserve(&mut self, name: &'a str) {
        self.idents.insert(name, 1);
    }

    /// Writes an enumerator's name, with a number behind it if there was one before.
    pub fn enumerator_name(&mut self, name: &'a str) {
        write_identifier(&mut self.text, name);
        let count = self.idents.entry(name).or_insert(0);
        *count += 1;
        if *count > 1 {
            write_to(&mut self.text, format_args!("___{count}"));
        }
    }

    /// Writes those of a type's declaration tags that are for it or for one of its members.
    pub fn tags(&mut self, tags: &[Tag<'_>], component: Option<u32>) {
        for tag in tags.iter().filter(|tag| tag.component == component) {
            write_tag(&mut self.text, "btf_decl_tag", tag.text, tag.is_attribute);
        }
    }

    /// Stops a BTF in which few bytes stand for much text.
    pub fn check_size(&self, id: TypeId) -> Result<(), Error> {
        if self.taken.saturating_add(self.text.len()) > self.limit {
            return Err(Error::TooLarge { id, what: "its C text" });
        }
        Ok(())
    }
}

/// How long a text may be that tells of this BTF.
pub(crate) fn text_limit(btf: &Btf) -> usize {
    let base = btf.base().map_or(0, |base| base.as_bytes().len());
    let bytes = base.saturating_add(btf.as_bytes().len());
    bytes.saturating_mul(RATIO).saturating_add(SPARE)
}

/// One level of nesting less to go.
pub(super) fn deeper(id: TypeId, depth: u32) -> Result<u32, Error> {
    depth.checked_sub(1).ok_or(Error::TooDeep { id, limit: DEPTH })
}

/// Starts a line.
pub(super) fn indent(out: &mut String, level: usize) {
    for _ in 0..level {
        out.push('\t');
    }
}
