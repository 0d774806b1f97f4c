//! Bytes shown as the value that they are.

use std::borrow::Cow;

use osmia_btf::{Btf, TypeId, value};
use serde::{Serialize, Serializer};
use serde_json::value::RawValue;

/// A value: bytes, and their type if that is known.
#[derive(Clone, Debug)]
pub struct Value<'a> {
    ty: Option<(&'a Btf, TypeId)>,
    bytes: Cow<'a, [u8]>,
}

impl<'a> Value<'a> {
    /// A value of this type, if both the types and it are known.
    pub fn new(btf: Option<&'a Btf>, ty: Option<TypeId>, bytes: impl Into<Cow<'a, [u8]>>) -> Self {
        Self { ty: btf.zip(ty), bytes: bytes.into() }
    }

    /// For people, on one line: as C would write it, or the bytes in hexadecimal.
    pub fn text(&self) -> String {
        let known = |(btf, ty)| value::to_text(btf, ty, &self.bytes).ok();
        self.ty.and_then(known).unwrap_or_else(|| hex(&self.bytes, " "))
    }
}

/// Bytes in hexadecimal.
pub fn hex(bytes: &[u8], between: &str) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().join(between)
}

impl Serialize for Value<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let known = |(btf, ty)| value::to_json(btf, ty, &self.bytes).ok();
        match self.ty.and_then(known).and_then(|json| RawValue::from_string(json).ok()) {
            Some(json) => json.serialize(serializer),
            None => serializer.serialize_str(&hex(&self.bytes, "")),
        }
    }
}

#[cfg(test)]
mod tests {
    use osmia_btf::{Btf, Kind};

    use super::Value;

    #[test]
    fn known_types_show_values_and_others_bytes() {
        let btf = Btf::parse(osmia_btf::doc_fixture(), None).unwrap();
        let point = btf.find(Kind::Struct, "point").unwrap().unwrap().id();
        let bytes = [3, 0, 0, 0, 255, 255, 255, 255];
        let value = Value::new(Some(&btf), Some(point), &bytes[..]);
        assert_eq!(value.text(), "{ x: 3, y: -1 }");
        assert_eq!(serde_json::to_string(&value).unwrap(), r#"{"x":3,"y":-1}"#);
        let short = Value::new(Some(&btf), Some(point), &bytes[..5]);
        assert_eq!(short.text(), "03 00 00 00 ff");
        assert_eq!(serde_json::to_string(&short).unwrap(), "\"03000000ff\"");
    }
}
