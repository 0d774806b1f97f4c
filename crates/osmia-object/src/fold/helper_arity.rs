//! How many arguments helpers take.

/// By number, a digit each; of those that take any number, the most there can be.
const ARITY: &[u8] = b"02423050055533002131442215435333231032322103231125\
    43442435224224325454444443414102425513224431111115\
    54333444215533332104451130531243222211111444342335\
    41421242020315453413231111341454332101144533231442\
    255333220442";

/// How many arguments a helper takes; all five, if it is not known.
pub(super) fn helper_arity(helper: i32) -> usize {
    let digit = usize::try_from(helper).ok().filter(|&helper| helper > 0);
    digit.and_then(|helper| ARITY.get(helper)).map_or(5, |digit| usize::from(digit - b'0'))
}

#[cfg(test)]
mod tests {
    use osmia_abi::FuncId;

    use super::{ARITY, helper_arity};

    #[test]
    fn well_known_helpers() {
        for (helper, arity) in [
            (FuncId::MAP_LOOKUP_ELEM, 2),
            (FuncId::MAP_UPDATE_ELEM, 4),
            (FuncId::KTIME_GET_NS, 0),
            (FuncId::TRACE_PRINTK, 5),
            (FuncId::TAIL_CALL, 3),
            (FuncId::GET_CURRENT_PID_TGID, 0),
            (FuncId::PERF_EVENT_OUTPUT, 5),
        ] {
            assert_eq!(helper_arity(helper.0 as i32), arity, "{helper}");
        }
        assert_eq!((helper_arity(0), helper_arity(-1), helper_arity(1 << 20)), (5, 5, 5));
    }

    /// The prototypes that C programs are compiled with.
    #[test]
    fn the_systems_header_says_the_same() {
        let Ok(header) = std::fs::read_to_string("/usr/include/bpf/bpf_helper_defs.h") else {
            osmia_testkit::skip::tool("libbpf's headers are not installed (libbpf-dev)");
            return;
        };
        let mut compared = 0;
        for line in header.lines().filter(|line| line.starts_with("static ")) {
            let Some((prototype, number)) = line.split_once(" = (void *) ") else { continue };
            let number: i32 = number.trim_end_matches(';').parse().unwrap();
            let arguments = prototype.rsplit_once(")(").unwrap().1.trim_end_matches(')');
            let arity = match arguments {
                "void" => 0,
                open if open.ends_with("...") => 5,
                list => list.split(',').count(),
            };
            assert_eq!(helper_arity(number), arity, "{line}");
            compared += 1;
        }
        assert!(compared > 200 && ARITY.len() > 200);
    }
}
