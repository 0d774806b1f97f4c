//! The file that all verdicts are written to, a JSON object a line.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, Result};
use serde_json::Value;

use crate::corpus::compare::Comparison;

/// A report, as it is in its file.
#[derive(Debug, Default)]
pub(crate) struct Report {
    file: Option<PathBuf>,
    text: String,
}

impl Report {
    /// The report that goes to this file: a new one, or the one that is there.
    pub(crate) fn read(file: Option<&Path>, go_on: bool) -> Result<Self> {
        let Some(file) = file else { return Ok(Self::default()) };
        let text = match fs::read_to_string(file) {
            Ok(text) if go_on => text,
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                return Err(error).with_context(|| file.display().to_string());
            }
            _ => String::new(),
        };
        Ok(Self { file: Some(file.to_owned()), text })
    }

    /// Takes out what it tells of a kernel; `None` is the running one.
    pub(crate) fn take(&mut self, kernel: Option<&str>) -> Comparison {
        let (mut comparison, mut rest) = (Comparison::default(), String::new());
        for line in self.text.lines() {
            let value: Option<Value> = serde_json::from_str(line).ok();
            match value.filter(|value| value.get("kernel").and_then(Value::as_str) == kernel) {
                Some(value) => comparison.add_line(&value),
                None => rest = rest + line + "\n",
            }
        }
        self.text = rest;
        comparison
    }

    /// Writes down what was found on a kernel.
    pub(crate) fn add(&mut self, comparison: &Comparison, kernel: Option<&str>) -> Result<()> {
        self.text.push_str(&comparison.lines(kernel));
        let Some(file) = &self.file else { return Ok(()) };
        fs::write(file, &self.text).with_context(|| file.display().to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::Report;

    #[test]
    fn going_on_keeps_what_was_told_of_every_kernel() {
        let file = tempfile::NamedTempFile::new().expect("a file");
        let line = |kernel: &str, object: &str| {
            let tail =
                r#""program":null,"opened":{"libbpf":true,"osmia":true},"libbpf":"","osmia":"""#;
            format!(r#"{{"kernel":{kernel},"object":"{object}","outcome":"LoadedByBoth",{tail}}}"#)
                + "\n"
        };
        let text = line("\"6.1\"", "a.o") + &line("null", "b.o");
        std::fs::write(&file, &text).expect("written");

        let mut report = Report::read(Some(file.path()), true).expect("read");
        let old = report.take(Some("6.1"));
        assert!(old.objects().contains("a.o") && !old.objects().contains("b.o"));
        report.add(&old, Some("6.1")).expect("written");
        let written = std::fs::read_to_string(&file).expect("read");
        assert_eq!(written.lines().count(), 2);
        assert!(written.contains("a.o") && written.contains("b.o"));

        let mut anew = Report::read(Some(file.path()), false).expect("read");
        assert!(anew.take(None).objects().is_empty());
    }
}
