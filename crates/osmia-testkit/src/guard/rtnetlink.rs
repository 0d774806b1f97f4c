//! The few routing netlink requests that the guards need.

use std::{
    io,
    net::{IpAddr, Ipv4Addr},
    os::fd::{AsFd, AsRawFd, OwnedFd},
};

use netlink_packet_core::{
    NLM_F_ACK, NLM_F_CREATE, NLM_F_EXCL, NLM_F_REPLACE, NLM_F_REQUEST, NetlinkHeader,
    NetlinkMessage, NetlinkPayload,
};
use netlink_packet_route::{
    AddressFamily as Family, RouteNetlinkMessage,
    address::{AddressAttribute, AddressMessage},
    link::{
        InfoData, InfoKind, InfoNetkit, InfoVeth, LinkAttribute, LinkFlags, LinkInfo, LinkMessage,
    },
    tc::{TcAttribute, TcHandle, TcMessage},
};
use rustix::net::{
    AddressFamily, RecvFlags, SendFlags, SocketFlags, SocketType, netdevice::name_to_index, netlink,
};

/// What joins a pair of interfaces.
#[derive(Clone, Copy, Debug)]
pub(crate) enum PairKind {
    /// A wire.
    Veth,
    /// Programs; without any, a wire.
    Netkit,
}

/// A routing netlink socket of the calling thread's network namespace.
pub(crate) struct Rtnetlink {
    socket: OwnedFd,
}

impl Rtnetlink {
    pub(crate) fn open() -> io::Result<Self> {
        let socket = rustix::net::socket_with(
            AddressFamily::NETLINK,
            SocketType::RAW,
            SocketFlags::CLOEXEC,
            None, // NETLINK_ROUTE is protocol 0
        )?;
        rustix::net::bind(&socket, &netlink::SocketAddrNetlink::new(0, 0))?;
        Ok(Self { socket })
    }

    /// Makes a pair of interfaces: `near` in this namespace, `far` in the other.
    pub(crate) fn add_pair(
        &self,
        kind: PairKind,
        near: &str,
        far: &str,
        other: &impl AsFd,
    ) -> io::Result<()> {
        let mut peer = LinkMessage::default();
        peer.attributes = vec![
            LinkAttribute::IfName(far.to_owned()),
            LinkAttribute::NetNsFd(other.as_fd().as_raw_fd()),
        ];
        let (kind, data) = match kind {
            PairKind::Veth => (InfoKind::Veth, InfoData::Veth(InfoVeth::Peer(peer))),
            PairKind::Netkit => (InfoKind::Netkit, InfoData::Netkit(vec![InfoNetkit::Peer(peer)])),
        };
        let mut link = LinkMessage::default();
        link.attributes = vec![
            LinkAttribute::IfName(near.to_owned()),
            LinkAttribute::LinkInfo(vec![LinkInfo::Kind(kind), LinkInfo::Data(data)]),
        ];
        self.ask(RouteNetlinkMessage::NewLink(link), NLM_F_CREATE | NLM_F_EXCL)
    }

    /// Sets an interface up.
    pub(crate) fn up(&self, name: &str) -> io::Result<()> {
        let mut link = LinkMessage::default();
        link.header.index = self.index(name)?;
        link.header.flags = LinkFlags::Up;
        link.header.change_mask = LinkFlags::Up;
        self.ask(RouteNetlinkMessage::SetLink(link), 0)
    }

    /// Has an interface queue what it sends by a discipline.
    pub(crate) fn queue_by(&self, name: &str, kind: &str) -> io::Result<()> {
        let index = self.index(name)?;
        let mut message = TcMessage::default();
        message.header.index = i32::try_from(index).map_err(io::Error::other)?;
        message.header.parent = TcHandle::ROOT;
        message.attributes = vec![TcAttribute::Kind(kind.to_owned())];
        self.ask(RouteNetlinkMessage::NewQueueDiscipline(message), NLM_F_CREATE | NLM_F_REPLACE)
    }

    /// Gives an interface an address.
    pub(crate) fn add_address(&self, name: &str, address: Ipv4Addr, prefix: u8) -> io::Result<()> {
        let mut message = AddressMessage::default();
        message.header.family = Family::Inet;
        message.header.prefix_len = prefix;
        message.header.index = self.index(name)?;
        message.attributes = vec![
            AddressAttribute::Local(IpAddr::V4(address)),
            AddressAttribute::Address(IpAddr::V4(address)),
        ];
        self.ask(RouteNetlinkMessage::NewAddress(message), NLM_F_CREATE | NLM_F_EXCL)
    }

    /// An interface's index.
    pub(crate) fn index(&self, name: &str) -> io::Result<u32> {
        name_to_index(&self.socket, name)
            .map_err(|errno| io::Error::new(errno.kind(), format!("interface {name}: {errno}")))
    }

    /// Sends one request and waits for the kernel's word on it.
    fn ask(&self, request: RouteNetlinkMessage, flags: u16) -> io::Result<()> {
        let mut message =
            NetlinkMessage::new(NetlinkHeader::default(), NetlinkPayload::from(request));
        message.header.flags = NLM_F_REQUEST | NLM_F_ACK | flags;
        message.finalize();
        let mut bytes = vec![0; message.buffer_len()];
        message.serialize(&mut bytes);
        rustix::net::send(&self.socket, &bytes, SendFlags::empty())?;
        self.answer()
    }

    fn answer(&self) -> io::Result<()> {
        let mut bytes = vec![0; 8192];
        let (length, _) =
            rustix::net::recv(&self.socket, bytes.as_mut_slice(), RecvFlags::empty())?;
        bytes.truncate(length);
        let message = NetlinkMessage::<RouteNetlinkMessage>::deserialize(&bytes)
            .map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error.to_string()))?;
        match message.payload {
            NetlinkPayload::Error(error) => match error.code {
                None => Ok(()),
                Some(_) => Err(error.to_io()),
            },
            other => Err(io::Error::other(format!("netlink answered {other:?}"))),
        }
    }
}
