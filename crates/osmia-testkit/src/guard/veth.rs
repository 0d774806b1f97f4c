//! A pair of virtual interfaces.

use std::{
    io,
    net::{Ipv4Addr, UdpSocket},
};

use crate::{
    guard::{
        netns::NetNs,
        rtnetlink::{PairKind, Rtnetlink},
    },
    skip,
};

/// Two interfaces, each in a network namespace of its own, joined by a wire: what one sends the other receives.
///
/// Dropping it takes both namespaces, and so the interfaces and whatever was attached to them.
#[derive(Debug)]
pub struct Veth {
    /// The near end's namespace, in which the interface `near` has the address 192.0.2.1/24.
    pub near: NetNs,
    /// The far end's namespace, in which the interface `far` has the address 192.0.2.2/24.
    pub far: NetNs,
    near_index: u32,
    far_index: u32,
}

/// The near end's name in its namespace.
pub const NEAR: &str = "near";
/// The far end's name in its namespace.
pub const FAR: &str = "far";
/// The near end's address.
pub const NEAR_ADDRESS: Ipv4Addr = Ipv4Addr::new(192, 0, 2, 1);
/// The far end's address.
pub const FAR_ADDRESS: Ipv4Addr = Ipv4Addr::new(192, 0, 2, 2);

impl Veth {
    /// Makes the pair, up and with addresses; `None` and a counted skip if this kernel has no veth.
    ///
    /// # Panics
    /// If it cannot be made for another reason.
    #[track_caller]
    pub fn new() -> Option<Self> {
        Self::of(PairKind::Veth, "veth")
    }

    /// The same with a netkit device instead of the wire, the near end being its primary one.
    ///
    /// # Panics
    /// If it cannot be made for another reason than that this kernel was built without netkit.
    #[track_caller]
    pub fn netkit() -> Option<Self> {
        Self::of(PairKind::Netkit, "netkit")
    }

    #[track_caller]
    fn of(kind: PairKind, name: &str) -> Option<Self> {
        let (near, far) = (NetNs::new(), NetNs::new());
        match near.enter(|| make_pair(kind, &far)) {
            Ok(near_index) => {
                let far_index = far.enter(|| bring_up(FAR, FAR_ADDRESS));
                let far_index = far_index.unwrap_or_else(|error| panic!("set {FAR} up: {error}"));
                Some(Self { near, far, near_index, far_index })
            }
            Err(error) if error.kind() == io::ErrorKind::Unsupported => {
                skip::whole(format_args!(
                    "a pair of virtual interfaces: this kernel has no {name}"
                ));
                None
            }
            Err(error) => panic!("make a pair of virtual interfaces ({name}): {error}"),
        }
    }

    /// The near end's interface index in its namespace.
    pub fn near_index(&self) -> u32 {
        self.near_index
    }

    /// The far end's interface index in its namespace.
    pub fn far_index(&self) -> u32 {
        self.far_index
    }

    /// Sends a UDP datagram with this payload from the far end to the given port of the near end, where it arrives (after
    /// the ARP exchange that the first one causes).
    ///
    /// # Errors
    /// If the far end cannot send.
    pub fn send_to_near(&self, port: u16, payload: &[u8]) -> io::Result<()> {
        self.far.enter(|| {
            let socket = UdpSocket::bind((FAR_ADDRESS, 0))?;
            socket.send_to(payload, (NEAR_ADDRESS, port)).map(drop)
        })
    }

    /// The same from the near end to the far one.
    ///
    /// # Errors
    /// If the near end cannot send.
    pub fn send_to_far(&self, port: u16, payload: &[u8]) -> io::Result<()> {
        self.near.enter(|| {
            let socket = UdpSocket::bind((NEAR_ADDRESS, 0))?;
            socket.send_to(payload, (FAR_ADDRESS, port)).map(drop)
        })
    }
}

/// Makes the pair from within the near namespace and brings its near end up; the near end's index.
fn make_pair(kind: PairKind, far: &NetNs) -> io::Result<u32> {
    Rtnetlink::open()?.add_pair(kind, NEAR, FAR, far)?;
    bring_up(NEAR, NEAR_ADDRESS)
}

fn bring_up(name: &str, address: Ipv4Addr) -> io::Result<u32> {
    let link = Rtnetlink::open()?;
    link.up(name)?;
    link.add_address(name, address, 24)?;
    link.index(name)
}
