//! The one error that this crate returns.

use std::borrow::Cow;
use std::error::Error as StdError;
use std::fmt;

use crate::error::kind::ErrorKind;
use crate::verifier::VerifierError;

pub mod kind;
mod object;

/// What went wrong: what was attempted, why it failed, and which kind of failure it is.
///
/// An error is a chain of layers, from what the caller asked for down to the cause. `{}` prints
/// the outermost layer, `{:#}` the whole chain on one line, `{:?}` the chain as a list.
pub struct Error(Box<Layer>);

struct Layer {
    kind: ErrorKind,
    message: Cow<'static, str>,
    cause: Option<Cause>,
}

enum Cause {
    /// A further layer of ours.
    Layer(Error),
    /// What others said.
    Foreign(Box<dyn StdError + Send + Sync>),
}

impl Error {
    pub(crate) fn new(kind: ErrorKind, message: impl Into<Cow<'static, str>>) -> Self {
        Self(Box::new(Layer { kind, message: message.into(), cause: None }))
    }

    /// An error about an argument.
    pub(crate) fn invalid(message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(ErrorKind::Invalid, message)
    }

    /// An error about something that is not there.
    pub(crate) fn not_found(message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(ErrorKind::NotFound, message)
    }

    /// The same with what others said as its cause.
    #[must_use]
    pub(crate) fn caused_by(mut self, cause: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        self.0.cause = Some(Cause::Foreign(cause.into()));
        self
    }

    /// A new outermost layer, of the same kind.
    #[must_use]
    pub(crate) fn during(self, attempt: impl Into<Cow<'static, str>>) -> Self {
        let kind = self.kind();
        Self(Box::new(Layer { kind, message: attempt.into(), cause: Some(Cause::Layer(self)) }))
    }

    /// The coarse answer: what a program that handles the error looks at.
    pub fn kind(&self) -> ErrorKind {
        self.0.kind
    }

    /// The kernel's error number, if the cause is one.
    pub fn errno(&self) -> Option<i32> {
        self.find::<osmia_sys::Errno>().map(|errno| errno.raw_os_error())
    }

    /// The verifier's refusal with its whole log, if that is the cause.
    pub fn verifier(&self) -> Option<&VerifierError> {
        self.find()
    }

    /// The first cause of this type in the chain.
    fn find<T: StdError + 'static>(&self) -> Option<&T> {
        let mut next: Option<&(dyn StdError + 'static)> = self.source();
        while let Some(error) = next {
            if let Some(found) = error.downcast_ref() {
                return Some(found);
            }
            next = error.source();
        }
        None
    }

    /// The layers below this one.
    fn causes(&self) -> impl Iterator<Item = &(dyn StdError + 'static)> {
        std::iter::successors(self.source(), |&error| error.source())
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.message)?;
        if f.alternate() {
            for cause in self.causes() {
                write!(f, ": {cause}")?;
            }
        }
        Ok(())
    }
}

impl fmt::Debug for Error {
    /// What `fn main() -> Result<(), osmia::Error>` shows.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")?;
        let mut head = "\n\nCaused by:";
        for cause in self.causes() {
            write!(f, "{head}")?;
            for line in cause.to_string().lines() {
                write!(f, "\n    {line}")?;
            }
            head = "";
        }
        Ok(())
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        match self.0.cause.as_ref()? {
            Cause::Layer(error) => Some(error),
            Cause::Foreign(error) => Some(error.as_ref()),
        }
    }
}

impl From<Error> for std::io::Error {
    fn from(error: Error) -> Self {
        let kind = match error.kind() {
            ErrorKind::NotFound => std::io::ErrorKind::NotFound,
            ErrorKind::Exists => std::io::ErrorKind::AlreadyExists,
            ErrorKind::Permission => std::io::ErrorKind::PermissionDenied,
            ErrorKind::Unsupported { .. } => std::io::ErrorKind::Unsupported,
            ErrorKind::Invalid => std::io::ErrorKind::InvalidInput,
            ErrorKind::Malformed => std::io::ErrorKind::InvalidData,
            _ => std::io::ErrorKind::Other,
        };
        Self::new(kind, error)
    }
}

/// Adds a layer to a result's error.
pub(crate) trait Attempt<T> {
    /// Says what was attempted.
    fn attempt<M: Into<Cow<'static, str>>>(self, what: impl FnOnce() -> M) -> Result<T, Error>;
}

impl<T> Attempt<T> for Result<T, Error> {
    fn attempt<M: Into<Cow<'static, str>>>(self, what: impl FnOnce() -> M) -> Self {
        self.map_err(|error| error.during(what()))
    }
}

#[cfg(test)]
mod tests;
