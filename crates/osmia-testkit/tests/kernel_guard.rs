//! The gates and guards themselves, on the running kernel.
#![allow(clippy::unwrap_used, reason = "helpers of tests are tests")]

use std::{
    fs::{self, File},
    io::Read as _,
    net::UdpSocket,
    panic::{AssertUnwindSafe, catch_unwind},
    process,
    time::Duration,
};

use osmia_testkit::{
    fixture::Fixture,
    gate::Gate,
    guard::{
        bpffs::Bpffs,
        cgroup::Cgroup,
        mounts,
        netns::NetNs,
        veth::{self, Veth},
    },
};

fn interfaces() -> Vec<String> {
    let table = fs::read_to_string("/proc/thread-self/net/dev").unwrap();
    let names = table.lines().skip(2).filter_map(|line| line.split_once(':'));
    names.map(|(name, _)| name.trim().to_owned()).collect()
}

#[test]
fn a_feature_may_lack_on_an_older_kernel_only() {
    let Some(gate) = Gate::root() else { return };
    assert!(gate.needs("nothing", "3.0", true));
    let missing = catch_unwind(AssertUnwindSafe(|| gate.needs("everything", "3.0", false)));
    let said = *missing.unwrap_err().downcast::<String>().unwrap();
    assert!(said.starts_with("everything is documented from Linux 3.0 on"), "{said}");
    let value = gate.take("a value", "3.0", Ok::<_, String>(5), |_| true);
    assert_eq!(value, Some(5));
    let broken = catch_unwind(AssertUnwindSafe(|| {
        gate.take("a value", "99.0", Err::<u8, _>("out of memory"), |_| false)
    }));
    assert!(broken.is_err(), "an error that is not `unsupported` must fail the test");
}

#[test]
fn pins_go_with_their_bpffs() {
    let Some(_gate) = Gate::root() else { return };
    let table = || fs::read_to_string("/proc/mounts").unwrap();
    let path = {
        let bpffs = Bpffs::new();
        fs::create_dir(bpffs.join("pins")).unwrap();
        assert!(table().contains(&*bpffs.path().to_string_lossy()));
        bpffs.path().to_owned()
    };
    assert!(!table().contains(&*path.to_string_lossy()));
    assert!(!path.exists());
}

#[test]
fn a_bpffs_goes_after_a_panic() {
    let Some(_gate) = Gate::root() else { return };
    let mut path = None;
    let outcome = catch_unwind(AssertUnwindSafe(|| {
        let bpffs = Bpffs::new();
        path = Some(bpffs.path().to_owned());
        panic!("on purpose");
    }));
    assert!(outcome.is_err());
    assert!(!path.unwrap().exists());
}

#[test]
fn a_namespace_has_a_network_of_its_own() {
    let Some(_gate) = Gate::root() else { return };
    let outside = interfaces();
    let tracefs = mounts::TRACEFS.ensure().unwrap();
    let ns = NetNs::new();
    ns.enter(|| {
        assert_eq!(interfaces(), ["lo"]);
        let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
        socket.send_to(b"x", socket.local_addr().unwrap()).unwrap();
        assert!(tracefs.join("events").is_dir(), "tracefs is hidden in the namespace");
    });
    assert_eq!(interfaces(), outside);
}

#[test]
fn what_one_end_sends_the_other_receives() {
    let Some(_gate) = Gate::root() else { return };
    let Some(pair) = Veth::new() else { return };
    assert!(pair.near_index() > 1 && pair.far_index() > 1);
    let socket = pair.near.enter(|| UdpSocket::bind((veth::NEAR_ADDRESS, 0)).unwrap());
    socket.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
    pair.send_to_near(socket.local_addr().unwrap().port(), b"hello").unwrap();
    let mut bytes = [0; 16];
    let (length, from) = socket.recv_from(&mut bytes).unwrap();
    assert_eq!(&bytes[..length], b"hello");
    assert_eq!(from.ip(), veth::FAR_ADDRESS);
}

#[test]
fn a_cgroup_is_joined_and_left() {
    let Some(_gate) = Gate::root() else { return };
    let members = |cgroup: &Cgroup| fs::read_to_string(cgroup.path().join("cgroup.procs")).unwrap();
    let cgroup = Cgroup::new();
    {
        let _member = cgroup.join();
        assert_eq!(members(&cgroup).trim(), process::id().to_string());
    }
    assert_eq!(members(&cgroup), "");
    let path = cgroup.path().to_owned();
    drop(cgroup);
    assert!(!path.exists());
}

#[test]
fn the_trace_pipe_can_be_opened() {
    let Some(_gate) = Gate::root() else { return };
    let tracefs = mounts::TRACEFS.ensure().unwrap();
    assert!(File::open(tracefs.join("trace_pipe")).is_ok());
}

#[test]
fn function_patching_is_allowed_or_refused_by_policy() {
    let Some(gate) = Gate::root() else { return };
    if !gate.may_patch_functions("fentry") {
        return;
    }
    let tracefs = mounts::TRACEFS.ensure().unwrap();
    let mut start = [0; 64];
    let mut list = File::open(tracefs.join("available_filter_functions")).unwrap();
    assert!(list.read(&mut start).unwrap() > 0);
}

#[test]
fn a_fixture_can_be_had_on_every_kernel() {
    let Some(_gate) = Gate::root() else { return };
    let Some(object) = Fixture::new("testkit").bytes() else { return };
    assert!(object.starts_with(b"\x7fELF"));
}
