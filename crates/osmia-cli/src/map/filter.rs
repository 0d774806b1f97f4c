//! Which elements are shown: `key.pid=12`, `value.count>100`, `value.comm~ssh*`.

use std::cmp::Ordering;
use std::str::FromStr;

use glob::Pattern;
use serde_json::Value as Json;

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
            (Json::Array(list), _) => list.iter().any(|part| self.holds(part, &[])),
            (_, Relation::Fits(pattern)) => pattern.matches(&text(part)),
            (_, Relation::Order(orders)) => {
                compare(part, &self.wanted).is_some_and(|order| orders.contains(&order))
            }
        }
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
}
