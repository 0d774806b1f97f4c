//! An object of a run.

use std::borrow::Cow;

use osmia::{ErrorKind, Kernel, Object};
use osmia_object::ObjectSpec;

use crate::failure::Failure;
use crate::run::attach::Placement;
use crate::run::event_type::EventTypes;
use crate::run::options::RunOptions;

/// An object that is ready to be loaded.
pub struct Prepared {
    /// Whether there are others, so that its name is told.
    pub several: bool,
    /// What is loaded.
    pub spec: ObjectSpec,
    /// What is attached to what.
    pub placement: Placement,
    /// How its events are decoded.
    pub types: EventTypes,
}

/// An object that is loaded.
pub struct Part {
    several: bool,
    /// What was loaded.
    pub spec: ObjectSpec,
    /// What is attached to what.
    pub placement: Placement,
    /// How its events are decoded.
    pub types: EventTypes,
    /// What is in the kernel.
    pub object: Object,
}

impl Prepared {
    /// Loads it.
    ///
    /// # Errors
    /// The kernel refuses a map or a program.
    pub fn load(self, options: &RunOptions, kernel: &Kernel) -> Result<Part, Failure> {
        let Self { several, spec, placement, types } = self;
        let log = u32::from(options.verifier_log);
        let loader = options.kernel.loader(kernel).verifier_log(log);
        let object = loader.load(&spec).map_err(|error| {
            let failure = Failure::from_error(&error);
            match error.verifier() {
                Some(refusal) if options.verifier_log || error.kind() != ErrorKind::Verifier => {
                    failure.with_details(refusal.log())
                }
                Some(_) => failure.with_hint("--verifier-log shows it"),
                None => failure,
            }
        })?;
        Ok(Part { several, spec, placement, types, object })
    }
}

impl Part {
    /// The object's name, if there are others.
    pub fn label(&self) -> Option<&str> {
        self.several.then_some(self.spec.name.as_str())
    }

    /// A name in the object as options write it: with the object's name in front if there are others.
    pub fn named<'a>(&self, name: &'a str) -> Cow<'a, str> {
        match self.label() {
            Some(label) => Cow::Owned(format!("{label}:{name}")),
            None => Cow::Borrowed(name),
        }
    }
}
