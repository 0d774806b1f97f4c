//! The verifier's log.

use osmia_sys::{Bpf, Errno, Log, ProgFd, ProgLoad};

/// The first buffer for a log, which most fit into.
const FIRST: usize = 64 * 1024;
/// The largest buffer that older kernels take.
const LARGEST: usize = (1 << 24) - 1;
/// The largest that kernels take which tell how long a log is.
const LARGEST_KNOWN: usize = (1 << 30) - 1;

/// What became of a program, and what the verifier said.
#[derive(Debug)]
pub(super) struct Logged {
    pub(super) outcome: Result<ProgFd, Errno>,
    pub(super) text: String,
    /// Whether the log is longer than what was kept of it.
    pub(super) truncated: bool,
}

/// The verifier's log of figures alone has its last words, and not the way to them.
const WITHOUT_STEPS: u32 = 4;

/// Loads with a log, in a buffer that grows until the log fits.
///
/// `refusal` is how the same attempt ended without a log, if it was one. Then the log's end will do,
/// so that the verifier need not go all the way again.
pub(super) fn load(bpf: &Bpf, load: &ProgLoad<'_>, level: u32, refusal: Option<Errno>) -> Logged {
    let refusal = refusal.filter(|&errno| is_of_verifier(errno));
    let mut size = FIRST;
    loop {
        let (logged, needed) = attempt(bpf, load, level, size);
        if let (Some(errno), true) = (refusal, logged.truncated) {
            if needed > 0 {
                // The kernel tells how long it is, and so keeps the end.
                return Logged { outcome: logged.outcome.map_err(|_| errno), ..logged };
            }
            if errno == Errno::TOOBIG {
                let (short, _) = attempt(bpf, load, WITHOUT_STEPS, FIRST);
                if !short.text.is_empty() && !short.truncated {
                    return short;
                }
            }
        }
        match larger(size, needed) {
            Some(more) if logged.truncated => size = more,
            _ => return logged,
        }
    }
}

/// Whether the verifier says the same of the same program again.
fn is_of_verifier(errno: Errno) -> bool {
    matches!(errno, Errno::ACCESS | Errno::INVAL | Errno::TOOBIG)
}

/// What a buffer of this size gets to hear, and how much there is to hear if the kernel tells.
fn attempt(bpf: &Bpf, load: &ProgLoad<'_>, level: u32, size: usize) -> (Logged, usize) {
    let mut buf = vec![0; size];
    let mut log = Log { level, buf: &mut buf, true_size: 0 };
    let outcome = bpf.prog_load(load, &mut log);
    let needed = log.true_size as usize;
    let truncated = needed > size || outcome.as_ref().is_err_and(|&errno| errno == Errno::NOSPC);
    let text = String::from_utf8_lossy(log.text()).into_owned();
    (Logged { outcome, text, truncated }, needed)
}

/// The next buffer's size: what the kernel says is needed, or more than before.
fn larger(size: usize, needed: usize) -> Option<usize> {
    if needed > size {
        return (needed <= LARGEST_KNOWN).then_some(needed);
    }
    (size < LARGEST).then(|| size.saturating_mul(8).min(LARGEST))
}

#[cfg(test)]
mod tests {
    use super::{FIRST, LARGEST, larger};

    #[test]
    fn a_buffer_grows_to_a_limit() {
        assert_eq!(larger(FIRST, 70_000), Some(70_000));
        assert_eq!(larger(FIRST, 1 << 31), None);
        let mut sizes = vec![FIRST];
        while let Some(more) = larger(*sizes.last().unwrap(), 0) {
            sizes.push(more);
        }
        assert_eq!(sizes, [FIRST, 8 * FIRST, 64 * FIRST, LARGEST]);
    }
}
