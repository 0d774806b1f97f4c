//! Places in a list of programs that run one after the other.

use std::os::fd::AsFd as _;

use osmia_sys::{Neighbour, Position, ProgFd, Side};

use crate::error::Error;
use crate::program::Program;

/// Where among the programs of a place another one is put.
///
/// # Kernel
/// Since 6.6 for network interfaces, 6.17 for cgroups.
///
/// # Examples
/// ```
/// use osmia::{Anchor, Tc};
///
/// let place = Tc::ingress(3).at(Anchor::first());
/// let other = Tc::ingress(3).at(Anchor::after_link(17));
/// ```
#[derive(Clone, Debug)]
pub struct Anchor {
    side: Side,
    by: By,
}

#[derive(Clone, Debug)]
enum By {
    Whole,
    Program(Program),
    LinkId(u32),
}

impl Anchor {
    /// Before all others.
    pub fn first() -> Self {
        Self { side: Side::Before, by: By::Whole }
    }

    /// After all others.
    pub fn last() -> Self {
        Self { side: Side::After, by: By::Whole }
    }

    /// Before this program, which was attached without a link or is the only one of its link.
    pub fn before(program: &Program) -> Self {
        Self { side: Side::Before, by: By::Program(program.clone()) }
    }

    /// After this program.
    pub fn after(program: &Program) -> Self {
        Self { side: Side::After, by: By::Program(program.clone()) }
    }

    /// Before the link with this id; [`LinkInfo::id`](crate::LinkInfo::id) tells it.
    pub fn before_link(id: u32) -> Self {
        Self { side: Side::Before, by: By::LinkId(id) }
    }

    /// After the link with this id.
    pub fn after_link(id: u32) -> Self {
        Self { side: Side::After, by: By::LinkId(id) }
    }

    pub(crate) fn position(&self) -> Result<Position<'_>, Error> {
        let neighbour = match &self.by {
            By::Whole => Neighbour::Whole,
            By::Program(program) => {
                let fd: &ProgFd = program.kernel("placing another one beside it")?.fd();
                Neighbour::Prog(fd.as_fd())
            }
            By::LinkId(id) => Neighbour::LinkId(*id),
        };
        Ok(Position { side: self.side, neighbour })
    }
}
