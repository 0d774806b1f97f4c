//! What the numbers mean that programs return.

use osmia_abi::{ProgType, XdpAction};

/// `TC_ACT_*`, from 0.
const TC: [&str; 9] = [
    "TC_ACT_OK",
    "TC_ACT_RECLASSIFY",
    "TC_ACT_SHOT",
    "TC_ACT_PIPE",
    "TC_ACT_STOLEN",
    "TC_ACT_QUEUED",
    "TC_ACT_REPEAT",
    "TC_ACT_REDIRECT",
    "TC_ACT_TRAP",
];

/// The name of a verdict, where the type of program has names for them.
pub fn name(ty: ProgType, value: u32) -> Option<&'static str> {
    match ty {
        ProgType::XDP => XdpAction(value).constant(),
        ProgType::SCHED_CLS | ProgType::SCHED_ACT if value == u32::MAX => Some("TC_ACT_UNSPEC"),
        ProgType::SCHED_CLS | ProgType::SCHED_ACT => TC.get(value as usize).copied(),
        ProgType::NETFILTER => ["NF_DROP", "NF_ACCEPT"].get(value as usize).copied(),
        ProgType::CGROUP_SKB | ProgType::SK_LOOKUP => ["DROP", "PASS"].get(value as usize).copied(),
        _ => None,
    }
}

/// The name, or the number: signed where it looks like an error.
pub fn text(ty: ProgType, value: u32) -> String {
    let number = || match value as i32 {
        negative @ -4095..=-1 => negative.to_string(),
        _ => value.to_string(),
    };
    name(ty, value).map_or_else(number, str::to_owned)
}

/// The value that is written so: a number, or a name, of which the beginning may be left out.
pub fn parse(ty: ProgType, written: &str) -> Option<u32> {
    if let Ok(number) = written.parse::<u32>() {
        return Some(number);
    }
    if let Ok(number) = written.parse::<i32>() {
        return Some(number as u32);
    }
    let wanted = written.to_ascii_uppercase();
    let means = |name: &str| {
        name == wanted || name.strip_suffix(&wanted).is_some_and(|head| head.ends_with('_'))
    };
    (0..9).chain([u32::MAX]).find(|value| name(ty, *value).is_some_and(means))
}

#[cfg(test)]
mod tests {
    use osmia_abi::ProgType;

    use super::{parse, text};

    #[test]
    fn verdicts_have_names_both_ways() {
        assert_eq!(text(ProgType::XDP, 2), "XDP_PASS");
        assert_eq!(text(ProgType::XDP, 77), "77");
        assert_eq!(text(ProgType::SCHED_CLS, 2), "TC_ACT_SHOT");
        assert_eq!(text(ProgType::SYSCALL, (-22i32) as u32), "-22");
        assert_eq!(parse(ProgType::XDP, "drop"), Some(1));
        assert_eq!(parse(ProgType::XDP, "XDP_TX"), Some(3));
        assert_eq!(parse(ProgType::SCHED_CLS, "unspec"), Some(u32::MAX));
        assert_eq!(parse(ProgType::SYSCALL, "-22"), Some((-22i32) as u32));
        assert_eq!(parse(ProgType::XDP, "shot"), None);
    }
}
