//! What `verdict` of the peers' workspace says.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
};

use serde_json::Value;

use crate::command::say;

/// What became of an object, or of one of its programs alone.
#[derive(Clone, Debug)]
pub(crate) struct Verdict {
    pub(crate) program: Option<String>,
    pub(crate) opened: bool,
    pub(crate) loaded: bool,
    /// The loader crashed, or had not answered in time.
    pub(crate) broken: bool,
    pub(crate) why: String,
}

/// Both libraries' verdicts on an object.
#[derive(Debug, Default)]
pub(crate) struct Both {
    pub(crate) libbpf: Vec<Verdict>,
    pub(crate) osmia: Vec<Verdict>,
}

/// All that was said, by the names of the objects.
#[derive(Debug, Default)]
pub(crate) struct Told {
    objects: BTreeMap<String, Both>,
    done: BTreeSet<String>,
}

impl Told {
    /// Takes in a line.
    pub(crate) fn hear(&mut self, line: &str) {
        let Ok(value) = serde_json::from_str::<Value>(line) else { return };
        let text = |name| value.get(name).and_then(Value::as_str);
        let Some(object) = text("object") else { return };
        let object = Path::new(object).file_name().unwrap_or_default().to_string_lossy();
        if value.get("done").is_some() {
            self.done.insert(object.into_owned());
            if self.done.len() % 20 == 0 {
                say(&format!("   {} objects", self.done.len()));
            }
            return;
        }
        let both = self.objects.entry(object.into_owned()).or_default();
        let verdicts = match text("library") {
            Some("libbpf") => &mut both.libbpf,
            _ => &mut both.osmia,
        };
        verdicts.extend(read(&value));
    }

    /// The objects that both libraries have told all of.
    pub(crate) fn done(mut self) -> BTreeMap<String, Both> {
        self.objects.retain(|object, _| self.done.contains(object));
        self.objects
    }

    /// The objects that were begun and did not come to their end.
    pub(crate) fn cut_off(&self) -> Vec<&str> {
        let cut = self.objects.keys().filter(|object| !self.done.contains(*object));
        cut.map(String::as_str).collect()
    }
}

fn read(value: &Value) -> Option<Verdict> {
    let text = |name| value.get(name)?.as_str().map(str::to_owned);
    Some(Verdict {
        program: text("program"),
        opened: value.get("opened")?.as_bool()?,
        loaded: value.get("loaded")?.as_bool()?,
        broken: value.get("broken").is_some(),
        why: text("why").unwrap_or_default(),
    })
}

#[cfg(test)]
mod tests {
    use super::Told;

    #[test]
    fn what_was_cut_off_is_not_counted() {
        let mut told = Told::default();
        told.hear(r#"{"object":"/a/one.o","library":"libbpf","program":null,"opened":true,"loaded":true,"why":null}"#);
        told.hear(r#"{"object":"/a/one.o","library":"osmia","program":null,"opened":true,"loaded":false,"why":"x"}"#);
        told.hear(r#"{"object":"/a/two.o","library":"libbpf","program":null,"opened":true,"loaded":true,"why":null}"#);
        told.hear("the kernel's own words");
        told.hear(r#"{"object":"/a/one.o","done":true}"#);
        assert_eq!(told.cut_off(), ["two.o"]);
        let done = told.done();
        assert_eq!(done.keys().collect::<Vec<_>>(), ["one.o"]);
        let one = &done["one.o"];
        assert!(one.libbpf[0].loaded && !one.osmia[0].loaded);
        assert_eq!(one.osmia[0].why, "x");
    }
}
