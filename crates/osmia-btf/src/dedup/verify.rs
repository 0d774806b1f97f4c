//! Making sure that what is merged is the same.

use crate::dedup::graph::{Graph, Input, Node};
use crate::error::Error;
use crate::id::{StrOff, TypeId};
use crate::kind::Kind;
use crate::ty::Type;
use crate::words::Word;

/// Whether each type says just what the one says that stands for it.
pub(super) fn is_sound(graph: &Graph<'_>, representatives: &[Node]) -> Result<bool, Error> {
    let check = Check { graph, representatives };
    for input in &graph.inputs {
        for node in input.first_node..input.end {
            let of = check.representative(node);
            let Some(other) = graph.input(of).filter(|_| of != node) else { continue };
            if !check.same(input, node, other, of)? {
                return Ok(false);
            }
        }
    }
    Ok(true)
}

struct Check<'g, 'a> {
    graph: &'g Graph<'a>,
    representatives: &'g [Node],
}

impl<'a> Check<'_, 'a> {
    fn representative(&self, node: Node) -> Node {
        self.representatives.get(node as usize).copied().unwrap_or(node)
    }

    fn same(
        &self,
        input: &Input<'a>,
        node: Node,
        other: &Input<'a>,
        of: Node,
    ) -> Result<bool, Error> {
        let (a, b) = (input.ty(node)?, other.ty(of)?);
        let is_forward = a.kind() == Kind::Fwd || a.is_enum() && a.vlen() == 0;
        if is_forward {
            // It says nothing but a name, and possibly what has it.
            return Ok(a.name() == b.name());
        }
        let heads = |ty: &Type<'_>| (ty.kind(), ty.vlen(), ty.flag());
        if heads(&a) != heads(&b) || a.name() != b.name() || a.tail().len() != b.tail().len() {
            return Ok(false);
        }
        let words = match (a.target(), b.target()) {
            (Some(one), Some(two)) => self.id(input, one)? == self.id(other, two)?,
            _ => a.raw_word() == b.raw_word(),
        };
        Ok(words
            && self.graph.tags.get(&node) == self.graph.tags.get(&of)
            && self.same_tails(input, &a, other, &b)?)
    }

    fn same_tails(
        &self,
        input: &Input<'a>,
        a: &Type<'a>,
        other: &Input<'a>,
        b: &Type<'a>,
    ) -> Result<bool, Error> {
        let words = a.kind().words().unwrap_or_default().iter().cycle();
        let tails = a.tail().chunks_exact(4).zip(b.tail().chunks_exact(4));
        for ((one, two), meaning) in tails.zip(words) {
            let one = a.btf().endian().u32_at(one, 0).unwrap_or_default();
            let two = b.btf().endian().u32_at(two, 0).unwrap_or_default();
            let same = match meaning {
                Word::Number => one == two,
                Word::Id => self.id(input, TypeId(one))? == self.id(other, TypeId(two))?,
                Word::Name => a.btf().name(StrOff(one)) == b.btf().name(StrOff(two)),
            };
            if !same {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// What a reference leads to in the end.
    fn id(&self, input: &Input<'a>, id: TypeId) -> Result<Node, Error> {
        Ok(self.representative(self.graph.node(input, id)?))
    }
}
