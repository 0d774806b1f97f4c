//! A network namespace of the test's own.

use std::{
    fs::File,
    io,
    os::fd::{AsFd, BorrowedFd, OwnedFd},
    panic, thread,
};

use rustix::thread::{LinkNameSpaceType, UnshareFlags, move_into_link_name_space};

use crate::guard::rtnetlink::Rtnetlink;

/// A new network namespace with its loopback up. It has no name, so that nothing of it can be left behind: it goes when
/// the last descriptor, thread and socket in it goes.
///
/// Only its network differs: `/sys` and `/proc` stay as they are, with tracefs and bpffs in them.
#[derive(Debug)]
pub struct NetNs {
    fd: OwnedFd,
}

impl NetNs {
    /// Makes a network namespace.
    ///
    /// # Panics
    /// If it cannot be made: needs `CAP_SYS_ADMIN`.
    pub fn new() -> Self {
        let fd = on_new_thread(|| {
            leave_network().unwrap_or_else(|error| panic!("unshare the network: {error}"))
        });
        let ns = Self { fd };
        ns.enter(loopback_up)
            .unwrap_or_else(|error| panic!("set lo up in a new network namespace: {error}"));
        ns
    }

    /// Runs `inside` on a thread of this namespace. A panic goes through.
    ///
    /// # Panics
    /// If the namespace cannot be entered.
    pub fn enter<T: Send>(&self, inside: impl FnOnce() -> T + Send) -> T {
        on_new_thread(|| {
            move_into_link_name_space(self.fd.as_fd(), Some(LinkNameSpaceType::Network))
                .unwrap_or_else(|errno| panic!("enter a network namespace: {errno}"));
            inside()
        })
    }
}

impl Default for NetNs {
    fn default() -> Self {
        Self::new()
    }
}

impl AsFd for NetNs {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.fd.as_fd()
    }
}

/// Sets the loopback interface of the calling thread's network namespace up.
///
/// # Errors
/// If the kernel refuses: needs `CAP_NET_ADMIN` there.
pub fn loopback_up() -> io::Result<()> {
    Rtnetlink::open()?.up("lo")
}

/// Has an interface of the calling thread's network namespace queue what it sends by a discipline of this name.
///
/// # Errors
/// If the kernel refuses: there is no such discipline, or it takes `CAP_NET_ADMIN`.
pub fn queue_by(interface: &str, discipline: &str) -> io::Result<()> {
    Rtnetlink::open()?.queue_by(interface, discipline)
}

/// Puts this thread into a new network namespace and returns a descriptor of it.
fn leave_network() -> io::Result<OwnedFd> {
    #[expect(
        deprecated,
        reason = "only unsharing the descriptor table is unsound, and this does not"
    )]
    rustix::thread::unshare(UnshareFlags::NEWNET)?;
    Ok(File::open("/proc/thread-self/ns/net")?.into())
}

/// Runs `inside` on a thread of its own that bears this thread's name, by which tests are told apart.
fn on_new_thread<T: Send>(inside: impl FnOnce() -> T + Send) -> T {
    let name = thread::current().name().unwrap_or("main").to_owned();
    let outcome = thread::scope(|scope| {
        let thread = thread::Builder::new().name(name).spawn_scoped(scope, inside);
        thread.unwrap_or_else(|error| panic!("start a thread: {error}")).join()
    });
    outcome.unwrap_or_else(|payload| panic::resume_unwind(payload))
}
