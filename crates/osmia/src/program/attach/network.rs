//! Attaching programs to interfaces, network namespaces, sockets and maps of sockets.

use std::os::fd::AsFd;

use osmia_abi::AttachType;

use crate::error::Error;
use crate::link::netfilter::Netfilter;
use crate::link::netkit::Netkit;
use crate::link::route::Route;
use crate::link::socket::SocketPlace;
use crate::link::tc::Tc;
use crate::link::tc_filter::TcFilter;
use crate::link::{Link, netfilter, netkit, netns, route, socket, sockmap, tc, tc_filter};
use crate::map::Map;
use crate::program::kinds::{
    FlowDissectorProgram, LwtProgram, NetfilterProgram, SkLookupProgram, SkMsgProgram,
    SkReuseportProgram, SkSkbProgram, SocketFilterProgram, TcProgram,
};

impl TcProgram {
    /// Attaches it to what an interface of the calling thread's network namespace receives or sends.
    ///
    /// # Kernel
    /// Since 4.5. It is a link since 6.6; before, it is a classifier, which is removed when the [`Link`] is dropped.
    ///
    /// # Errors
    /// `NotFound`: there is no such interface; `Busy`: the list of programs is in another revision; `Unsupported`: this
    /// kernel has no order of programs; `Permission`.
    pub fn attach(&self, place: &Tc) -> Result<Link, Error> {
        self.attached(|program| {
            tc::attach(program.kernel_value(), program.fd(), self.name(), place)
        })
    }

    /// Attaches it as a classifier on `clsact`, as `tc filter add` does.
    ///
    /// # Kernel
    /// Since 4.5, with `CONFIG_NET_SCH_INGRESS` and `CONFIG_NET_CLS_BPF`.
    ///
    /// # Errors
    /// `NotFound`: there is no such interface; `Exists`: the priority and handle are taken; `Permission`.
    pub fn attach_filter(&self, place: &TcFilter) -> Result<Link, Error> {
        self.attached(|program| {
            tc_filter::attach(program.kernel_value(), program.fd(), self.name(), place)
        })
    }

    /// Attaches it to an end of a netkit device.
    ///
    /// # Kernel
    /// Since 6.7, with `CONFIG_NETKIT`.
    ///
    /// # Errors
    /// `Invalid`: the interface is no netkit device; `Unsupported`; `Permission`.
    pub fn attach_netkit(&self, place: &Netkit) -> Result<Link, Error> {
        self.attached(|program| netkit::attach(program.kernel_value(), program.fd(), place))
    }
}

impl LwtProgram {
    /// Adds a route whose packets it sees: those that come in, go out or are sent, as its type says; or, of IPv6 segment
    /// routing, those that come in for the segment that is the route's destination (the action `End.BPF`).
    ///
    /// # Kernel
    /// Since 4.10, with `CONFIG_LWTUNNEL_BPF`; of segments since 4.18, with `CONFIG_IPV6_SEG6_BPF`. It is no link but a setting of the route, which goes when the [`Link`] is
    /// dropped.
    ///
    /// # Errors
    /// `NotFound`: there is no such interface; `Exists`: there is such a route; `Invalid`: the interface is down;
    /// `Unsupported`; `Permission`.
    pub fn attach(&self, route: &Route) -> Result<Link, Error> {
        let of = (self.name(), self.prog_type());
        self.attached(|program| route::attach(program.kernel_value(), program.fd(), of, route))
    }
}

impl NetfilterProgram {
    /// Attaches it to a hook of the calling thread's network namespace.
    ///
    /// # Kernel
    /// Since 6.4.
    ///
    /// # Errors
    /// `Busy`: the priority is taken; `Invalid`: the priority is out of range; `Unsupported`; `Permission`.
    pub fn attach(&self, hook: &Netfilter) -> Result<Link, Error> {
        self.attached(|program| netfilter::attach(program.kernel_value(), program.fd(), *hook))
    }
}

impl SkLookupProgram {
    /// Attaches it to a network namespace, given as a descriptor of `/proc/PID/ns/net`.
    ///
    /// # Kernel
    /// Since 5.9.
    ///
    /// # Errors
    /// `Invalid`: the descriptor is of something else; `Permission`.
    pub fn attach(&self, netns: impl AsFd) -> Result<Link, Error> {
        self.attached(|program| {
            let (kernel, fd) = (program.kernel_value(), program.fd());
            netns::attach(kernel, fd, AttachType::SK_LOOKUP, netns.as_fd())
        })
    }
}

impl FlowDissectorProgram {
    /// Attaches it to a network namespace, given as a descriptor of `/proc/PID/ns/net`.
    ///
    /// # Kernel
    /// By a link since 5.8.
    ///
    /// # Errors
    /// `Busy`: one is attached there already; `Invalid`: the descriptor is of something else; `Permission`.
    pub fn attach(&self, netns: impl AsFd) -> Result<Link, Error> {
        self.attached(|program| {
            let (kernel, fd) = (program.kernel_value(), program.fd());
            netns::attach(kernel, fd, AttachType::FLOW_DISSECTOR, netns.as_fd())
        })
    }
}

impl SocketFilterProgram {
    /// Lets it filter what a socket receives, in place of the filter that was there. The socket stays open as long as
    /// the [`Link`].
    ///
    /// # Kernel
    /// Since 3.19. It is no link of the kernel but a setting of the socket.
    ///
    /// # Errors
    /// `Invalid`: the descriptor is of no socket; `Permission`: the socket's filter is locked.
    pub fn attach_to(&self, socket: impl AsFd) -> Result<Link, Error> {
        self.attached(|program| {
            let (kernel, fd) = (program.kernel_value(), program.fd());
            socket::attach(kernel, fd, socket.as_fd(), SocketPlace::Filter)
        })
    }
}

impl SkReuseportProgram {
    /// Lets it choose which of the sockets that share this one's port gets a packet or a connection.
    ///
    /// # Kernel
    /// Since 4.19; detaching since 5.3.
    ///
    /// # Errors
    /// `Invalid`: the socket does not share its port.
    pub fn attach_to(&self, socket: impl AsFd) -> Result<Link, Error> {
        self.attached(|program| {
            let (kernel, fd) = (program.kernel_value(), program.fd());
            socket::attach(kernel, fd, socket.as_fd(), SocketPlace::Reuseport)
        })
    }
}

impl SkMsgProgram {
    /// Attaches it to what the sockets of a map send.
    ///
    /// # Kernel
    /// Since 4.17.
    ///
    /// # Errors
    /// `Invalid`: the map does not hold sockets; `Permission`.
    pub fn attach_to(&self, map: &Map) -> Result<Link, Error> {
        self.attached(|program| {
            let (kernel, fd) = (program.kernel_value(), program.fd());
            sockmap::attach(kernel, fd, AttachType::SK_MSG_VERDICT, map)
        })
    }
}

impl SkSkbProgram {
    /// Attaches it to what the sockets of a map receive, as what its section says: `SEC("sk_skb/stream_verdict")`.
    ///
    /// # Kernel
    /// Since 4.14; `sk_skb/verdict` since 5.13.
    ///
    /// # Errors
    /// `Invalid`: the section does not say as what, or the map does not hold sockets; `Permission`.
    pub fn attach_to(&self, map: &Map) -> Result<Link, Error> {
        self.attached(|program| {
            let attach_type = self.attach_type().ok_or_else(|| {
                Error::invalid(
                    "its section does not say as what: `sk_skb/stream_parser`, `sk_skb/stream_verdict` or `sk_skb/verdict`",
                )
            })?;
            sockmap::attach(program.kernel_value(), program.fd(), attach_type, map)
        })
    }
}
