//! What hangs on network interfaces, by routing netlink.

use netlink_packet_core::{NLM_F_DUMP, NLM_F_REQUEST};
use netlink_packet_core::{NetlinkHeader, NetlinkMessage, NetlinkPayload};
use netlink_packet_route::RouteNetlinkMessage;
use netlink_packet_route::link::LinkMessage;
use netlink_packet_route::tc::TcMessage;
use rustix::io::Errno;

use crate::netlink::{Netlink, NetlinkError, XdpPrograms};
use crate::netlink_tc::TcSide;

/// The bytes of a message's header, of an interface's, and of a classifier's.
const HEADER: usize = 16;
const LINK_HEADER: usize = 16;
const TC_HEADER: usize = 20;
/// The numbers of messages and attributes that are read; the kernel's headers name them so.
const NLMSG_ERROR: u16 = 2;
const NLMSG_DONE: u16 = 3;
const NLM_F_DUMP_INTR: u16 = 0x10;
const IFLA_IFNAME: u16 = 3;
const IFLA_LINKINFO: u16 = 18;
const IFLA_INFO_KIND: u16 = 1;
const IFLA_XDP: u16 = 43;
const IFLA_XDP_ATTACHED: u16 = 2;
const IFLA_XDP_PROG_ID: u16 = 4;
const IFLA_XDP_DRV_PROG_ID: u16 = 5;
const IFLA_XDP_SKB_PROG_ID: u16 = 6;
const IFLA_XDP_HW_PROG_ID: u16 = 7;
const TCA_KIND: u16 = 1;
const TCA_OPTIONS: u16 = 2;
const TCA_CHAIN: u16 = 11;
const TCA_BPF_ACT: u16 = 1;
const TCA_BPF_NAME: u16 = 7;
const TCA_BPF_FLAGS: u16 = 8;
const TCA_BPF_ID: u16 = 11;
/// In an action: its kind, its options, and of those of kind `bpf` the name and the program's id.
const TCA_ACT_KIND: u16 = 1;
const TCA_ACT_OPTIONS: u16 = 2;
const TCA_ACT_BPF_NAME: u16 = 6;
const TCA_ACT_BPF_ID: u16 = 9;
/// The most actions behind a classifier (`TCA_ACT_MAX_PRIO`).
const ACTIONS: u16 = 32;
/// The bits that say that an attribute has attributes within, or is in the network's byte order.
const KIND_MASK: u16 = 0x3fff;
/// The parents of classifiers that see what comes in and what goes out.
const CLSACT_INGRESS: u32 = 0xffff_fff2;
const CLSACT_EGRESS: u32 = 0xffff_fff3;
/// How often a dump is begun anew that was disturbed by changes.
const ATTEMPTS: usize = 8;

/// A network interface.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Interface {
    /// Its number.
    pub index: u32,
    /// Its name.
    pub name: String,
    /// What kind it is of, where it is none of hardware: `veth`, `netkit`, `bridge`.
    pub kind: Option<String>,
    /// The programs that it runs as XDP.
    pub xdp: XdpPrograms,
}

/// A BPF program that classifies packets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TcProgram {
    /// The interface.
    pub index: u32,
    /// The kind of the queueing discipline that it hangs on: `clsact`, `ingress`, `htb`.
    pub discipline: String,
    /// Which packets it sees, on `clsact`.
    pub side: Option<TcSide>,
    /// What it hangs on, as the kernel numbers it.
    pub parent: u32,
    /// The chain.
    pub chain: u32,
    /// The order: lower ones come first.
    pub priority: u16,
    /// The number among those of the same priority.
    pub handle: u32,
    /// The name that was given to it.
    pub name: Option<String>,
    /// The program's id.
    pub id: Option<u32>,
    /// Whether it decides on packets rather than naming a class.
    pub direct_action: bool,
    /// The BPF programs that act on what it has classified, in their order.
    pub actions: Vec<TcAction>,
}

/// A BPF program that acts on packets which a classifier hands to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TcAction {
    /// The name that was given to it.
    pub name: Option<String>,
    /// The program's id.
    pub id: Option<u32>,
}

/// Lists of what there is.
impl Netlink {
    /// All interfaces of the namespace.
    ///
    /// # Errors
    ///
    /// The kernel's; `EINTR` if interfaces come and go all the time.
    pub fn interfaces(&self) -> Result<Vec<Interface>, NetlinkError> {
        let request = || RouteNetlinkMessage::GetLink(LinkMessage::default());
        Ok(self.dump(request)?.iter().filter_map(|message| interface(message)).collect())
    }

    /// The BPF classifiers of an interface, in the order of their queueing disciplines, and there in the order in
    /// which they see packets.
    ///
    /// # Errors
    ///
    /// As for [`interfaces`](Self::interfaces).
    pub fn tc_programs(&self, index: u32) -> Result<Vec<TcProgram>, NetlinkError> {
        let number = i32::try_from(index).map_err(|_| Errno::NODEV)?;
        let disciplines =
            self.dump(|| RouteNetlinkMessage::GetQueueDiscipline(TcMessage::with_index(number)))?;
        let mut programs = Vec::new();
        for discipline in &disciplines {
            let Some((header, attributes)) = discipline.split_at_checked(TC_HEADER) else {
                continue;
            };
            if number_at(header, 4) != Some(index) {
                continue;
            }
            let kind = text_of(attributes, TCA_KIND).unwrap_or_default();
            let own = number_at(header, 8).unwrap_or(0);
            let parents = match kind.as_str() {
                "clsact" => vec![CLSACT_INGRESS, CLSACT_EGRESS],
                _ => vec![own],
            };
            for parent in parents {
                programs.extend(self.classifiers(number, parent, &kind)?);
            }
        }
        Ok(programs)
    }

    fn classifiers(
        &self,
        index: i32,
        parent: u32,
        discipline: &str,
    ) -> Result<Vec<TcProgram>, NetlinkError> {
        let request = || {
            let mut message = TcMessage::with_index(index);
            message.header.parent = parent.into();
            RouteNetlinkMessage::GetTrafficFilter(message)
        };
        let messages = match self.dump(request) {
            Ok(messages) => messages,
            // Nothing can hang on this one.
            Err(error) if matches!(error.errno, Errno::OPNOTSUPP | Errno::INVAL | Errno::NOENT) => {
                return Ok(Vec::new());
            }
            Err(error) => return Err(error),
        };
        let found = messages.iter().filter_map(|message| classifier(message, parent, discipline));
        let mut found: Vec<TcProgram> = found.collect();
        found.sort_by_key(|program| (program.chain, program.priority));
        Ok(found)
    }

    /// What the kernel answers to a request for a list: the messages without their headers.
    fn dump(
        &self,
        request: impl Fn() -> RouteNetlinkMessage,
    ) -> Result<Vec<Vec<u8>>, NetlinkError> {
        for _ in 0..ATTEMPTS {
            if let Some(messages) = self.dump_once(request())? {
                return Ok(messages);
            }
        }
        Err(Errno::INTR.into())
    }

    /// One attempt; nothing if the list changed meanwhile.
    fn dump_once(
        &self,
        request: RouteNetlinkMessage,
    ) -> Result<Option<Vec<Vec<u8>>>, NetlinkError> {
        let payload = NetlinkPayload::from(request);
        let mut message = NetlinkMessage::new(NetlinkHeader::default(), payload);
        message.header.flags = NLM_F_REQUEST | NLM_F_DUMP;
        message.finalize();
        let mut bytes = vec![0; message.buffer_len()];
        message.serialize(&mut bytes);
        self.send(&bytes)?;
        let (mut messages, mut whole) = (Vec::new(), true);
        loop {
            let answer = self.receive_bytes()?;
            let mut rest = answer.as_slice();
            while let Some((header, _)) = rest.split_first_chunk::<HEADER>() {
                let [l0, l1, l2, l3, k0, k1, f0, f1, ..] = *header;
                let len = u32::from_ne_bytes([l0, l1, l2, l3]) as usize;
                let body = rest.get(HEADER..len).ok_or(Errno::BADMSG)?;
                whole &= u16::from_ne_bytes([f0, f1]) & NLM_F_DUMP_INTR == 0;
                match u16::from_ne_bytes([k0, k1]) {
                    kind @ (NLMSG_DONE | NLMSG_ERROR) => {
                        let code = number_at(body, 0).map_or(0, |code| code as i32);
                        return match (code, kind) {
                            (0, _) => Ok(whole.then_some(messages)),
                            _ => Err(Errno::from_raw_os_error(code.wrapping_neg()).into()),
                        };
                    }
                    _ => messages.push(body.to_vec()),
                }
                rest = rest.get(len.next_multiple_of(4)..).unwrap_or_default();
            }
        }
    }
}

fn interface(message: &[u8]) -> Option<Interface> {
    let (header, attributes) = message.split_at_checked(LINK_HEADER)?;
    let info = find(attributes, IFLA_LINKINFO).unwrap_or_default();
    let mut xdp = XdpPrograms::default();
    let programs = find(attributes, IFLA_XDP).unwrap_or_default();
    let id = |kind| find(programs, kind).and_then(|value| number_at(value, 0));
    let of_mode = |mode: u8| {
        let attached = find(programs, IFLA_XDP_ATTACHED).and_then(<[u8]>::first);
        id(IFLA_XDP_PROG_ID).filter(|_| attached == Some(&mode))
    };
    // Kernels before 4.19 tell the one program and its mode.
    xdp.driver = id(IFLA_XDP_DRV_PROG_ID).or_else(|| of_mode(1));
    xdp.generic = id(IFLA_XDP_SKB_PROG_ID).or_else(|| of_mode(2));
    xdp.hardware = id(IFLA_XDP_HW_PROG_ID).or_else(|| of_mode(3));
    Some(Interface {
        index: number_at(header, 4)?,
        name: text_of(attributes, IFLA_IFNAME)?,
        kind: text_of(info, IFLA_INFO_KIND),
        xdp,
    })
}

fn classifier(message: &[u8], parent: u32, discipline: &str) -> Option<TcProgram> {
    let (header, attributes) = message.split_at_checked(TC_HEADER)?;
    let handle = number_at(header, 8)?;
    // Each priority is told once by itself, without a number.
    if text_of(attributes, TCA_KIND)? != "bpf" || handle == 0 {
        return None;
    }
    let options = find(attributes, TCA_OPTIONS).unwrap_or_default();
    let number = |attributes, kind| find(attributes, kind).and_then(|value| number_at(value, 0));
    Some(TcProgram {
        index: number_at(header, 4)?,
        discipline: discipline.to_owned(),
        side: match parent {
            CLSACT_INGRESS => Some(TcSide::Ingress),
            CLSACT_EGRESS => Some(TcSide::Egress),
            _ => None,
        },
        parent,
        chain: number(attributes, TCA_CHAIN).unwrap_or(0),
        priority: (number_at(header, 16)? >> 16) as u16,
        handle,
        name: text_of(options, TCA_BPF_NAME),
        id: number(options, TCA_BPF_ID),
        direct_action: number(options, TCA_BPF_FLAGS).is_some_and(|flags| flags & 1 != 0),
        actions: actions(find(options, TCA_BPF_ACT).unwrap_or_default()),
    })
}

/// The actions of kind `bpf` in a list of actions, which is numbered from 1.
fn actions(list: &[u8]) -> Vec<TcAction> {
    let listed = (1..=ACTIONS).map_while(|number| find(list, number));
    let programs = listed.filter(|action| text_of(action, TCA_ACT_KIND).as_deref() == Some("bpf"));
    let action = |action| {
        let options = find(action, TCA_ACT_OPTIONS).unwrap_or_default();
        let id = find(options, TCA_ACT_BPF_ID).and_then(|value| number_at(value, 0));
        TcAction { name: text_of(options, TCA_ACT_BPF_NAME), id }
    };
    programs.map(action).collect()
}

/// The value of an attribute.
fn find(mut attributes: &[u8], wanted: u16) -> Option<&[u8]> {
    loop {
        let (head, _) = attributes.split_first_chunk::<4>()?;
        let [l0, l1, k0, k1] = *head;
        let len = usize::from(u16::from_ne_bytes([l0, l1]));
        let value = attributes.get(head.len()..len)?;
        if u16::from_ne_bytes([k0, k1]) & KIND_MASK == wanted {
            return Some(value);
        }
        attributes = attributes.get(len.next_multiple_of(4)..)?;
    }
}

fn text_of(attributes: &[u8], wanted: u16) -> Option<String> {
    let text = find(attributes, wanted)?.split(|byte| *byte == 0).next()?;
    Some(String::from_utf8_lossy(text).into_owned())
}

fn number_at(bytes: &[u8], at: usize) -> Option<u32> {
    bytes.get(at..)?.first_chunk().map(|bytes| u32::from_ne_bytes(*bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn attribute(kind: u16, value: &[u8]) -> Vec<u8> {
        let len = (4 + value.len()) as u16;
        let mut bytes = [&len.to_ne_bytes()[..], &kind.to_ne_bytes(), value].concat();
        bytes.resize(bytes.len().next_multiple_of(4), 0);
        bytes
    }

    #[test]
    fn interfaces_are_read() {
        let xdp = attribute(IFLA_XDP_SKB_PROG_ID, &7_u32.to_ne_bytes());
        let mut message = vec![0; LINK_HEADER];
        message[4] = 3;
        message.extend(attribute(IFLA_IFNAME, b"veth0\0"));
        message.extend(attribute(IFLA_XDP | 0x8000, &xdp));
        let found = interface(&message).unwrap();
        assert_eq!((found.index, found.name.as_str()), (3, "veth0"));
        assert_eq!((found.xdp.generic, found.xdp.driver), (Some(7), None));
        assert_eq!(interface(&message[..12]), None);
    }

    #[test]
    fn classifiers_are_read() {
        let action = [
            attribute(TCA_ACT_BPF_NAME, b"mark\0"),
            attribute(TCA_ACT_BPF_ID, &12_u32.to_ne_bytes()),
        ];
        let action =
            [attribute(TCA_ACT_KIND, b"bpf\0"), attribute(TCA_ACT_OPTIONS, &action.concat())];
        let other = attribute(TCA_ACT_KIND, b"gact\0");
        let actions = [attribute(1, &other), attribute(2, &action.concat())];
        let options = [
            attribute(TCA_BPF_ACT, &actions.concat()),
            attribute(TCA_BPF_NAME, b"drop\0"),
            attribute(TCA_BPF_ID, &9_u32.to_ne_bytes()),
            attribute(TCA_BPF_FLAGS, &1_u32.to_ne_bytes()),
        ];
        let mut message = vec![0; TC_HEADER];
        message[4] = 3;
        message[8] = 1;
        message[18] = 50;
        message.extend(attribute(TCA_KIND, b"bpf\0"));
        message.extend(attribute(TCA_OPTIONS, &options.concat()));
        let found = classifier(&message, CLSACT_EGRESS, "clsact").unwrap();
        assert_eq!((found.id, found.name.as_deref()), (Some(9), Some("drop")));
        assert_eq!((found.side, found.direct_action), (Some(TcSide::Egress), true));
        assert_eq!((found.priority, found.handle), (50, 1));
        assert_eq!(found.actions, [TcAction { name: Some("mark".to_owned()), id: Some(12) }]);
        // What belongs to nothing, or is cut short, is nothing.
        message[8] = 0;
        assert_eq!(classifier(&message, 0, "clsact"), None);
        assert_eq!(find(&[4, 0], 1), None);
        assert_eq!(find(&[2, 0, 1, 0, 9], 1), None);
    }
}
