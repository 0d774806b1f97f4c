//! Names of network interfaces.

use osmia_sys::Netlink;

/// The name of an interface of this network namespace, if there is one with this number.
pub fn name(index: u32) -> Option<String> {
    Netlink::open().ok()?.name_of(index).ok()
}
