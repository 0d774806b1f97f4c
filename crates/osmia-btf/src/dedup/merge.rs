//! Merging.

use crate::btf::Btf;
use crate::builder::Builder;
use crate::dedup::class::Classes;
use crate::dedup::graph::{Graph, Node};
use crate::dedup::mix::Seed;
use crate::dedup::verify::is_sound;
use crate::endian::Endian;
use crate::error::Error;
use crate::id::TypeId;

/// Hashes that fall together this often are no accident.
const TRIES: u32 = 4;

/// The types of several BTFs in one.
#[derive(Clone, Debug)]
pub struct Deduped {
    /// The types, in the order in which they first came up.
    pub btf: Btf,
    /// For each BTF what its types are called now.
    ids: Vec<Vec<TypeId>>,
}

impl Deduped {
    /// What a type of the BTF with this index in the list is called now.
    pub fn id(&self, index: usize, of: TypeId) -> Option<TypeId> {
        self.ids.get(index)?.get(of.0 as usize).copied()
    }
}

/// Puts the types of several BTFs into one, each once.
///
/// Types are the same if all that they say is: names, sizes, places and widths of members,
/// values, tags, and what they refer to. Forward declarations become the definition of
/// their name if there is only one. Variables and data sections stay each for itself.
///
/// # Errors
/// A record is broken or of a kind that this version does not know, or there are too many.
///
/// # Examples
/// ```
/// # fn main() -> Result<(), osmia_btf::Error> {
/// use osmia_btf::{Btf, Kind, dedup};
///
/// # let btf = Btf::parse(osmia_btf::doc_fixture(), None)?;
/// let both = dedup(&[btf.clone(), btf.clone()])?;
/// assert_eq!(both.btf.type_count()?, btf.type_count()?);
/// let point = btf.find(Kind::Struct, "point")?.expect("it is there").id();
/// assert_eq!(both.id(1, point), both.id(0, point));
/// # Ok(())
/// # }
/// ```
pub fn dedup(btfs: &[Btf]) -> Result<Deduped, Error> {
    let endian = btfs.first().map_or(Endian::host(), Btf::endian);
    merge(None, btfs, Builder::new(endian))
}

/// As [`dedup`], but makes a split BTF of what `base` does not have. The base stays as it
/// is.
///
/// # Errors
/// As for [`dedup`].
pub fn dedup_onto(base: &Btf, btfs: &[Btf]) -> Result<Deduped, Error> {
    merge(Some(base), btfs, Builder::split(base.clone())?)
}

fn merge(base: Option<&Btf>, btfs: &[Btf], mut builder: Builder) -> Result<Deduped, Error> {
    let graph = Graph::new(base, btfs)?;
    let representatives = representatives(&graph)?;
    let ids = number(&graph, base, &representatives)?;
    let skipped = usize::from(base.is_some());
    for input in graph.inputs.iter().skip(skipped) {
        for node in input.first_node..input.end {
            if representatives.get(node as usize) == Some(&node) {
                builder.copy(&input.ty(node)?, |id| {
                    let node = graph.node(input, id)?;
                    Ok(ids.get(node as usize).copied().unwrap_or_default())
                })?;
            }
        }
    }
    let names = |(index, btf): (usize, &Btf)| -> Result<Vec<TypeId>, Error> {
        let Some(input) = graph.inputs.get(index + skipped) else { return Ok(Vec::new()) };
        let all = (0..btf.type_count()?).map(TypeId);
        all.map(|id| Ok(ids.get(graph.node(input, id)? as usize).copied().unwrap_or_default()))
            .collect()
    };
    let ids = btfs.iter().enumerate().map(names).collect::<Result<_, _>>()?;
    Ok(Deduped { btf: builder.build()?, ids })
}

fn representatives(graph: &Graph<'_>) -> Result<Vec<Node>, Error> {
    for _ in 0..TRIES {
        let representatives = Classes::find(graph, Seed::new())?.representatives()?;
        if is_sound(graph, &representatives)? {
            return Ok(representatives);
        }
    }
    let id = TypeId(graph.count);
    Err(Error::TooLarge { id, what: "the count of types that cannot be told apart" })
}

/// The id that each node gets.
fn number(
    graph: &Graph<'_>,
    base: Option<&Btf>,
    representatives: &[Node],
) -> Result<Vec<TypeId>, Error> {
    let mut ids = vec![TypeId::VOID; graph.count as usize];
    let first_new = base.map_or(Ok(1), Btf::type_count)?;
    let mut next = first_new;
    for (node, (slot, &of)) in ids.iter_mut().zip(representatives).enumerate().skip(1) {
        if (node as u32) < first_new {
            // The base's own ids, whatever is the same in it.
            *slot = TypeId(node as u32);
        } else if of as usize == node {
            *slot = TypeId(next);
            next += 1;
        }
    }
    for node in first_new as usize..ids.len() {
        let of = representatives.get(node).map_or(0, |&of| of as usize);
        let id = ids.get(of).copied().unwrap_or_default();
        if let Some(slot) = ids.get_mut(node) {
            *slot = id;
        }
    }
    Ok(ids)
}
