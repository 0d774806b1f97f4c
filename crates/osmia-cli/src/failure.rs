//! How the command fails: one message that names the thing and the remedy.

use std::error::Error;
use std::io::{self, ErrorKind, Write as _};
use std::process::ExitCode;

use serde_json::json;

use crate::output::Form;

/// Why a verb did not do what it was told.
#[derive(Debug, PartialEq, Eq)]
pub enum Failure {
    /// Something went wrong.
    Told {
        /// What, from what was attempted down to the cause.
        layers: Vec<String>,
        /// What others said about it at length, shown in front of the message.
        details: Option<String>,
    },
    /// Nobody reads the output any more, which is no failure to tell of.
    Unread,
}

impl Failure {
    /// A failure that this sentence says all about.
    pub fn new(what: impl Into<String>) -> Self {
        Self::Told { layers: vec![what.into()], details: None }
    }

    /// A failure to do something, and why.
    pub fn because(what: impl Into<String>, cause: &(dyn Error + 'static)) -> Self {
        let mut layers = vec![what.into()];
        layers.extend(chain(cause));
        Self::Told { layers, details: None }
    }

    /// A failure that an error says all about.
    pub fn from_error(error: &(dyn Error + 'static)) -> Self {
        Self::Told { layers: chain(error), details: None }
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
            Self::Unread => "nobody reads the output".to_owned(),
        }
    }

    /// Prints it on the standard error and gives the exit code.
    pub fn tell(&self, form: Form) -> ExitCode {
        let Self::Told { details, .. } = self else { return ExitCode::SUCCESS };
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
        ExitCode::FAILURE
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

    use super::Failure;

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
