//! What registers hold while a program runs.

use osmia_insn::Reg;

/// A byte of a constant section.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Place {
    /// Which section, by its number among the constants.
    pub section: u32,
    /// Bytes from its start.
    pub offset: i32,
}

/// What a register holds, as far as constants are concerned.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Held {
    /// No address of a constant.
    #[default]
    Other,
    /// The address of this place.
    Address(Place),
    /// On some paths an address of a constant, such as this one, and something else on others.
    Unclear(Place),
}

impl Held {
    /// What is known where two paths meet.
    fn meet(self, other: Self) -> Self {
        match (self, other) {
            _ if self == other => self,
            (Self::Address(place) | Self::Unclear(place), _)
            | (Self::Other, Self::Address(place) | Self::Unclear(place)) => Self::Unclear(place),
            (Self::Other, Self::Other) => Self::Other,
        }
    }

    /// The constant whose address it may be.
    pub fn constant(self) -> Option<Place> {
        match self {
            Self::Other => None,
            Self::Address(place) | Self::Unclear(place) => Some(place),
        }
    }
}

/// The registers that programs may use.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Registers([Held; 11]);

impl Registers {
    pub fn get(&self, reg: Reg) -> Held {
        self.0.get(usize::from(reg.number())).copied().unwrap_or_default()
    }

    pub fn set(&mut self, reg: Reg, held: Held) {
        if let Some(place) = self.0.get_mut(usize::from(reg.number())) {
            *place = held;
        }
    }

    /// What a subprogram gets: the arguments of its caller and nothing else.
    pub fn arguments(&self) -> Self {
        let mut arguments = Self::default();
        for reg in ARGUMENTS {
            arguments.set(reg, self.get(reg));
        }
        arguments
    }

    /// What a call leaves.
    pub fn after_call(&mut self) {
        self.set(Reg::R0, Held::Other);
        for reg in ARGUMENTS {
            self.set(reg, Held::Other);
        }
    }

    /// Takes in what another path brings; whether that changed anything.
    pub fn meet(&mut self, other: &Self) -> bool {
        let before = *self;
        for (mine, theirs) in self.0.iter_mut().zip(other.0) {
            *mine = mine.meet(theirs);
        }
        *self != before
    }
}

/// The registers in which arguments are.
pub(super) const ARGUMENTS: [Reg; 5] = [Reg::R1, Reg::R2, Reg::R3, Reg::R4, Reg::R5];
