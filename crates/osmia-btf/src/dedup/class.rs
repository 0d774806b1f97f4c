//! Which types are the same.

use std::collections::HashMap;

use crate::dedup::graph::{Graph, Input, Node};
use crate::dedup::mix::{Mix, Seed};
use crate::error::Error;
use crate::hash::Quick;
use crate::id::{StrOff, TypeId};
use crate::kind::Kind;
use crate::ty::Type;
use crate::words::Word;

/// Types without names nest this deeply at most; what is deeper is told apart later.
const DEPTH: u32 = 64;

/// How often all shapes may be found again; types that come apart one after the other
/// along a chain would take the square of their count otherwise.
const ROUNDS: u64 = 64;

/// C's name spaces for what comes behind `struct`, `union` and `enum`.
type Space = u8;

/// A hash of all that makes a type what it is, for each type.
///
/// A struct, union or enum that is only referred to counts by its name, so that a struct
/// of one file that knows no more of another than its name is the same as that of a file
/// that knows all of it. Where two different types have one name, they count by their
/// contents besides, and all shapes are found again, until no more types come apart.
pub(super) struct Classes<'g, 'a> {
    graph: &'g Graph<'a>,
    seed: Seed,
    /// The shape of each type, 0 if it is not known yet.
    shapes: Vec<u128>,
    /// What a type with a name counts by for those that refer to it, 0 for all others.
    labels: Vec<u128>,
    /// What tells a type from others of its name, 0 if there is nothing to tell.
    variants: Vec<u128>,
    /// The definitions of each name.
    definitions: HashMap<(Space, &'a str), Vec<Node>, Quick>,
    forwards: HashMap<(Space, &'a str), Vec<Node>, Quick>,
    /// How many shapes may still be found.
    left: u64,
}

impl<'g, 'a> Classes<'g, 'a> {
    pub fn find(graph: &'g Graph<'a>, seed: Seed) -> Result<Self, Error> {
        let count = graph.count as usize;
        let mut classes = Self {
            graph,
            seed,
            shapes: vec![0; count],
            labels: vec![0; count],
            variants: vec![0; count],
            definitions: HashMap::default(),
            forwards: HashMap::default(),
            left: (u64::from(graph.count) + 1024) * ROUNDS,
        };
        classes.enter_names()?;
        let mut before = classes.definitions.len();
        loop {
            classes.find_shapes()?;
            let found = classes.tell_apart();
            if found == before {
                return Ok(classes);
            }
            before = found;
            // A look at all types is cheaper than their shapes, but not for nothing.
            classes.spend(u64::from(graph.count) / 16)?;
            classes.forget_changed()?;
        }
    }

    /// For each node one that stands for it: the first that is the same. A forward
    /// declaration of what has one definition is that.
    pub fn representatives(&self) -> Result<Vec<Node>, Error> {
        let mut first: HashMap<u128, Node, Quick> = HashMap::default();
        let mut representatives: Vec<Node> = Vec::with_capacity(self.graph.count as usize);
        representatives.push(0);
        for input in &self.graph.inputs {
            for node in input.first_node..input.end {
                let ty = input.ty_unnamed(node)?;
                // Variables are what they are, whatever others there may be, and so is what
                // is said of them.
                let own = is_variable(&ty)
                    || ty.kind() == Kind::DeclTag
                        && is_variable(&input.btf.ty_unnamed(ty.target().unwrap_or_default())?);
                let shape = self.shape_of(node);
                let found = if own { node } else { *first.entry(shape).or_insert(node) };
                representatives.push(found);
            }
        }
        for (name, forwards) in &self.forwards {
            let Some(definitions) = self.definitions.get(name) else { continue };
            let Some((&definition, others)) = definitions.split_first() else { continue };
            if others.iter().any(|&other| self.shape_of(other) != self.shape_of(definition)) {
                continue;
            }
            for &forward in forwards {
                if let Some(slot) = representatives.get_mut(forward as usize) {
                    *slot = definition;
                }
            }
        }
        Ok(representatives)
    }

    fn spend(&mut self, shapes: u64) -> Result<(), Error> {
        let what = "the chain of types that differ by each other";
        let too_large = Error::TooLarge { id: TypeId(self.graph.count), what };
        self.left = self.left.checked_sub(shapes).ok_or(too_large)?;
        Ok(())
    }

    fn shape_of(&self, node: Node) -> u128 {
        self.shapes.get(node as usize).copied().unwrap_or_default()
    }

    fn enter_names(&mut self) -> Result<(), Error> {
        for input in &self.graph.inputs {
            for node in input.first_node..input.end {
                let ty = input.ty_unnamed(node)?;
                let Some(space) = space(&ty).filter(|_| ty.is_named()) else { continue };
                let name = (space, input.ty(node)?.name());
                let mut label = self.seed.mix();
                label.word(u64::from(space));
                label.bytes(name.1.as_bytes());
                if let Some(slot) = self.labels.get_mut(node as usize) {
                    *slot = label.finish();
                }
                let is_forward = is_forward(&ty);
                let map = if is_forward { &mut self.forwards } else { &mut self.definitions };
                map.entry(name).or_default().push(node);
            }
        }
        Ok(())
    }

    fn find_shapes(&mut self) -> Result<(), Error> {
        let graph = self.graph;
        for input in &graph.inputs {
            for node in input.first_node..input.end {
                self.shape(input, node, DEPTH)?;
            }
        }
        Ok(())
    }

    /// Makes the contents part of what types count by whose names stand for several. How
    /// many different definitions there are.
    fn tell_apart(&mut self) -> usize {
        let mut found = 0;
        let forward = self.seed.mix().finish();
        for (name, nodes) in &self.definitions {
            let mut shapes: Vec<u128> = nodes.iter().map(|&node| self.shape_of(node)).collect();
            shapes.sort_unstable();
            shapes.dedup();
            found += shapes.len();
            if shapes.len() < 2 {
                continue;
            }
            for &node in nodes {
                let shape = self.shape_of(node);
                if let Some(variant) = self.variants.get_mut(node as usize) {
                    *variant = shape;
                }
            }
            for &node in self.forwards.get(name).into_iter().flatten() {
                if let Some(variant) = self.variants.get_mut(node as usize) {
                    *variant = forward;
                }
            }
        }
        found
    }

    /// All that makes a type what it is.
    fn shape(&mut self, input: &Input<'a>, node: Node, depth: u32) -> Result<u128, Error> {
        let known = self.shape_of(node);
        if known != 0 {
            return Ok(known);
        }
        self.spend(1)?;
        let ty = input.ty(node)?;
        let mut mix = self.seed.mix();
        let Some(depth) = depth.checked_sub(1) else {
            // Too deep to be looked into; it counts by its kind for the one who asks, and
            // is looked into when its own turn comes.
            mix.word(u64::from(ty.kind().raw()));
            return Ok(mix.finish());
        };
        mix.word(
            u64::from(ty.kind().raw()) | u64::from(ty.flag()) << 8 | u64::from(ty.vlen()) << 16,
        );
        mix.bytes(ty.name().as_bytes());
        match ty.target() {
            Some(target) => {
                let target = self.graph.node(input, target)?;
                mix.wide(self.reference(input, target, depth)?);
            }
            None => mix.word(u64::from(ty.raw_word())),
        }
        self.tail(input, &ty, depth, &mut mix)?;
        for &(element, is_attribute, text) in self.graph.tags.get(&node).into_iter().flatten() {
            mix.word(u64::from(element.unwrap_or(u32::MAX)) | u64::from(is_attribute) << 32);
            mix.bytes(text.as_bytes());
        }
        let shape = mix.finish();
        if let Some(slot) = self.shapes.get_mut(node as usize) {
            *slot = shape;
        }
        Ok(shape)
    }

    fn tail(
        &mut self,
        input: &Input<'a>,
        ty: &Type<'a>,
        depth: u32,
        mix: &mut Mix,
    ) -> Result<(), Error> {
        let endian = ty.btf().endian();
        let words = ty.kind().words().unwrap_or_default().iter().cycle();
        for (bytes, meaning) in ty.tail().chunks_exact(4).zip(words) {
            let word = endian.u32_at(bytes, 0).unwrap_or_default();
            match meaning {
                Word::Number => mix.word(u64::from(word)),
                Word::Name => {
                    let broken = |problem| Error::Name { id: ty.id(), offset: word, problem };
                    mix.bytes(ty.btf().name(StrOff(word)).map_err(broken)?.as_bytes());
                }
                Word::Id => {
                    let node = self.graph.node(input, TypeId(word))?;
                    mix.wide(self.reference(input, node, depth)?);
                }
            }
        }
        Ok(())
    }

    /// What a type counts by for those that refer to it.
    fn reference(&mut self, from: &Input<'a>, node: Node, depth: u32) -> Result<u128, Error> {
        if node == 0 {
            return Ok(0);
        }
        let at = |of: &[u128]| of.get(node as usize).copied().unwrap_or_default();
        let (label, variant) = (at(&self.labels), at(&self.variants));
        if label != 0 {
            let mut mix = self.seed.mix();
            mix.wide(label);
            mix.wide(variant);
            return Ok(mix.finish());
        }
        match self.graph.input_of(from, node) {
            Some(input) => self.shape(input, node, depth),
            None => Ok(0),
        }
    }

    /// Forgets the shapes that what was told apart makes other ones.
    fn forget_changed(&mut self) -> Result<(), Error> {
        let graph = self.graph;
        let count = graph.count as usize;
        let mut changes = Changes {
            graph,
            variants: &self.variants,
            labels: &self.labels,
            known: vec![None; count],
        };
        for input in &graph.inputs {
            for node in input.first_node..input.end {
                if changes.in_shape(input, node, DEPTH)? {
                    if let Some(shape) = self.shapes.get_mut(node as usize) {
                        *shape = 0;
                    }
                }
            }
        }
        Ok(())
    }
}

/// Finds out which shapes refer to what was told apart.
struct Changes<'c, 'g, 'a> {
    graph: &'g Graph<'a>,
    variants: &'c [u128],
    labels: &'c [u128],
    /// By node, once it is known.
    known: Vec<Option<bool>>,
}

impl<'a> Changes<'_, '_, 'a> {
    fn in_shape(&mut self, input: &Input<'a>, node: Node, depth: u32) -> Result<bool, Error> {
        if let Some(known) = self.known.get(node as usize).copied().flatten() {
            return Ok(known);
        }
        // What is too deep may be anything.
        let Some(depth) = depth.checked_sub(1) else { return Ok(true) };
        let mut changed = false;
        for id in input.ty_unnamed(node)?.references() {
            let node = self.graph.node(input, id)?;
            if node != 0 && !changed {
                changed = self.in_reference(input, node, depth)?;
            }
        }
        if let Some(known) = self.known.get_mut(node as usize) {
            *known = Some(changed);
        }
        Ok(changed)
    }

    fn in_reference(&mut self, from: &Input<'a>, node: Node, depth: u32) -> Result<bool, Error> {
        let at = |of: &[u128]| of.get(node as usize).copied().unwrap_or_default();
        if at(self.labels) != 0 {
            return Ok(at(self.variants) != 0);
        }
        match self.graph.input_of(from, node) {
            Some(input) => self.in_shape(input, node, depth),
            None => Ok(false),
        }
    }
}

fn space(ty: &Type<'_>) -> Option<Space> {
    Some(match ty.kind() {
        Kind::Struct => 0,
        Kind::Fwd => u8::from(ty.is_union_fwd()),
        Kind::Union => 1,
        Kind::Enum | Kind::Enum64 => 2,
        _ => return None,
    })
}

fn is_variable(ty: &Type<'_>) -> bool {
    matches!(ty.kind(), Kind::Var | Kind::DataSec)
}

/// Whether it only tells a name: C files that know no values of an enum write it without.
fn is_forward(ty: &Type<'_>) -> bool {
    ty.kind() == Kind::Fwd || ty.is_enum() && ty.vlen() == 0
}
