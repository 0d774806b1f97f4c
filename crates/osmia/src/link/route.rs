//! Programs on routes: light-weight tunnels.

use std::fmt;
use std::net::IpAddr;
use std::os::fd::AsFd as _;

use osmia_abi::ProgType;
use osmia_sys::{Capability, Errno, Netlink, NetlinkError, ProgFd, RouteHook};

use crate::error::Error;
use crate::error::kind::{ErrorKind, Release};
use crate::kernel::Kernel;
use crate::link::refused::refused;
use crate::link::setting::{OwnedSetting, Setting};
use crate::link::xdp::interface;
use crate::link::{Held, Link};

/// A route to a network through an interface, in the main table of the calling thread's network namespace. It is added when a
/// program is attached, and goes with the [`Link`].
///
/// # Examples
/// ```
/// use osmia::Route;
///
/// let route = Route::new([198, 51, 100, 0], 24, 3);
/// assert_eq!(route.to_string(), "198.51.100.0/24");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Route(osmia_sys::Route);

impl Route {
    /// To the network of these first bits, through the interface with this index.
    pub fn new(destination: impl Into<IpAddr>, prefix: u8, ifindex: u32) -> Self {
        Self(osmia_sys::Route { destination: destination.into(), prefix, index: ifindex })
    }
}

impl fmt::Display for Route {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.0.destination, self.0.prefix)
    }
}

#[derive(Debug)]
struct Added {
    /// Of the network namespace in which it was added.
    netlink: Netlink,
    route: osmia_sys::Route,
    there: bool,
}

impl Setting for Added {
    fn undo(&mut self) -> Result<(), Errno> {
        if !std::mem::take(&mut self.there) {
            return Ok(());
        }
        match self.netlink.remove_route(&self.route) {
            // It went with the interface.
            Err(NetlinkError { errno: Errno::SRCH | Errno::NODEV, .. }) => Ok(()),
            other => other.map_err(|error| error.errno),
        }
    }
}

/// Adds a route whose packets a program sees.
pub(crate) fn attach(
    kernel: &Kernel,
    prog: &ProgFd,
    (name, prog_type): (&str, ProgType),
    route: &Route,
) -> Result<Link, Error> {
    let (hook, word) = match prog_type {
        ProgType::LWT_IN => (RouteHook::In, "what comes in"),
        ProgType::LWT_OUT => (RouteHook::Out, "what goes out"),
        ProgType::LWT_SEG6LOCAL => (RouteHook::Segment, "what comes in for the segment"),
        _ => (RouteHook::Xmit, "what is sent"),
    };
    let place = format!("{word} by the route to {route} of interface {}", interface(route.0.index));
    let added = Netlink::open().map_err(NetlinkError::from).and_then(|netlink| {
        netlink.add_route(&route.0, hook, prog.as_fd(), name)?;
        Ok(Added { netlink, route: route.0, there: true })
    });
    match added {
        Ok(added) => Ok(Link::new(kernel, place, Held::Setting(OwnedSetting::new(added)))),
        Err(error) => Err(failed(kernel, error, (hook, route), format!("attach to {place}"))),
    }
}

fn failed(
    kernel: &Kernel,
    error: NetlinkError,
    (hook, route): (RouteHook, &Route),
    attempt: String,
) -> Error {
    let of_segment = hook == RouteHook::Segment;
    let (kind, told) = match error.errno {
        Errno::NODEV => {
            (ErrorKind::NotFound, "there is no such interface in this network namespace")
        }
        Errno::NETDOWN => (ErrorKind::Invalid, "the interface is down"),
        Errno::EXIST => (ErrorKind::Exists, "there is such a route already"),
        Errno::INVAL if of_segment && route.0.destination.is_ipv4() => {
            (ErrorKind::Invalid, "segments are of IPv6, and so must their routes be")
        }
        Errno::OPNOTSUPP | Errno::INVAL if of_segment => (
            ErrorKind::Unsupported { feature: "programs on segments", since: Release::new(4, 18) },
            "this kernel has no programs on segments (CONFIG_IPV6_SEG6_LWTUNNEL and CONFIG_IPV6_SEG6_BPF)",
        ),
        Errno::OPNOTSUPP => (
            ErrorKind::Unsupported { feature: "programs on routes", since: Release::new(4, 10) },
            "this kernel has no programs on routes (CONFIG_LWTUNNEL_BPF)",
        ),
        errno => {
            return refused(kernel, &[Capability::NetAdmin], errno, format!("{attempt}: {error}"));
        }
    };
    Error::new(kind, told).caused_by(error).during(attempt)
}
