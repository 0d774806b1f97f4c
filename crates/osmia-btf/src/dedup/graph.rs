//! The types of several BTFs as one graph.

use std::collections::HashMap;

use crate::btf::Btf;
use crate::error::Error;
use crate::hash::Quick;
use crate::id::TypeId;
use crate::kind::Kind;
use crate::ty::Type;

/// A type's number among those of all BTFs; 0 is `void`.
pub(super) type Node = u32;

/// All types of all BTFs, one BTF behind the other.
pub(super) struct Graph<'a> {
    pub inputs: Vec<Input<'a>>,
    /// How many nodes there are, `void` included.
    pub count: Node,
    /// Declaration tags by the node they are for, sorted.
    pub tags: HashMap<Node, Vec<Tag<'a>>, Quick>,
}

/// A declaration tag: element, whether it is an attribute, text.
pub(super) type Tag<'a> = (Option<u32>, bool, &'a str);

pub(super) struct Input<'a> {
    pub btf: &'a Btf,
    /// The first type that is the input's own, and its node.
    pub first_id: u32,
    pub first_node: Node,
    pub end: Node,
    /// Whether lower ids are those of the first input, which this one continues.
    continues: bool,
}

impl<'a> Graph<'a> {
    /// `base` stays as it is, and comes first.
    pub fn new(base: Option<&'a Btf>, btfs: &'a [Btf]) -> Result<Self, Error> {
        let mut graph = Self { inputs: Vec::new(), count: 1, tags: HashMap::default() };
        for btf in base.into_iter().chain(btfs) {
            graph.add(btf, base)?;
        }
        graph.collect_tags()?;
        Ok(graph)
    }

    fn add(&mut self, btf: &'a Btf, base: Option<&Btf>) -> Result<(), Error> {
        // A split BTF on the very base has only its own types to bring.
        let continues = match (base, btf.base()) {
            (Some(base), Some(own)) => own.as_bytes() == base.as_bytes(),
            _ => false,
        };
        let first_id = if continues { btf.first_own_id().0 } else { 1 };
        let own = btf.type_count()?.saturating_sub(first_id);
        let too_many = Error::TooLarge { id: TypeId(self.count), what: "the count of all types" };
        let end = self.count.checked_add(own).ok_or(too_many)?;
        self.inputs.push(Input { btf, first_id, first_node: self.count, end, continues });
        self.count = end;
        Ok(())
    }

    fn collect_tags(&mut self) -> Result<(), Error> {
        let mut tags: HashMap<Node, Vec<Tag<'a>>, Quick> = HashMap::default();
        for input in &self.inputs {
            for node in input.first_node..input.end {
                let ty = input.ty_unnamed(node)?;
                if ty.kind() == Kind::DeclTag {
                    let text = input.btf.ty(ty.id())?.name();
                    let target = self.node(input, ty.target().unwrap_or_default())?;
                    tags.entry(target).or_default().push((ty.tag_component(), ty.flag(), text));
                }
            }
        }
        for tags in tags.values_mut() {
            tags.sort_unstable();
        }
        self.tags = tags;
        Ok(())
    }

    /// The node of a type as one of the inputs calls it.
    pub fn node(&self, input: &Input<'a>, id: TypeId) -> Result<Node, Error> {
        if id.is_void() {
            return Ok(0);
        }
        let (input, index) = match id.0.checked_sub(input.first_id) {
            Some(index) => (input, index),
            None if input.continues => match self.inputs.first() {
                Some(base) => (base, id.0 - 1),
                None => (input, u32::MAX),
            },
            None => (input, u32::MAX),
        };
        let node = input.first_node.checked_add(index).filter(|&node| node < input.end);
        node.ok_or_else(|| Error::NoSuchType {
            id,
            count: input.end - input.first_node + input.first_id,
        })
    }

    /// The input that a node is of which a type of `from` refers to.
    pub fn input_of<'i>(&'i self, from: &'i Input<'a>, node: Node) -> Option<&'i Input<'a>> {
        let is_own = (from.first_node..from.end).contains(&node);
        if is_own { Some(from) } else { self.input(node) }
    }

    /// The input that a node is of.
    pub fn input(&self, node: Node) -> Option<&Input<'a>> {
        let after = self.inputs.partition_point(|input| input.first_node <= node);
        after.checked_sub(1).and_then(|at| self.inputs.get(at))
    }
}

impl<'a> Input<'a> {
    pub fn id(&self, node: Node) -> TypeId {
        TypeId(node - self.first_node + self.first_id)
    }

    pub fn ty(&self, node: Node) -> Result<Type<'a>, Error> {
        self.btf.ty(self.id(node))
    }

    pub fn ty_unnamed(&self, node: Node) -> Result<Type<'a>, Error> {
        self.btf.ty_unnamed(self.id(node))
    }
}
