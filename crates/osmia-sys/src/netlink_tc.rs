//! Classifiers on network interfaces, by routing netlink: what programs of tc were attached to before there were links.

use std::os::fd::{AsRawFd as _, BorrowedFd};

use netlink_packet_core::{NLM_F_ACK, NLM_F_CREATE, NLM_F_ECHO, NLM_F_EXCL, NetlinkPayload};
use netlink_packet_route::RouteNetlinkMessage;
use netlink_packet_route::tc::{
    TcAttribute, TcBpfFlags, TcFilterBpfOption, TcHandle, TcMessage, TcOption,
};
use rustix::io::Errno;

use crate::netlink::{Netlink, NetlinkError, outcome};

/// All protocols (`ETH_P_ALL`), in the network's byte order.
const ALL_PROTOCOLS: u32 = 0x0003_u16.to_be() as u32;

/// Which of an interface's packets a classifier sees.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TcSide {
    /// Those that come in.
    Ingress,
    /// Those that go out.
    Egress,
}

/// A classifier's place on an interface.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TcFilter {
    /// The interface.
    pub index: u32,
    /// Which packets.
    pub side: TcSide,
    /// The order: lower ones come first. Zero lets the kernel choose.
    pub priority: u16,
    /// The number among those of the same priority. Zero lets the kernel choose.
    pub handle: u32,
}

/// Classifiers.
impl Netlink {
    /// Gives an interface the queueing discipline `clsact`, which classifiers hang on; whether it had none before.
    ///
    /// # Kernel
    ///
    /// Since 4.5, with `CONFIG_NET_SCH_INGRESS`.
    ///
    /// # Errors
    ///
    /// `ENODEV` if there is no such interface, `ENOENT` if the kernel has no `clsact`, `EEXIST` if an `ingress` discipline
    /// is in its place, `EPERM` without `CAP_NET_ADMIN`.
    pub fn add_clsact(&self, index: u32) -> Result<bool, NetlinkError> {
        let request = RouteNetlinkMessage::NewQueueDiscipline(clsact(index)?);
        match self.acknowledged(request, NLM_F_CREATE | NLM_F_EXCL) {
            Ok(()) => Ok(true),
            Err(error) if error.errno == Errno::EXIST => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Removes `clsact` from an interface, with all classifiers that hang on it.
    ///
    /// # Errors
    ///
    /// `EINVAL` or `ENOENT` if it has none.
    pub fn remove_clsact(&self, index: u32) -> Result<(), NetlinkError> {
        self.acknowledged(RouteNetlinkMessage::DelQueueDiscipline(clsact(index)?), 0)
    }

    /// Lets a program classify packets and decide on them (`direct-action`); the place that it has then, with the numbers
    /// that the kernel chose.
    ///
    /// # Kernel
    ///
    /// Since 4.5, with `CONFIG_NET_CLS_BPF`.
    ///
    /// # Errors
    ///
    /// `EINVAL` if the interface has no `clsact`, `EEXIST` if the priority and number are taken, `ENOENT` if the kernel has
    /// no such classifiers, `EPERM` without `CAP_NET_ADMIN`.
    pub fn add_tc_filter(
        &self,
        filter: &TcFilter,
        prog: BorrowedFd<'_>,
        name: &str,
    ) -> Result<TcFilter, NetlinkError> {
        let prog_fd = u32::try_from(prog.as_raw_fd()).map_err(|_| Errno::BADF)?;
        let mut message = message(filter)?;
        message.attributes.push(TcAttribute::Options(vec![
            TcOption::Bpf(TcFilterBpfOption::ProgFd(prog_fd)),
            TcOption::Bpf(TcFilterBpfOption::ProgName(name.to_owned())),
            TcOption::Bpf(TcFilterBpfOption::Flags(TcBpfFlags::DirectAction)),
        ]));
        let flags = NLM_F_ACK | NLM_F_ECHO | NLM_F_CREATE | NLM_F_EXCL;
        match self.ask(RouteNetlinkMessage::NewTrafficFilter(message), flags)? {
            NetlinkPayload::Error(error) => {
                outcome(&error)?;
                // It was made, but nobody said where.
                Err(Errno::PROTO.into())
            }
            NetlinkPayload::InnerMessage(RouteNetlinkMessage::NewTrafficFilter(made)) => {
                self.receive_outcome()?;
                let priority = (made.header.info >> 16) as u16;
                Ok(TcFilter { priority, handle: made.header.handle.into(), ..*filter })
            }
            _ => Err(Errno::PROTO.into()),
        }
    }

    /// Removes a classifier, by all of its numbers.
    ///
    /// # Errors
    ///
    /// `ENOENT` or `EINVAL` if it is not there any more, `ENODEV` if the interface is not.
    pub fn remove_tc_filter(&self, filter: &TcFilter) -> Result<(), NetlinkError> {
        self.acknowledged(RouteNetlinkMessage::DelTrafficFilter(message(filter)?), 0)
    }
}

fn clsact(index: u32) -> Result<TcMessage, Errno> {
    let mut message = TcMessage::with_index(i32::try_from(index).map_err(|_| Errno::NODEV)?);
    message.header.handle = TcHandle { major: u16::MAX, minor: 0 };
    message.header.parent = TcHandle::CLSACT;
    message.attributes.push(TcAttribute::Kind("clsact".to_owned()));
    Ok(message)
}

fn message(filter: &TcFilter) -> Result<TcMessage, Errno> {
    let index = i32::try_from(filter.index).map_err(|_| Errno::NODEV)?;
    let mut message = TcMessage::with_index(index);
    let minor = match filter.side {
        TcSide::Ingress => TcHandle::MIN_INGRESS,
        TcSide::Egress => TcHandle::MIN_EGRESS,
    };
    message.header.parent = TcHandle { major: u16::MAX, minor };
    message.header.handle = filter.handle.into();
    message.header.info = u32::from(filter.priority) << 16 | ALL_PROTOCOLS;
    message.attributes.push(TcAttribute::Kind("bpf".to_owned()));
    Ok(message)
}
