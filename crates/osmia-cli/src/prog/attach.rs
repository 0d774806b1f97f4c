//! `osmia prog attach` and `detach`: attachments without links.

use std::os::fd::{AsFd as _, BorrowedFd};

use clap::Args;
use osmia_abi::AttachType;
use osmia_sys::{AttachTarget, Bpf, Errno, ProgAttach};

use crate::failure::Failure;
use crate::near::no_such;
use crate::select::{maps, progs};
use crate::selector::Selector;
use crate::token;
use crate::words::Words;

/// What can be attached so, by bpftool's words and the kernel's.
const TYPES: [(&str, AttachType); 9] = [
    ("sk_msg_verdict", AttachType::SK_MSG_VERDICT),
    ("sk_skb_verdict", AttachType::SK_SKB_VERDICT),
    ("sk_skb_stream_verdict", AttachType::SK_SKB_STREAM_VERDICT),
    ("sk_skb_stream_parser", AttachType::SK_SKB_STREAM_PARSER),
    ("flow_dissector", AttachType::FLOW_DISSECTOR),
    ("msg_verdict", AttachType::SK_MSG_VERDICT),
    ("skb_verdict", AttachType::SK_SKB_VERDICT),
    ("stream_verdict", AttachType::SK_SKB_STREAM_VERDICT),
    ("stream_parser", AttachType::SK_SKB_STREAM_PARSER),
];

// The arguments of `osmia prog attach`.
#[derive(Args)]
#[command(after_help = "TYPE is sk_msg_verdict, sk_skb_verdict, sk_skb_stream_verdict,
sk_skb_stream_parser or flow_dissector; all but the last take a map of sockets.

To attach to interfaces, cgroups, tracepoints and functions:
`osmia net attach`, `osmia cgroup attach`, `osmia run`, or
`osmia prog loadall ... autoattach`.

Example:
  osmia prog attach id 5 sk_msg_verdict id 12")]
pub struct Attach {
    /// Which program, how, and to which map
    #[arg(value_name = "PROG TYPE [MAP]", required = true)]
    words: Vec<String>,
}

// The arguments of `osmia prog detach`.
#[derive(Args)]
#[command(after_help = "Example:\n  osmia prog detach id 5 sk_msg_verdict id 12")]
pub struct Detach {
    /// Which program, how, and from which map
    #[arg(value_name = "PROG TYPE [MAP]", required = true)]
    words: Vec<String>,
}

impl Attach {
    /// Attaches it.
    ///
    /// # Errors
    /// The program or the map is not there, or the kernel refuses.
    pub fn run(&self) -> Result<(), Failure> {
        change(&self.words, "attach", |bpf, prog, request| bpf.prog_attach(prog, request))
    }
}

impl Detach {
    /// Detaches it.
    ///
    /// # Errors
    /// The program is not attached so, or the kernel refuses.
    pub fn run(&self) -> Result<(), Failure> {
        change(&self.words, "detach", |bpf, prog, request| bpf.prog_detach(Some(prog), request))
    }
}

fn change(
    words: &[String],
    verb: &str,
    call: impl Fn(&Bpf, BorrowedFd<'_>, &ProgAttach<'_>) -> Result<(), Errno>,
) -> Result<(), Failure> {
    let mut words = Words::new(words);
    let selector = Selector::read(&mut words)?;
    let ty = words.next("what to attach as")?;
    let known = TYPES.iter().find(|(name, _)| *name == ty || ty.len() > 3 && name.starts_with(ty));
    let Some(&(name, attach_type)) = known else {
        let names = TYPES.iter().take(5).map(|(name, _)| *name);
        return Err(Failure::usage(no_such("attach type", ty, names)));
    };
    let bpf = token::bpf()?;
    let map = if attach_type == AttachType::FLOW_DISSECTOR {
        None
    } else {
        Some(maps::one(&bpf, &Selector::read(&mut words)?)?)
    };
    words.end()?;
    let prog = progs::one(&bpf, &selector)?;
    let target = match &map {
        Some(map) => AttachTarget::Fd(map.fd.as_fd()),
        // The network namespace of whoever attaches.
        None => AttachTarget::Ifindex(0),
    };
    let request = ProgAttach {
        target,
        attach_type,
        flags: 0,
        replace: None,
        position: None,
        expected_revision: 0,
    };
    call(&bpf, prog.fd.as_fd(), &request).map_err(|errno| {
        let id = prog.info.id;
        let place = map.as_ref().map_or_else(String::new, |map| format!(", map {}", map.info.id));
        Failure::because(format!("{verb} program {id} as {name}{place}"), &errno)
    })
}
