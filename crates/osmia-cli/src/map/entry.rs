//! Elements of maps as text and JSON.

use osmia::{Kernel, Map};
use osmia_btf::value::{self, Plan};
use osmia_btf::{Btf, TypeId};
use serde_json::{Value as Json, json};

use crate::failure::Failure;
use crate::map::filter::Filter;
use crate::map::types::MapTypes;

/// The digits of bytes in hexadecimal.
const DIGITS: &[u8; 16] = b"0123456789abcdef";

/// How a map's elements are written.
pub struct Entries {
    types: MapTypes,
    /// The bytes of a value, of one CPU where each has its own.
    value_size: usize,
    /// The bytes from one CPU's value to the next, where each has its own.
    stride: Option<usize>,
    json: Plans,
    text: Plans,
}

/// How keys and values are written, where that can be worked out beforehand.
#[derive(Default)]
struct Plans {
    key: Option<Plan>,
    value: Option<Plan>,
}

impl Plans {
    fn new(types: &MapTypes, plan: impl Fn(&Btf, TypeId) -> Option<Plan>) -> Self {
        let of = |ty| types.typed(ty).and_then(|(btf, ty)| plan(btf, ty));
        Self { key: of(types.key), value: of(types.value) }
    }
}

/// What is written by a plan, if there is one and enough bytes.
fn planned(plan: Option<&Plan>, bytes: &[u8]) -> Option<String> {
    let mut text = String::new();
    plan?.write(bytes, &mut text).then_some(text)
}

impl Entries {
    /// Finds out how the elements of a map are written.
    ///
    /// # Errors
    /// Its types cannot be read.
    pub fn of(kernel: &Kernel, map: &Map) -> Result<Self, Failure> {
        let types = MapTypes::of(kernel, &map.info()?)?;
        let value_size = map.value_size();
        let stride = is_per_cpu(map).then(|| value_size.next_multiple_of(8));
        let (json, text) = (Plans::new(&types, Plan::json), Plans::new(&types, Plan::text));
        Ok(Self { types, value_size, stride, json, text })
    }

    /// The types.
    pub fn types(&self) -> &MapTypes {
        &self.types
    }

    /// The values of an element: one, or one for each CPU.
    pub fn values<'v>(&self, value: &'v [u8]) -> impl Iterator<Item = &'v [u8]> + use<'v> {
        let (size, stride) = (self.value_size, self.stride.unwrap_or(value.len()));
        value.chunks(stride.max(1)).map(move |chunk| chunk.get(..size).unwrap_or(chunk))
    }

    /// Appends an element as bpftool writes it: `key` and `value` (or `values`) as bytes, and
    /// `formatted` where the types are known.
    pub fn json(&self, key: &[u8], value: &[u8], out: &mut Vec<u8>) {
        out.extend_from_slice(b"{\"key\":");
        bytes_json(key, out);
        self.members(value, out, bytes_json);
        if self.types.value.is_some() {
            out.extend_from_slice(b",\"formatted\":");
            self.formatted(key, value, out);
        }
        out.push(b'}');
    }

    /// Appends `,"value":...`, or `,"values":[...]` with the numbers of the CPUs.
    fn members(&self, value: &[u8], out: &mut Vec<u8>, write: impl Fn(&[u8], &mut Vec<u8>)) {
        if self.stride.is_none() {
            out.extend_from_slice(b",\"value\":");
            return write(value, out);
        }
        out.extend_from_slice(b",\"values\":[");
        for (cpu, value) in self.values(value).enumerate() {
            if cpu > 0 {
                out.push(b',');
            }
            out.extend_from_slice(format!("{{\"cpu\":{cpu},\"value\":").as_bytes());
            write(value, out);
            out.push(b'}');
        }
        out.push(b']');
    }

    /// Appends the element with its types.
    fn formatted(&self, key: &[u8], value: &[u8], out: &mut Vec<u8>) {
        out.push(b'{');
        if self.types.key.is_some() {
            out.extend_from_slice(b"\"key\":");
            self.typed_json(self.types.key, self.json.key.as_ref(), key, out);
            let (ty, plan) = (self.types.value, self.json.value.as_ref());
            self.members(value, out, |bytes, out| self.typed_json(ty, plan, bytes, out));
        } else {
            let mut members = Vec::new();
            self.members(value, &mut members, |bytes, out| self.section_json(bytes, out));
            // There is nothing in front of them.
            out.extend_from_slice(members.get(1..).unwrap_or_default());
        }
        out.push(b'}');
    }

    /// Appends a value of a type, or its bytes where it has none.
    fn typed_json(&self, ty: Option<TypeId>, plan: Option<&Plan>, bytes: &[u8], out: &mut Vec<u8>) {
        if let Some(json) = planned(plan, bytes) {
            out.extend_from_slice(json.as_bytes());
            return;
        }
        let known = self.types.typed(ty);
        match known.and_then(|(btf, ty)| value::to_json(btf, ty, bytes).ok()) {
            Some(json) => out.extend_from_slice(json.as_bytes()),
            None => bytes_json(bytes, out),
        }
    }

    /// Appends the variables of a data section: `{".bss":[{"name":1}]}`.
    fn section_json(&self, bytes: &[u8], out: &mut Vec<u8>) {
        let (Some(section), Some((btf, _))) =
            (self.types.section(), self.types.typed(self.types.value))
        else {
            return self.typed_json(self.types.value, None, bytes, out);
        };
        out.extend_from_slice(format!("{{{}:[", Json::from(section.name())).as_bytes());
        let mut first = true;
        for place in section.section_vars() {
            let Ok(variable) = btf.ty(place.var) else { continue };
            if !std::mem::take(&mut first) {
                out.push(b',');
            }
            out.extend_from_slice(format!("{{{}:", Json::from(variable.name())).as_bytes());
            let start = place.offset as usize;
            let part = bytes.get(start..).and_then(|tail| tail.get(..place.size as usize));
            self.typed_json(variable.target(), None, part.unwrap_or_default(), out);
            out.push(b'}');
        }
        out.extend_from_slice(b"]}");
    }

    /// The key as one JSON value: typed, or bytes in hexadecimal digits.
    pub fn key_json(&self, key: &[u8]) -> Json {
        json!(self.types.key_value(key))
    }

    /// Finds out whether elements of the map have what filters compare.
    ///
    /// # Errors
    /// One names a part that they have not.
    pub fn fit(&self, map: &Map, filters: &[Filter]) -> Result<(), Failure> {
        if filters.is_empty() {
            return Ok(());
        }
        let key = self.key_json(&vec![0; map.key_size()]);
        let value = self.value_json(&vec![0; self.stride.unwrap_or(self.value_size)]);
        filters.iter().try_for_each(|filter| filter.fits(&key, &value)).map_err(Failure::usage)
    }

    /// The value as one JSON value; a list where each CPU has its own.
    pub fn value_json(&self, value: &[u8]) -> Json {
        let one = |bytes| json!(self.types.value_value(bytes));
        match self.stride {
            None => one(value),
            Some(_) => Json::Array(self.values(value).map(one).collect()),
        }
    }

    /// The key for people, on one line.
    pub fn key_text(&self, key: &[u8]) -> String {
        planned(self.text.key.as_ref(), key).unwrap_or_else(|| self.types.key_value(key).text())
    }

    /// The value for people, on one line.
    pub fn value_text(&self, value: &[u8]) -> String {
        let one = |bytes| {
            let planned = planned(self.text.value.as_ref(), bytes);
            planned.unwrap_or_else(|| self.types.value_value(bytes).text())
        };
        match self.stride {
            None => one(value),
            Some(_) => {
                let values: Vec<String> = self.values(value).map(one).collect();
                format!("[{}]", values.join(", "))
            }
        }
    }

    /// The sum over all CPUs, where values are numbers or consist of them.
    ///
    /// # Errors
    /// The values are of another type, or there is only one.
    pub fn sum(&self, value: &[u8]) -> Result<Json, Failure> {
        if self.stride.is_none() {
            return Err(Failure::usage("the map has one value for all CPUs: there is no sum"));
        }
        let plain = |bytes: &[u8]| match bytes.len() {
            1..=8 if self.types.value.is_none() => Json::from(number(bytes)),
            _ => json!(self.types.value_value(bytes)),
        };
        let mut sum = None;
        for bytes in self.values(value) {
            let one = plain(bytes);
            sum = Some(match sum {
                None => one,
                Some(sum) => added(sum, one, 0)?,
            });
        }
        Ok(sum.unwrap_or(Json::Null))
    }
}

/// Whether each CPU has a value of its own.
fn is_per_cpu(map: &Map) -> bool {
    use osmia_abi::MapType;
    matches!(
        map.map_type(),
        MapType::PERCPU_HASH
            | MapType::PERCPU_ARRAY
            | MapType::LRU_PERCPU_HASH
            | MapType::PERCPU_CGROUP_STORAGE
    )
}

/// The number in at most eight bytes of this machine.
fn number(bytes: &[u8]) -> u64 {
    let add = |number: u64, byte: &u8| number << 8 | u64::from(*byte);
    if cfg!(target_endian = "big") {
        bytes.iter().fold(0, add)
    } else {
        bytes.iter().rev().fold(0, add)
    }
}

/// Numbers are added, and so are those in lists and fields; text must be equal.
fn added(left: Json, right: Json, depth: u32) -> Result<Json, Failure> {
    let unfit = || Failure::usage("the values hold more than numbers: there is no sum");
    Ok(match (left, right) {
        _ if depth > 64 => return Err(unfit()),
        (Json::Number(left), Json::Number(right)) => match (left.as_u64(), right.as_u64()) {
            (Some(left), Some(right)) => Json::from(left.wrapping_add(right)),
            _ => match (left.as_i64(), right.as_i64()) {
                (Some(left), Some(right)) => Json::from(left.wrapping_add(right)),
                _ => Json::from(left.as_f64().unwrap_or(0.0) + right.as_f64().unwrap_or(0.0)),
            },
        },
        (Json::Array(left), Json::Array(right)) => {
            let pairs = left.into_iter().zip(right);
            Json::Array(pairs.map(|(l, r)| added(l, r, depth + 1)).collect::<Result<_, _>>()?)
        }
        (Json::Object(left), Json::Object(mut right)) => {
            let mut sum = serde_json::Map::new();
            for (name, value) in left {
                let other = right.get_mut(&name).map_or(Json::Null, Json::take);
                sum.insert(name, added(value, other, depth + 1)?);
            }
            Json::Object(sum)
        }
        (left, right) if left == right => left,
        _ => return Err(unfit()),
    })
}

/// Appends bytes as bpftool writes them: `["0x01","0x02"]`.
pub fn bytes_json(bytes: &[u8], out: &mut Vec<u8>) {
    out.push(b'[');
    for (at, byte) in bytes.iter().enumerate() {
        if at > 0 {
            out.push(b',');
        }
        let digit = |half: u8| DIGITS.get(usize::from(half)).copied().unwrap_or(b'?');
        out.extend_from_slice(&[b'"', b'0', b'x', digit(byte >> 4), digit(byte & 15), b'"']);
    }
    out.push(b']');
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{added, bytes_json, number};

    #[test]
    fn bytes_are_written_as_bpftool_does() {
        let mut out = Vec::new();
        bytes_json(&[0, 0x9f, 255], &mut out);
        assert_eq!(out, br#"["0x00","0x9f","0xff"]"#);
    }

    #[test]
    fn sums_reach_into_fields_and_lists() {
        let sum = added(json!({"n": 1, "l": [1, -2]}), json!({"n": 2, "l": [3, -4]}), 0).unwrap();
        assert_eq!(sum, json!({"n": 3, "l": [4, -6]}));
        assert_eq!(added(json!("a"), json!("a"), 0).unwrap(), json!("a"));
        assert!(added(json!("a"), json!("b"), 0).is_err());
        assert_eq!(number(&258_u32.to_ne_bytes()), 258);
    }
}
