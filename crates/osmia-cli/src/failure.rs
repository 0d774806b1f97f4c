//! How the command fails: one message that names the thing and the remedy.

use std::error::Error;
use std::io::{self, ErrorKind, Write as _};
use std::process::ExitCode;

use osmia::ErrorKind as Kind;
use osmia_sys::{ENOTSUPP, Errno};
use serde_json::json;

use crate::output::Form;

/// How a run of the command ends that did not do what it was told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// For a reason that has no code of its own.
    Failed = 1,
    /// The arguments are wrong.
    Usage = 2,
    /// What was named is not there.
    NotFound = 3,
    /// The user may not.
    NotPermitted = 4,
    /// This kernel, or this kind of thing, cannot.
    Unsupported = 5,
}

/// Why a verb did not do what it was told.
#[derive(Debug, PartialEq, Eq)]
pub enum Failure {
    /// Something went wrong.
    Told {
        /// What, from what was attempted down to the cause.
        layers: Vec<String>,
        /// What others said about it at length, shown in front of the message.
        details: Option<String>,
        /// The exit code.
        exit: Exit,
    },
    /// What was found is a failure, and was printed already.
    Shown,
    /// Nobody reads the output any more, which is no failure to tell of.
    Unread,
}

impl Failure {
    /// A failure that this sentence says all about.
    pub fn new(what: impl Into<String>) -> Self {
        Self::with_exit(Exit::Failed, what)
    }

    /// Arguments that are wrong.
    pub fn usage(what: impl Into<String>) -> Self {
        Self::with_exit(Exit::Usage, what)
    }

    /// Something that was named and is not there.
    pub fn not_found(what: impl Into<String>) -> Self {
        Self::with_exit(Exit::NotFound, what)
    }

    /// Something that this kernel, or this kind of thing, cannot do.
    pub fn unsupported(what: impl Into<String>) -> Self {
        Self::with_exit(Exit::Unsupported, what)
    }

    /// What a run of this command has failed with.
    pub fn of_command(code: Option<i32>, what: impl Into<String>) -> Self {
        let exits = [Exit::Usage, Exit::NotFound, Exit::NotPermitted, Exit::Unsupported];
        let exit = exits.into_iter().find(|exit| code == Some(*exit as i32));
        Self::with_exit(exit.unwrap_or(Exit::Failed), what)
    }

    fn with_exit(exit: Exit, what: impl Into<String>) -> Self {
        Self::Told { layers: vec![what.into()], details: None, exit }
    }

    /// A failure to do something, and why.
    pub fn because(what: impl Into<String>, cause: &(dyn Error + 'static)) -> Self {
        let mut layers = vec![what.into()];
        layers.extend(chain(cause));
        Self::Told { layers, details: None, exit: Exit::of(cause) }
    }

    /// A failure that an error says all about.
    pub fn from_error(error: &(dyn Error + 'static)) -> Self {
        Self::Told { layers: chain(error), details: None, exit: Exit::of(error) }
    }

    /// The same, in the course of a greater attempt.
    pub fn during(mut self, attempt: impl Into<String>) -> Self {
        if let Self::Told { layers, .. } = &mut self {
            layers.insert(0, attempt.into());
        }
        self
    }

    /// The same with what others said at length.
    pub fn with_details(mut self, text: impl Into<String>) -> Self {
        if let Self::Told { details, .. } = &mut self {
            *details = Some(text.into());
        }
        self
    }

    /// The same with a sentence of what to do.
    pub fn with_hint(mut self, hint: &str) -> Self {
        if let Self::Told { layers, .. } = &mut self {
            if let Some(last) = layers.last_mut() {
                last.extend(["; ", hint]);
            }
        }
        self
    }

    /// What it is to write to the standard output in vain.
    pub fn of_output(error: &io::Error) -> Self {
        match error.kind() {
            ErrorKind::BrokenPipe => Self::Unread,
            _ => Self::because("write to the standard output", error),
        }
    }

    /// The message, on one line where its parts are.
    pub fn message(&self) -> String {
        match self {
            Self::Told { layers, .. } => layers.join(": "),
            Self::Shown => "what was printed".to_owned(),
            Self::Unread => "nobody reads the output".to_owned(),
        }
    }

    /// Prints it on the standard error and gives the exit code.
    pub fn tell(&self, form: Form) -> ExitCode {
        let (details, exit) = match self {
            Self::Told { details, exit, .. } => (details, exit),
            Self::Shown => return ExitCode::FAILURE,
            Self::Unread => return ExitCode::SUCCESS,
        };
        let mut stderr = anstream::stderr().lock();
        // Nobody is left to be told if the standard error is closed.
        let _ = if form == Form::Text {
            let style = anstyle::AnsiColor::Red.on_default().bold();
            let details = details.as_ref().map(|text| format!("{}\n", text.trim_end()));
            let details = details.unwrap_or_default();
            writeln!(stderr, "{details}{style}error{style:#}: {}", self.message())
        } else {
            let mut object = json!({ "error": self.message() });
            if let (Some(details), Some(object)) = (details, object.as_object_mut()) {
                object.insert("details".to_owned(), json!(details));
            }
            writeln!(stderr, "{object}")
        };
        ExitCode::from(*exit as u8)
    }
}

impl Exit {
    /// The code for an error, by the first of its layers that tells.
    fn of(error: &(dyn Error + 'static)) -> Self {
        let mut next = Some(error);
        while let Some(error) = next {
            if let Some(exit) = Self::of_layer(error) {
                return exit;
            }
            next = error.source();
        }
        Self::Failed
    }

    fn of_layer(error: &(dyn Error + 'static)) -> Option<Self> {
        if let Some(error) = error.downcast_ref::<osmia::Error>() {
            return Some(match error.kind() {
                Kind::NotFound => Self::NotFound,
                Kind::Permission => Self::NotPermitted,
                Kind::Unsupported { .. } => Self::Unsupported,
                _ => Self::Failed,
            });
        }
        if let Some(osmia_object::Error::NoSuchVariable { .. }) = error.downcast_ref() {
            return Some(Self::NotFound);
        }
        if let Some(error) = error.downcast_ref::<io::Error>() {
            return match error.kind() {
                ErrorKind::NotFound => Some(Self::NotFound),
                ErrorKind::PermissionDenied => Some(Self::NotPermitted),
                _ => None,
            };
        }
        match *error.downcast_ref::<Errno>()? {
            Errno::NOENT => Some(Self::NotFound),
            Errno::PERM | Errno::ACCESS => Some(Self::NotPermitted),
            ENOTSUPP | Errno::OPNOTSUPP => Some(Self::Unsupported),
            _ => None,
        }
    }
}

/// The message of each layer, outermost first.
fn chain(error: &(dyn Error + 'static)) -> Vec<String> {
    let mut layers = Vec::new();
    let mut next = Some(error);
    while let Some(error) = next {
        layers.push(error.to_string());
        next = error.source();
    }
    layers
}

impl<E: Error + 'static> From<E> for Failure {
    fn from(error: E) -> Self {
        Self::from_error(&error)
    }
}

#[cfg(test)]
mod tests {
    use std::io;

    use osmia_sys::Errno;

    use super::{Exit, Failure};

    fn exit(failure: &Failure) -> Option<Exit> {
        match failure {
            Failure::Told { exit, .. } => Some(*exit),
            Failure::Shown | Failure::Unread => None,
        }
    }

    #[test]
    fn exit_codes_tell_what_kind_of_failure_it_is() {
        let failure = Failure::because("open program 7", &Errno::NOENT).during("show it");
        assert_eq!(exit(&failure), Some(Exit::NotFound));
        let failure = Failure::because("list", &io::Error::from(io::ErrorKind::PermissionDenied));
        assert_eq!(exit(&failure), Some(Exit::NotPermitted));
        assert_eq!(exit(&Failure::from_error(&Errno::INVAL)), Some(Exit::Failed));
        assert_eq!(exit(&Failure::usage("x")), Some(Exit::Usage));
    }

    #[test]
    fn layers_read_from_the_attempt_to_the_cause() {
        let cause = io::Error::other("no such luck");
        let failure = Failure::because("open x", &cause).during("show x");
        assert_eq!(failure.message(), "show x: open x: no such luck");
    }

    #[test]
    fn a_closed_output_is_nothing_to_tell() {
        let closed = io::Error::from(io::ErrorKind::BrokenPipe);
        assert_eq!(Failure::of_output(&closed).during("show x"), Failure::Unread);
        let full = io::Error::from(io::ErrorKind::StorageFull);
        assert!(Failure::of_output(&full).message().starts_with("write to the standard output: "));
    }
}
