//! Network interfaces: names, and XDP by routing netlink where there are no links for it.
#![allow(unsafe_code)]

use std::fmt;
use std::os::fd::{AsFd, AsRawFd as _, BorrowedFd, OwnedFd};

use netlink_packet_core::{
    NLM_F_ACK, NLM_F_REQUEST, NetlinkHeader, NetlinkMessage, NetlinkPayload,
};
use netlink_packet_route::RouteNetlinkMessage;
use netlink_packet_route::link::{LinkAttribute, LinkMessage, LinkXdp};
use rustix::io::Errno;
use rustix::net::netdevice::{index_to_name, name_to_index};
use rustix::net::netlink::SocketAddrNetlink;
use rustix::net::{AddressFamily, RecvFlags, SendFlags, SocketFlags, SocketType};

use crate::bpf::last_error;

/// Socket options of netlink: errors come with words, and without the request.
const OPTIONS: [libc::c_int; 2] = [libc::NETLINK_EXT_ACK, libc::NETLINK_CAP_ACK];
/// The words of an error (`NLMSGERR_ATTR_MSG`).
const ATTR_MSG: u16 = 1;
/// The bytes of a message's header.
const HEADER: usize = 16;

/// A request that the kernel refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NetlinkError {
    /// The number.
    pub errno: Errno,
    /// What the kernel says about it, where it does.
    pub message: Option<String>,
}

impl fmt::Display for NetlinkError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.message {
            Some(message) => write!(f, "{message} ({})", self.errno),
            None => self.errno.fmt(f),
        }
    }
}

impl std::error::Error for NetlinkError {}

impl From<Errno> for NetlinkError {
    fn from(errno: Errno) -> Self {
        Self { errno, message: None }
    }
}

/// The programs that an interface runs as XDP, by mode.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct XdpPrograms {
    /// In the driver.
    pub driver: Option<u32>,
    /// In the generic mode.
    pub generic: Option<u32>,
    /// In the device itself.
    pub hardware: Option<u32>,
}

/// A routing netlink socket, of the network namespace that the thread was in when it was opened.
#[derive(Debug)]
pub struct Netlink {
    socket: OwnedFd,
}

impl Netlink {
    /// Opens a socket.
    ///
    /// # Errors
    ///
    /// `EMFILE`, `ENFILE`, and where the kernel has no networking `EAFNOSUPPORT`.
    pub fn open() -> Result<Self, Errno> {
        let socket = rustix::net::socket_with(
            AddressFamily::NETLINK,
            SocketType::RAW,
            SocketFlags::CLOEXEC,
            None,
        )?;
        rustix::net::bind(&socket, &SocketAddrNetlink::new(0, 0))?;
        for option in OPTIONS {
            ask_for(socket.as_fd(), option)?;
        }
        Ok(Self { socket })
    }

    /// The number of an interface.
    ///
    /// # Errors
    ///
    /// `ENODEV` if there is none of the name.
    pub fn index_of(&self, name: &str) -> Result<u32, Errno> {
        name_to_index(&self.socket, name)
    }

    /// The name of an interface.
    ///
    /// # Errors
    ///
    /// `ENODEV` if there is none of the number.
    pub fn name_of(&self, index: u32) -> Result<String, Errno> {
        index_to_name(&self.socket, index)
    }

    /// Lets an interface run a program as XDP, or none. `flags` are `XDP_FLAGS_*`. With `expected`, only if that one is
    /// there now, and `flags` must have `XDP_FLAGS_REPLACE`.
    ///
    /// # Kernel
    ///
    /// Since 4.8; with `expected` since 5.7. From 5.9 on a link does the same and goes with its owner.
    ///
    /// # Errors
    ///
    /// `EBUSY` or `EEXIST` if another program is there, `EOPNOTSUPP` if the driver cannot do it, `EPERM` without
    /// `CAP_NET_ADMIN`.
    pub fn set_xdp(
        &self,
        index: u32,
        prog: Option<BorrowedFd<'_>>,
        flags: u32,
        expected: Option<BorrowedFd<'_>>,
    ) -> Result<(), NetlinkError> {
        let mut xdp = vec![LinkXdp::Fd(prog.map_or(-1, |prog| prog.as_raw_fd()))];
        if flags != 0 {
            xdp.push(LinkXdp::Flags(flags));
        }
        if let Some(expected) = expected {
            xdp.push(LinkXdp::ExpectedFd(crate::fd::raw(&expected)));
        }
        let mut link = LinkMessage::default();
        link.header.index = index;
        link.attributes = vec![LinkAttribute::Xdp(xdp)];
        self.acknowledged(RouteNetlinkMessage::SetLink(link), 0)
    }

    /// Which programs an interface runs as XDP.
    ///
    /// # Kernel
    ///
    /// Since 4.15; several modes at once since 4.19.
    ///
    /// # Errors
    ///
    /// `ENODEV` if there is no such interface.
    pub fn xdp(&self, index: u32) -> Result<XdpPrograms, NetlinkError> {
        let mut link = LinkMessage::default();
        link.header.index = index;
        match self.ask(RouteNetlinkMessage::GetLink(link), 0)? {
            NetlinkPayload::Error(error) => {
                outcome(&error)?;
                Err(Errno::PROTO.into())
            }
            NetlinkPayload::InnerMessage(RouteNetlinkMessage::NewLink(link)) => {
                Ok(programs(&link.attributes))
            }
            _ => Err(Errno::PROTO.into()),
        }
    }

    /// Sends one request and reads the kernel's one answer to it.
    pub(crate) fn ask(
        &self,
        request: RouteNetlinkMessage,
        flags: u16,
    ) -> Result<NetlinkPayload<RouteNetlinkMessage>, Errno> {
        let payload = NetlinkPayload::from(request);
        let mut message = NetlinkMessage::new(NetlinkHeader::default(), payload);
        message.header.flags = NLM_F_REQUEST | flags;
        message.finalize();
        let mut bytes = vec![0; message.buffer_len()];
        message.serialize(&mut bytes);
        self.send(&bytes)?;
        self.receive()
    }

    /// Sends a request that is written already.
    pub(crate) fn send(&self, request: &[u8]) -> Result<(), Errno> {
        rustix::net::send(&self.socket, request, SendFlags::empty()).map(drop)
    }

    /// Sends one request that has no answer but whether it was done.
    pub(crate) fn acknowledged(
        &self,
        request: RouteNetlinkMessage,
        flags: u16,
    ) -> Result<(), NetlinkError> {
        match self.ask(request, NLM_F_ACK | flags)? {
            NetlinkPayload::Error(error) => outcome(&error),
            _ => Err(Errno::PROTO.into()),
        }
    }

    /// Reads whether a request was done, where something else came before that.
    pub(crate) fn receive_outcome(&self) -> Result<(), NetlinkError> {
        match self.receive()? {
            NetlinkPayload::Error(error) => outcome(&error),
            _ => Err(Errno::PROTO.into()),
        }
    }

    /// The next datagram as it is, however long.
    pub(crate) fn receive_bytes(&self) -> Result<Vec<u8>, Errno> {
        let peek = RecvFlags::PEEK | RecvFlags::TRUNC;
        let (_, len) = rustix::net::recv(&self.socket, &mut [0_u8; 1], peek)?;
        let mut answer = vec![0; len];
        rustix::net::recv(&self.socket, answer.as_mut_slice(), RecvFlags::empty())?;
        Ok(answer)
    }

    fn receive(&self) -> Result<NetlinkPayload<RouteNetlinkMessage>, Errno> {
        let answer = self.receive_bytes()?;
        NetlinkMessage::<RouteNetlinkMessage>::deserialize(&answer)
            .map(|message| message.payload)
            .map_err(|_| Errno::BADMSG)
    }
}

fn ask_for(socket: BorrowedFd<'_>, option: libc::c_int) -> Result<(), Errno> {
    let on: libc::c_int = 1;
    let len = size_of::<libc::c_int>() as libc::socklen_t;
    // SAFETY: the option's value is `on`, as long as `len` says.
    let result = unsafe {
        let value = (&raw const on).cast();
        libc::setsockopt(socket.as_raw_fd(), libc::SOL_NETLINK, option, value, len)
    };
    match result {
        0 => Ok(()),
        // Before 4.12 errors come without words.
        _ if last_error() == Errno::NOPROTOOPT => Ok(()),
        _ => Err(last_error()),
    }
}

pub(crate) fn outcome(error: &netlink_packet_core::ErrorMessage) -> Result<(), NetlinkError> {
    let Some(code) = error.code else { return Ok(()) };
    let errno = Errno::from_raw_os_error(code.get().checked_neg().unwrap_or(i32::MAX));
    Err(NetlinkError { errno, message: words(error.header.get(HEADER..).unwrap_or_default()) })
}

/// The words among the attributes behind an error.
fn words(mut attributes: &[u8]) -> Option<String> {
    loop {
        let (head, rest) = attributes.split_first_chunk::<4>()?;
        let [l0, l1, k0, k1] = *head;
        let len = usize::from(u16::from_ne_bytes([l0, l1])).checked_sub(head.len())?;
        let value = rest.get(..len)?;
        if u16::from_ne_bytes([k0, k1]) == ATTR_MSG {
            let text = value.split(|byte| *byte == 0).next()?;
            return Some(String::from_utf8_lossy(text).into_owned());
        }
        attributes = rest.get(len.next_multiple_of(4)..)?;
    }
}

fn programs(attributes: &[LinkAttribute]) -> XdpPrograms {
    let mut programs = XdpPrograms::default();
    let xdp = attributes.iter().filter_map(|attribute| match attribute {
        LinkAttribute::Xdp(xdp) => Some(xdp),
        _ => None,
    });
    for attribute in xdp.flatten() {
        match attribute {
            LinkXdp::DrvProgId(id) => programs.driver = Some(*id),
            LinkXdp::SkbProgId(id) => programs.generic = Some(*id),
            LinkXdp::HwProgId(id) => programs.hardware = Some(*id),
            _ => {}
        }
    }
    programs
}

#[cfg(test)]
mod tests {
    use super::words;

    #[test]
    fn the_kernels_words_are_found() {
        let mut attributes = vec![8, 0, 2, 0, 1, 2, 3, 4];
        attributes.extend([9, 0, 1, 0]);
        attributes.extend(b"busy\0\0\0\0");
        assert_eq!(words(&attributes).as_deref(), Some("busy"));
        assert_eq!(words(&attributes[..8]), None);
        assert_eq!(words(&[0, 0, 1, 0]), None);
        assert_eq!(words(&[3]), None);
    }
}
