//! Which elements are shown: `key.pid=12`, `value.count>100`, `value.comm~ssh*`.

use std::cmp::Ordering;
use std::str::FromStr;

use glob::Pattern;
use osmia_btf::near::nearest;
use serde_json::Value as Json;

use crate::address::address;

/// A condition on an element.
#[derive(Clone, Debug)]
pub struct Filter {
    /// The way to a part of the element: `key` or `value`, then fields and numbers of elements.
    path: Vec<String>,
    relation: Relation,
    wanted: String,
}

#[derive(Clone, Debug)]
enum Relation {
    /// One of the orders that compare.
    Order(&'static [Ordering]),
    /// The text fits a pattern.
    Fits(Pattern),
}

const RELATIONS: [(&str, &[Ordering]); 6] = [
    ("!=", &[Ordering::Less, Ordering::Greater]),
    (">=", &[Ordering::Greater, Ordering::Equal]),
    ("<=", &[Ordering::Less, Ordering::Equal]),
    ("=", &[Ordering::Equal]),
    (">", &[Ordering::Greater]),
    ("<", &[Ordering::Less]),
];

impl FromStr for Filter {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let at = text.find(['=', '!', '<', '>', '~']).ok_or_else(|| {
            format!("`{text}` compares nothing: it wants `=`, `!=`, `<`, `<=`, `>`, `>=` or `~`")
        })?;
        let (path, rest) = text.split_at(at);
        let (relation, wanted) = if let Some(pattern) = rest.strip_prefix('~') {
            let pattern = Pattern::new(pattern.trim())
                .map_err(|error| format!("`{pattern}` is no pattern: {error}"))?;
            (Relation::Fits(pattern), "")
        } else {
            let found = RELATIONS.iter().find_map(|(sign, orders)| {
                rest.strip_prefix(sign).map(|wanted| (Relation::Order(orders), wanted))
            });
            found.ok_or_else(|| format!("`{text}`: `!` is followed by `=`"))?
        };
        let wanted = wanted.strip_prefix('=').unwrap_or(wanted).trim();
        let path: Vec<String> = path
            .trim()
            .split(['.', '[', ']'])
            .filter(|step| !step.is_empty())
            .map(str::to_owned)
            .collect();
        if !matches!(path.first().map(String::as_str), Some("key" | "value")) {
            return Err(format!("`{text}` begins with neither `key` nor `value`"));
        }
        Ok(Self { path, relation, wanted: wanted.to_owned() })
    }
}

impl Filter {
    /// Whether there can be such a part, given an element of the map.
    ///
    /// # Errors
    /// There is none, or it is a number and compared with none.
    pub fn fits(&self, key: &Json, value: &Json) -> Result<(), String> {
        let Some((first, path)) = self.path.split_first() else { return Ok(()) };
        let mut part = if first == "key" { key } else { value };
        let mut shown = first.clone();
        for step in path {
            part = within(part, step).map_err(|problem| format!("`{shown}` {problem}"))?;
            shown = format!("{shown}.{step}");
        }
        let is_order = matches!(self.relation, Relation::Order(_));
        let is_number = part.is_number() && integer(&self.wanted).is_none();
        if is_order
            && is_number
            && self.wanted.parse::<f64>().is_err()
            && self.as_number().is_none()
        {
            return Err(format!("`{shown}` is a number, and `{}` is none", self.wanted));
        }
        Ok(())
    }

    /// The number that an address is in memory.
    fn as_number(&self) -> Option<i128> {
        let bytes = address(&self.wanted, 4)?;
        bytes.first_chunk().map(|bytes| u32::from_ne_bytes(*bytes).into())
    }

    /// Whether an address is wanted, and these are its bytes.
    fn is_address(&self, list: &[Json]) -> bool {
        let bytes = address(&self.wanted, list.len());
        bytes.is_some_and(|bytes| {
            list.iter().map(Json::as_u64).eq(bytes.into_iter().map(|byte| Some(byte.into())))
        })
    }

    /// Whether an element meets the condition. A part that is not there meets none, and a list
    /// of the CPUs' values does if one of them does.
    pub fn admits(&self, key: &Json, value: &Json) -> bool {
        let (first, path) = match self.path.split_first() {
            Some((first, path)) => (first.as_str(), path),
            None => return false,
        };
        let element = if first == "key" { key } else { value };
        self.holds(element, path)
    }

    fn holds(&self, mut part: &Json, mut path: &[String]) -> bool {
        while let Some((step, rest)) = path.split_first() {
            let next = match part {
                Json::Object(fields) => fields.get(step),
                Json::Array(list) => match step.parse::<usize>() {
                    Ok(at) => list.get(at),
                    Err(_) => return list.iter().any(|part| self.holds(part, path)),
                },
                _ => None,
            };
            let Some(next) = next else { return false };
            (part, path) = (next, rest);
        }
        match (part, &self.relation) {
            (Json::Array(list), Relation::Order(orders)) if self.is_address(list) => {
                orders.contains(&Ordering::Equal)
            }
            (Json::Array(list), Relation::Order(orders))
                if address(&self.wanted, list.len()).is_some() && list.iter().all(Json::is_u64) =>
            {
                orders.contains(&Ordering::Less) && orders.contains(&Ordering::Greater)
            }
            (Json::Array(list), _) => list.iter().any(|part| self.holds(part, &[])),
            (_, Relation::Fits(pattern)) => pattern.matches(&text(part)),
            (_, Relation::Order(orders)) => {
                let wanted = self.as_number().filter(|_| part.is_number());
                let wanted = wanted.map(|number| number.to_string());
                let wanted = wanted.as_deref().unwrap_or(&self.wanted);
                compare(part, wanted).is_some_and(|order| orders.contains(&order))
            }
        }
    }
}

/// A part of a part, or what there is instead.
fn within<'j>(part: &'j Json, step: &str) -> Result<&'j Json, String> {
    match part {
        Json::Object(fields) => fields.get(step).ok_or_else(|| {
            let near = nearest(step, fields.keys().map(String::as_str));
            let near = near.map_or_else(String::new, |name| format!("; did you mean `{name}`?"));
            let all = fields.keys().map(String::as_str).collect::<Vec<_>>().join(", ");
            format!("has no `{step}` (it has {all}){near}")
        }),
        Json::Array(list) => match (step.parse::<usize>(), list.first()) {
            (Ok(at), _) => {
                list.get(at).ok_or_else(|| format!("has no element {at}: it has {}", list.len()))
            }
            (Err(_), Some(first)) => within(first, step),
            (Err(_), None) => Err(format!("has no `{step}`")),
        },
        _ => Err(format!("has no parts, and no `{step}`")),
    }
}

fn text(part: &Json) -> String {
    match part {
        Json::String(text) => text.clone(),
        other => other.to_string(),
    }
}

/// Numbers are compared as numbers, everything else as text.
fn compare(part: &Json, wanted: &str) -> Option<Ordering> {
    let (Some(left), Some(right)) = (integer(&text(part)), integer(wanted)) else {
        return match (part.as_f64(), wanted.parse::<f64>()) {
            (Some(left), Ok(right)) => left.partial_cmp(&right),
            _ => Some(text(part).as_str().cmp(wanted.trim_matches('"'))),
        };
    };
    Some(left.cmp(&right))
}

fn integer(text: &str) -> Option<i128> {
    match text.strip_prefix("0x") {
        Some(digits) => i128::from_str_radix(digits, 16).ok(),
        None => text.parse().ok(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::Filter;

    fn admits(filter: &str) -> bool {
        let filter: Filter = filter.parse().unwrap();
        let key = json!({"pid": 12, "comm": "sshd"});
        filter.admits(&key, &json!([{"n": 1, "p": "0xff"}, {"n": 200, "p": "0x1"}]))
    }

    #[test]
    fn parts_are_compared() {
        for yes in [
            "key.pid=12",
            "key.pid == 0xc",
            "key.pid>9",
            "key.pid<=12",
            "key.comm=sshd",
            "key.comm~ss*",
            "value.n>100",
            "value[1].n=200",
            "value.p=255",
            "key.pid!=13",
        ] {
            assert!(admits(yes), "{yes}");
        }
        for no in ["key.pid=13", "key.comm~x*", "value[0].n>100", "value.q=1", "key.pid!=12"] {
            assert!(!admits(no), "{no}");
        }
        for bad in ["pid=1", "key", "key!1", "key~[", "=1"] {
            assert!(bad.parse::<Filter>().is_err(), "{bad}");
        }
    }

    #[test]
    fn parts_that_are_not_there_are_told() {
        let (key, value) = (json!({"pid": 12, "ip": 1}), json!([{"n": 1, "mac": [1, 2]}]));
        let problem = |filter: &str| filter.parse::<Filter>().unwrap().fits(&key, &value).err();
        for right in
            ["key.pid=1", "key.ip=10.0.0.1", "value.n>0x10", "value[0].mac[1]=2", "value.mac=2"]
        {
            assert_eq!(problem(right), None, "{right}");
        }
        for (wrong, says) in [
            ("key.pit=1", "`key` has no `pit` (it has pid, ip); did you mean `pid`?"),
            ("value.nope=1", "`value` has no `nope` (it has n, mac)"),
            ("value.mac[7]=1", "`value.mac` has no element 7: it has 2"),
            ("key.pid.x=1", "`key.pid` has no parts, and no `x`"),
            ("value.n>x", "`value.n` is a number, and `x` is none"),
        ] {
            assert_eq!(problem(wrong).as_deref(), Some(says), "{wrong}");
        }
    }

    #[test]
    fn addresses_are_compared_by_their_bytes() {
        let ip = u32::from_ne_bytes([10, 0, 0, 1]);
        let (key, value) = (json!({"ip": ip}), json!({"mac": [170, 187, 204, 0, 0, 1]}));
        let admits = |filter: &str| filter.parse::<Filter>().unwrap().admits(&key, &value);
        assert!(admits("key.ip=10.0.0.1") && admits("value.mac=aa:bb:cc:00:00:01"));
        assert!(admits("key.ip!=10.0.0.2") && admits("value.mac!=aa:bb:cc:00:00:02"));
        assert!(!admits("key.ip=10.0.0.2") && !admits("value.mac=aa:bb:cc:00:00:02"));
        assert!(!admits("key.ip!=10.0.0.1") && !admits("value.mac!=aa:bb:cc:00:00:01"));
    }
}
