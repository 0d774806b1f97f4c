//! Where results go: text for people, JSON for programs.

use std::ffi::OsString;
use std::io::{self, IsTerminal as _, Write};

use anstream::AutoStream;
use clap::ValueEnum;
use serde::Serialize;
use terminal_size::{Width, terminal_size};

use crate::failure::Failure;
use crate::numbers;
use crate::report::{Page, Report};

/// How to print.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// For people.
    Text,
    /// A JSON value a line.
    Json,
    /// JSON with line breaks and indents.
    PrettyJson,
}

impl Form {
    /// The form that arguments ask for which are otherwise wrong.
    pub fn of_arguments(arguments: &[OsString]) -> Self {
        let asked = |names: [&str; 2]| {
            arguments.iter().any(|argument| names.iter().any(|name| argument == name))
        };
        if asked(["-p", "--pretty"]) {
            Self::PrettyJson
        } else if asked(["-j", "--json"]) {
            Self::Json
        } else {
            Self::Text
        }
    }
}

/// How numbers are written that are too large for the numbers of JavaScript and many other readers of JSON.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Numbers {
    /// As numbers, with all of their digits
    #[default]
    Numbers,
    /// As strings, where they are beyond 2^53-1
    Strings,
}

impl Numbers {
    /// JSON text, written so.
    pub fn write(self, json: Vec<u8>) -> Vec<u8> {
        match self {
            Self::Numbers => json,
            Self::Strings => numbers::as_strings(&json),
        }
    }
}

/// The standard output, and who reads it.
pub struct Output {
    form: Form,
    numbers: Numbers,
    page: Page,
    /// Whether objects are shown with the paths where they are pinned.
    pins: bool,
    /// Takes colours out where they are not wanted.
    stream: AutoStream<io::Stdout>,
}

impl Output {
    /// The standard output; a page is as wide as the terminal, and colours are only for
    /// terminals whose users have not refused them.
    pub fn new(form: Form) -> Self {
        let terminal = io::stdout().is_terminal();
        let width =
            terminal_size().filter(|_| terminal).map(|(Width(width), _)| usize::from(width));
        Self {
            form,
            numbers: Numbers::Numbers,
            page: Page { width },
            pins: false,
            stream: anstream::stdout(),
        }
    }

    /// The same, with the paths where objects are pinned, or without.
    pub fn with_pins(mut self, pins: bool) -> Self {
        self.pins = pins;
        self
    }

    /// The same, with large numbers written so.
    pub fn with_numbers(mut self, numbers: Numbers) -> Self {
        self.numbers = numbers;
        self
    }

    /// What text is printed on.
    pub fn page(&self) -> Page {
        self.page
    }

    /// How large numbers are written.
    pub fn numbers(&self) -> Numbers {
        self.numbers
    }

    /// Whether objects are shown with the paths where they are pinned.
    pub fn shows_pins(&self) -> bool {
        self.pins
    }

    /// Prints a report.
    ///
    /// # Errors
    /// Nobody reads the output any more, or it cannot take more.
    pub fn show(&mut self, report: &(impl Report + ?Sized)) -> Result<(), Failure> {
        match self.form {
            Form::Text => {
                let text = report.text(&self.page);
                self.stream.write_all(text.as_bytes()).map_err(|error| Failure::of_output(&error))
            }
            Form::Json | Form::PrettyJson => self.json(report),
        }
    }

    /// Says that something was done of which there is nothing to show: `null` to programs, as
    /// bpftool does.
    ///
    /// # Errors
    /// As for [`Output::show`].
    pub fn done(&mut self) -> Result<(), Failure> {
        match self.form {
            Form::Text => Ok(()),
            Form::Json | Form::PrettyJson => self.json(&()),
        }
    }

    /// How it prints.
    pub fn form(&self) -> Form {
        self.form
    }

    /// Prints a report as JSON, whatever else is wanted.
    ///
    /// # Errors
    /// As for [`Output::show`].
    pub fn show_json(&mut self, report: &impl Report) -> Result<(), Failure> {
        self.json(report)
    }

    /// Prints text as it is, which has no colours: headers and the like can be large.
    ///
    /// # Errors
    /// As for [`Output::show`].
    pub fn raw(text: &[u8]) -> Result<(), Failure> {
        let mut stdout = io::stdout().lock();
        let written = stdout.write_all(text).and_then(|()| stdout.flush());
        written.map_err(|error| Failure::of_output(&error))
    }

    /// Prints a value as JSON.
    ///
    /// # Errors
    /// As for [`Output::show`].
    pub fn json(&self, value: &(impl Serialize + ?Sized)) -> Result<(), Failure> {
        let text = match self.form {
            Form::PrettyJson => serde_json::to_vec_pretty(value),
            Form::Text | Form::Json => serde_json::to_vec(value),
        };
        let text = text.map_err(|error| Failure::because("write JSON", &error))?;
        let mut text = self.numbers.write(text);
        text.push(b'\n');
        Self::raw(&text)
    }
}
