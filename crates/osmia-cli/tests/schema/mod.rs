//! What `docs/json` says of what the command prints.
#![allow(dead_code, reason = "each test program uses a part of it")]

use jsonschema::Validator;
use serde_json::{Value, json};

use crate::beside::osmia_json;

/// The schema, by its definitions.
pub struct Schema(pub Value);

impl Schema {
    pub fn read() -> Self {
        // Also where the sources are not.
        let text = include_str!("../../../../docs/json/osmia-1.schema.json");
        Self(serde_json::from_str(text).unwrap())
    }

    pub fn of(&self, definition: &str) -> Validator {
        assert!(self.0["$defs"].get(definition).is_some(), "{definition} is not defined");
        let mut schema = self.0.clone();
        schema["$ref"] = json!(format!("#/$defs/{definition}"));
        jsonschema::validator_for(&schema).unwrap()
    }

    /// The value is what the definition says, and where it is a list it has something in it.
    #[track_caller]
    pub fn admits(&self, definition: &str, value: &Value) {
        let errors: Vec<String> = self
            .of(definition)
            .iter_errors(value)
            .map(|error| format!("{} at {}", error, error.instance_path()))
            .collect();
        assert!(errors.is_empty(), "{definition}: {errors:#?}\n{value}");
        assert!(value.as_array().is_none_or(|list| !list.is_empty()), "{definition}: empty");
    }

    #[track_caller]
    pub fn holds(&self, definition: &str, words: &str) {
        let words: Vec<&str> = words.split_whitespace().collect();
        self.admits(definition, &osmia_json(&words));
    }
}
