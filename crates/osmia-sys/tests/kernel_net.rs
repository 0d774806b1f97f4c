//! Network interfaces against the running kernel, in a namespace of the test's own; needs root.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

use std::os::fd::AsFd as _;

use osmia_abi::flags::{XDP_FLAGS_REPLACE, XDP_FLAGS_SKB_MODE, XDP_FLAGS_UPDATE_IF_NOEXIST};
use osmia_abi::{AttachType, LinkInfoXdp, LinkType, ProgType};
use osmia_sys::{
    AttachTarget, Bpf, Errno, LinkCreate, LinkTail, Log, Netlink, ProgFd, ProgInfoBufs, ProgLoad,
    XdpPrograms,
};
use osmia_testkit::gate::Gate;
use osmia_testkit::guard::netns::NetNs;

/// `r0 = XDP_PASS; exit`.
const PASS: [u8; 16] = [0xb7, 0, 0, 0, 2, 0, 0, 0, 0x95, 0, 0, 0, 0, 0, 0, 0];

fn load() -> (ProgFd, u32) {
    let load =
        ProgLoad { prog_type: ProgType::XDP, insns: &PASS, license: c"GPL", ..ProgLoad::default() };
    let prog = Bpf::kernel().prog_load(&load, &mut Log::default()).unwrap();
    let id = Bpf::kernel().prog_info(&prog, &mut ProgInfoBufs::default()).unwrap().id;
    (prog, id)
}

#[test]
fn xdp_by_netlink_is_set_replaced_and_taken_off() {
    let Some(_gate) = Gate::root() else { return };
    NetNs::new().enter(|| {
        let netlink = Netlink::open().unwrap();
        let lo = netlink.index_of("lo").unwrap();
        assert_eq!(netlink.name_of(lo).unwrap(), "lo");
        let ((first, first_id), (second, second_id)) = (load(), load());
        let set = |prog: Option<&ProgFd>, flags, expected: Option<&ProgFd>| {
            let expected = expected.map(|prog| prog.as_fd());
            netlink.set_xdp(lo, prog.map(|prog| prog.as_fd()), flags, expected)
        };
        let once = XDP_FLAGS_SKB_MODE | XDP_FLAGS_UPDATE_IF_NOEXIST;
        set(Some(&first), once, None).unwrap();
        let attached = XdpPrograms { generic: Some(first_id), ..XdpPrograms::default() };
        assert_eq!(netlink.xdp(lo), Ok(attached));

        let busy = set(Some(&second), once, None).unwrap_err();
        assert_eq!(busy.errno, Errno::BUSY);
        assert!(busy.message.is_some(), "{busy}");
        let replace = XDP_FLAGS_SKB_MODE | XDP_FLAGS_REPLACE;
        assert_eq!(set(Some(&first), replace, Some(&second)).unwrap_err().errno, Errno::EXIST);
        set(Some(&second), replace, Some(&first)).unwrap();
        assert_eq!(netlink.xdp(lo).unwrap().generic, Some(second_id));

        set(None, XDP_FLAGS_SKB_MODE, None).unwrap();
        assert_eq!(netlink.xdp(lo), Ok(XdpPrograms::default()));
        assert_eq!(netlink.xdp(12345).unwrap_err().errno, Errno::NODEV);
    });
}

#[test]
fn an_xdp_link_is_updated_detached_and_told_of() {
    let Some(_gate) = Gate::root() else { return };
    NetNs::new().enter(|| {
        let (bpf, netlink) = (Bpf::kernel(), Netlink::open().unwrap());
        let lo = netlink.index_of("lo").unwrap();
        let ((first, _), (second, second_id)) = (load(), load());
        let create = LinkCreate {
            prog: first.as_fd(),
            target: Some(AttachTarget::Ifindex(lo)),
            attach_type: AttachType::XDP,
            flags: XDP_FLAGS_SKB_MODE,
            tail: LinkTail::None,
        };
        let link = bpf.link_create(&create).unwrap();
        assert_eq!(bpf.link_create(&create).unwrap_err(), Errno::BUSY);
        let wrong = bpf.link_update(&link, second.as_fd(), Some(second.as_fd()));
        assert_eq!(wrong, Err(Errno::PERM));
        bpf.link_update(&link, second.as_fd(), Some(first.as_fd())).unwrap();
        let info = bpf.link_info(&link).unwrap();
        assert_eq!((info.type_, info.prog_id), (LinkType::XDP, second_id));
        assert_eq!(info.tail_as::<LinkInfoXdp>().unwrap().ifindex, lo);
        bpf.link_detach(&link).unwrap();
        assert_eq!(netlink.xdp(lo), Ok(XdpPrograms::default()));
    });
}
