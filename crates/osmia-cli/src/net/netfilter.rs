//! `osmia net attach netfilter`.

use std::path::PathBuf;

use osmia::{Netfilter, NetfilterFamily, NetfilterHook, NetfilterProgram, Program};

use crate::failure::Failure;
use crate::words::Words;

/// Attaches a program to a hook of the packet filter that the words say, and pins the link, which is all that holds it
/// there.
///
/// # Errors
/// The words say no hook or no pin, the program is of another type, or the kernel refuses.
pub fn attach(prog: Program, words: &mut Words<'_>) -> Result<(), Failure> {
    let family = match words.keyword(&["ipv4", "ipv6"])? {
        "ipv4" => NetfilterFamily::Ipv4,
        _ => NetfilterFamily::Ipv6,
    };
    let hook = match words.keyword(&["prerouting", "input", "forward", "output", "postrouting"])? {
        "prerouting" => NetfilterHook::PreRouting,
        "input" => NetfilterHook::LocalIn,
        "forward" => NetfilterHook::Forward,
        "output" => NetfilterHook::LocalOut,
        _ => NetfilterHook::PostRouting,
    };
    let (mut at, mut pin) = (Netfilter::new(family, hook), None);
    while !words.is_empty() {
        match words.keyword(&["prio", "defrag", "pinned"])? {
            "prio" => {
                let word = words.next("the priority")?;
                let number = word.parse();
                let number = number
                    .map_err(|_| Failure::usage(format!("a priority is a number, not '{word}'")))?;
                at = at.priority(number);
            }
            "defrag" => at = at.defragment(),
            _ => pin = Some(PathBuf::from(words.next("the path to pin to")?)),
        }
    }
    let Some(pin) = pin else {
        return Err(Failure::usage(
            "`pinned PATH` is missing: only a link holds a program on netfilter, and it goes with this command \
             unless it is pinned",
        ));
    };
    let link = NetfilterProgram::try_from(prog)?.attach(&at)?;
    Ok(link.pin(pin)?)
}
