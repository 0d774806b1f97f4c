//! Maps of the types that other tests do not use; needs root.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

use std::fs::File;
use std::net::{TcpListener, TcpStream, UdpSocket};
use std::os::fd::AsRawFd;

use osmia::{ErrorKind, Kernel, Loader, Map, Object, UpdateFlags};
use osmia_object::Pinning;
use osmia_testkit::fixture::Fixture;
use osmia_testkit::gate::{Gate, no_security_hooks, not_built_in};
use osmia_testkit::guard::bpffs::Bpffs;
use osmia_testkit::guard::cgroup::Cgroup;
use osmia_testkit::skip;
use rustix::process::{PidfdFlags, getpid, pidfd_open};
use zerocopy::IntoBytes as _;

/// The object with this map alone, if the kernel has its type.
fn map(gate: &Gate, name: &str, since: &str) -> Option<Map> {
    let mut spec = osmia::open("map_types", Fixture::new("map_types").bytes()?).unwrap();
    spec.maps.values_mut().for_each(|map| map.autocreate = map.name == name);
    let outcome = Object::load(&spec, &Kernel::running().unwrap());
    let unsupported = |error: &osmia::Error| matches!(error.kind(), ErrorKind::Unsupported { .. });
    match outcome {
        Ok(object) => Some(object.map(name).unwrap().clone()),
        Err(error) => {
            assert!(unsupported(&error), "{name}: {error:#}");
            assert!(!gate.part_needs(name, since, false), "{error:#}");
            None
        }
    }
}

fn number(fd: &impl AsRawFd) -> u32 {
    u32::try_from(fd.as_raw_fd()).unwrap()
}

#[test]
fn values_are_read_and_written_under_their_lock() {
    let Some(gate) = Gate::root() else { return };
    let Some(map) = map(&gate, "locks", "5.1") else { return };
    let (key, value) = (1_u32, [0_u32, 7, 8, 0]);
    map.update(key.as_bytes(), value.as_bytes(), UpdateFlags::NOEXIST).unwrap();
    assert_eq!(map.lookup_locked(key.as_bytes()).unwrap().unwrap(), value.as_bytes());
    let other = [u32::MAX, 9, 10, 0];
    map.update(key.as_bytes(), other.as_bytes(), UpdateFlags::LOCK | UpdateFlags::EXIST).unwrap();
    // The lock itself is nobody's to see or to set.
    let expected = [0_u32, 9, 10, 0];
    assert_eq!(map.lookup_locked(key.as_bytes()).unwrap().unwrap(), expected.as_bytes());
    assert_eq!(map.lookup(key.as_bytes()).unwrap().unwrap(), expected.as_bytes());
    assert_eq!(map.lookup_locked(2_u32.as_bytes()).unwrap(), None);
}

#[test]
fn a_value_without_a_lock_has_none_to_take() {
    let Some(gate) = Gate::root() else { return };
    let Some(map) = map(&gate, "devices", "4.14") else { return };
    assert!(map.lookup_locked(0_u32.as_bytes()).is_err());
}

#[test]
fn a_stack_gives_back_what_came_last() {
    let Some(gate) = Gate::root() else { return };
    let Some(map) = map(&gate, "stack", "4.20") else { return };
    for value in [1_u64, 2] {
        map.update(&[], value.as_bytes(), UpdateFlags::ANY).unwrap();
    }
    let mut value = [0; 8];
    assert!(map.lookup_into(&[], &mut value).unwrap());
    assert_eq!(value, 2_u64.to_ne_bytes());
    for expected in [2_u64, 1] {
        assert!(map.take_into(&[], &mut value).unwrap());
        assert_eq!(value, expected.to_ne_bytes());
    }
    assert!(!map.take_into(&[], &mut value).unwrap());
}

#[test]
fn a_bloom_filter_knows_what_it_was_told() {
    let Some(gate) = Gate::root() else { return };
    let Some(map) = map(&gate, "bloom", "5.16") else { return };
    map.update(&[], 77_u64.as_bytes(), UpdateFlags::ANY).unwrap();
    assert!(map.lookup_into(&[], &mut 77_u64.to_ne_bytes()).unwrap());
    let strangers =
        (1000_u64..1020).filter(|value| map.lookup_into(&[], &mut value.to_ne_bytes()).unwrap());
    assert!(strangers.count() < 10);
}

#[test]
fn devices_and_cpus_are_entries() {
    let Some(gate) = Gate::root() else { return };
    // The loopback interface is number 1; a queue of 16 frames.
    for (name, since, value) in
        [("devices", "4.14", 1_u32), ("devices_hash", "5.4", 1), ("cpus", "4.15", 16)]
    {
        let Some(map) = map(&gate, name, since) else { continue };
        let key = 0_u32;
        map.insert(key.as_bytes(), value.as_bytes()).unwrap_or_else(|e| panic!("{name}: {e:#}"));
        assert_eq!(map.lookup(key.as_bytes()).unwrap().unwrap(), value.as_bytes(), "{name}");
        assert!(map.delete(key.as_bytes()).unwrap(), "{name}");
    }
}

#[test]
fn sockets_and_cgroups_are_entries() {
    let Some(gate) = Gate::root() else { return };
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let stream = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    let (_other, _) = listener.accept().unwrap();
    if let Some(map) = map(&gate, "sockets_hash", "4.18") {
        map.insert(5_u32.as_bytes(), number(&stream).as_bytes()).unwrap();
        assert!(map.delete(5_u32.as_bytes()).unwrap());
    }
    let own = Cgroup::new();
    if let Some(map) = map(&gate, "groups", "4.8") {
        let group = File::open(own.path()).unwrap();
        map.update(0_u32.as_bytes(), number(&group).as_bytes(), UpdateFlags::ANY).unwrap();
        assert!(map.delete(0_u32.as_bytes()).unwrap());
    }
    for (name, since) in [("xsks", "4.18"), ("reuseport", "4.19"), ("of_attachments", "4.19")] {
        let Some(map) = map(&gate, name, since) else { continue };
        assert_eq!(map.info().unwrap().name, name);
    }
}

#[test]
fn storage_belongs_to_what_a_descriptor_stands_for() {
    let Some(gate) = Gate::root() else { return };
    let own = Cgroup::new();
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    let (file, group) = (tempfile::tempfile().unwrap(), File::open(own.path()).unwrap());
    let task = pidfd_open(getpid(), PidfdFlags::empty()).unwrap();
    let owners = [
        ("of_sockets", "5.2", number(&socket)),
        ("of_tasks", "5.11", number(&task)),
        ("of_cgroups", "6.2", number(&group)),
        ("of_inodes", "5.10", number(&file)),
    ];
    for (name, since, key) in owners {
        // A kernel without security modules' programs makes no such map, as Debian's for s390x.
        if name == "of_inodes" {
            if let Some(why) = not_built_in("storage of inodes", "bpf_inode_storage_get") {
                skip::part(why);
                continue;
            }
        }
        let Some(map) = map(&gate, name, since) else { continue };
        let key = key.as_bytes();
        assert_eq!(map.lookup(key).unwrap_or_else(|e| panic!("{name}: {e:#}")), None, "{name}");
        let written = map.update(key, 40_u64.as_bytes(), UpdateFlags::NOEXIST);
        // Inodes have room for it only where programs of security modules run.
        if let (Err(_), "of_inodes", Some(why)) = (&written, name, no_security_hooks()) {
            skip::part(why);
            continue;
        }
        written.unwrap_or_else(|error| panic!("{name}: {error:#}"));
        assert_eq!(map.lookup(key).unwrap().unwrap(), 40_u64.as_bytes(), "{name}");
        assert!(map.delete(key).unwrap(), "{name}");
        assert_eq!(map.lookup(key).unwrap(), None, "{name}");
    }
}

#[test]
fn a_pin_is_found_again_whatever_the_kernel_made_of_the_map() {
    let Some(gate) = Gate::root() else { return };
    let Some(bytes) = Fixture::new("map_types").bytes() else { return };
    let bpffs = Bpffs::new();
    let loader = Loader::new(&Kernel::running().unwrap()).pin_directory(bpffs.path());
    for (name, since) in
        [("devices", "4.14"), ("devices_hash", "5.4"), ("ring", "5.8"), ("bloom", "5.16")]
    {
        let mut spec = osmia::open("map_types", bytes.clone()).unwrap();
        spec.maps.values_mut().for_each(|map| map.autocreate = map.name == name);
        spec.maps[name].pinning = Pinning::ByName;
        let loaded = loader.load(&spec);
        let unsupported =
            |error: &osmia::Error| matches!(error.kind(), ErrorKind::Unsupported { .. });
        if loaded.as_ref().is_err_and(unsupported) {
            assert!(!gate.part_needs(name, since, false));
            continue;
        }
        let id = |object: &Object| object.map(name).unwrap().info().unwrap().id;
        let first = loaded.unwrap_or_else(|error| panic!("{name}: {error:#}"));
        let second = loader.load(&spec).unwrap_or_else(|error| panic!("{name}: {error:#}"));
        assert_eq!(id(&first), id(&second), "{name}");
        if name == "bloom" {
            spec.maps[name].map_extra = 5;
            let text = format!("{:#}", loader.load(&spec).unwrap_err());
            assert!(text.contains("its map_extra is 0x3, not 0x5"), "{text}");
        }
    }
}
