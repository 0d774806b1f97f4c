//! Routes whose packets programs see (light-weight tunnels), by routing netlink.

use std::net::IpAddr;
use std::os::fd::{AsRawFd as _, BorrowedFd};

use netlink_packet_core::{DefaultNla, Emitable as _, NLM_F_CREATE, NLM_F_EXCL};
use netlink_packet_route::route::{
    RouteAttribute, RouteHeader, RouteLwEnCapType, RouteLwTunnelEncap, RouteMessage, RouteProtocol,
    RouteScope, RouteType,
};
use netlink_packet_route::{AddressFamily, RouteNetlinkMessage};

use crate::netlink::{Netlink, NetlinkError};

/// The attributes of a program on a route (`LWT_BPF_PROG_FD`, `LWT_BPF_PROG_NAME`), and of one on a segment, which have the same
/// numbers.
const PROG_FD: u16 = 1;
const PROG_NAME: u16 = 2;
/// The attributes of a segment, and the action that is a program's (`SEG6_LOCAL_ACTION_END_BPF`).
const SEG6_LOCAL_ACTION: u16 = 1;
const SEG6_LOCAL_BPF: u16 = 8;
const END_BPF: u32 = 15;

/// Which packets of a route a program sees.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum RouteHook {
    /// Those that came in for it.
    In,
    /// Those that are to go out by it.
    Out,
    /// Those that are sent by it, whose headers may be changed.
    Xmit,
    /// Those that came in with a list of segments (IPv6 segment routing), of which the route's destination is the current one.
    Segment,
}

/// A route to a network through an interface, in the main table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Route {
    /// The network.
    pub destination: IpAddr,
    /// How many bits of it count.
    pub prefix: u8,
    /// The interface.
    pub index: u32,
}

/// Routes.
impl Netlink {
    /// Adds a route whose packets a program sees.
    ///
    /// # Kernel
    ///
    /// Since 4.10, with `CONFIG_LWTUNNEL_BPF`; of segments since 4.18, with `CONFIG_IPV6_SEG6_BPF`.
    ///
    /// # Errors
    ///
    /// `EEXIST` if there is such a route, `ENODEV` if there is no such interface, `ENETDOWN` if it is down, `EOPNOTSUPP` if the
    /// kernel has no programs on routes, `EPERM` without `CAP_NET_ADMIN`.
    pub fn add_route(
        &self,
        route: &Route,
        hook: RouteHook,
        prog: BorrowedFd<'_>,
        name: &str,
    ) -> Result<(), NetlinkError> {
        let (kind, attributes) = encapsulation(hook, prog, name);
        let mut message = message(route);
        message.attributes.push(RouteAttribute::Encap(attributes));
        message.attributes.push(RouteAttribute::EncapType(kind));
        let request = RouteNetlinkMessage::NewRoute(message);
        self.acknowledged(request, NLM_F_CREATE | NLM_F_EXCL)
    }

    /// Removes a route.
    ///
    /// # Errors
    ///
    /// `ESRCH` if there is none any more.
    pub fn remove_route(&self, route: &Route) -> Result<(), NetlinkError> {
        self.acknowledged(RouteNetlinkMessage::DelRoute(message(route)), 0)
    }
}

/// What is said of the program to the route's kind of tunnel.
fn encapsulation(
    hook: RouteHook,
    prog: BorrowedFd<'_>,
    name: &str,
) -> (RouteLwEnCapType, Vec<RouteLwTunnelEncap>) {
    let mut program = Vec::new();
    push(&mut program, PROG_FD, prog.as_raw_fd().to_ne_bytes().to_vec());
    push(&mut program, PROG_NAME, [name.as_bytes(), b"\0"].concat());
    let attribute = |kind, value| RouteLwTunnelEncap::Other(DefaultNla::new(kind, value));
    // LWT_BPF_IN and so on.
    let kind = match hook {
        RouteHook::In => 1,
        RouteHook::Out => 2,
        RouteHook::Xmit => 3,
        RouteHook::Segment => {
            let action = attribute(SEG6_LOCAL_ACTION, END_BPF.to_ne_bytes().to_vec());
            let attributes = vec![action, attribute(SEG6_LOCAL_BPF, program)];
            return (RouteLwEnCapType::Seg6Local, attributes);
        }
    };
    (RouteLwEnCapType::Bpf, vec![attribute(kind, program)])
}

fn message(route: &Route) -> RouteMessage {
    let mut message = RouteMessage::default();
    message.header.address_family = match route.destination {
        IpAddr::V4(_) => AddressFamily::Inet,
        IpAddr::V6(_) => AddressFamily::Inet6,
    };
    message.header.destination_prefix_length = route.prefix;
    message.header.table = RouteHeader::RT_TABLE_MAIN;
    message.header.protocol = RouteProtocol::Static;
    message.header.scope = RouteScope::Link;
    message.header.kind = RouteType::Unicast;
    message.attributes = vec![
        RouteAttribute::Destination(route.destination.into()),
        RouteAttribute::Oif(route.index),
    ];
    message
}

/// Appends an attribute to those of an attribute.
fn push(bytes: &mut Vec<u8>, kind: u16, value: Vec<u8>) {
    let attribute = DefaultNla::new(kind, value);
    let start = bytes.len();
    bytes.resize(start + attribute.buffer_len(), 0);
    if let Some(place) = bytes.get_mut(start..) {
        attribute.emit(place);
    }
}
