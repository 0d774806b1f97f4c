//! Pins against the running kernel; needs root.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

use std::ffi::CString;
use std::fs::File;
use std::os::fd::AsFd as _;
use std::path::Path;

use osmia_abi::MapType;
use osmia_abi::flags::BPF_F_RDONLY;
use osmia_sys::{Bpf, Errno, FdKind, KernelFs, LinkFd, MapCreate, MapFd};
use osmia_testkit::gate::Gate;
use osmia_testkit::guard::bpffs::Bpffs;

fn array() -> MapFd {
    let create = MapCreate {
        map_type: MapType::ARRAY,
        key_size: 4,
        value_size: 4,
        max_entries: 1,
        ..MapCreate::default()
    };
    Bpf::kernel().map_create(&create).unwrap()
}

fn c_path(path: &Path) -> CString {
    CString::new(path.to_str().unwrap()).unwrap()
}

#[test]
fn a_pinned_map_outlives_its_descriptor() {
    let Some(_gate) = Gate::root() else { return };
    let (bpf, bpffs) = (Bpf::kernel(), Bpffs::new());
    assert_eq!(KernelFs::Bpf.holds(bpffs.path()), Ok(true));
    let (map, path) = (array(), c_path(&bpffs.join("map")));
    bpf.map_update(&map, &[0; 4], &[5; 4], 0).unwrap();
    bpf.obj_pin(&map, None, &path).unwrap();
    assert_eq!(bpf.obj_pin(&map, None, &path), Err(Errno::EXIST));
    drop(map);

    let object = bpf.obj_get(None, &path, BPF_F_RDONLY).unwrap();
    assert_eq!(FdKind::of(&object), Ok(Some(FdKind::Map)));
    let map = MapFd::new(&bpf, object).unwrap();
    let mut value = [0; 4];
    bpf.map_lookup(&map, &[0; 4], &mut value, 0).unwrap();
    assert_eq!(value, [5; 4]);
    assert_eq!(bpf.map_update(&map, &[0; 4], &value, 0), Err(Errno::PERM));

    let object = bpf.obj_get(None, &path, 0).unwrap();
    assert_eq!(LinkFd::new(object).unwrap_err(), Errno::INVAL);
    let none = c_path(&bpffs.join("none"));
    assert_eq!(bpf.obj_get(None, &none, 0).unwrap_err(), Errno::NOENT);
    assert_eq!(bpf.obj_pin(&map, None, c"/tmp/osmia-no-bpffs"), Err(Errno::PERM));
}

#[test]
fn a_pin_is_found_from_its_directory() {
    let Some(gate) = Gate::root() else { return };
    let (bpf, bpffs) = (Bpf::kernel(), Bpffs::new());
    let dir = File::open(bpffs.path()).unwrap();
    let pinned = bpf.obj_pin(array(), Some(dir.as_fd()), c"map");
    let unsupported = |errno: &Errno| *errno == Errno::INVAL;
    if gate.take("pins relative to a directory", "6.5", pinned, unsupported).is_none() {
        return;
    }
    let object = bpf.obj_get(Some(dir.as_fd()), c"map", 0).unwrap();
    assert!(MapFd::new(&bpf, object).is_ok());
    assert!(bpffs.join("map").exists());
}
