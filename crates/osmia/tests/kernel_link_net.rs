//! Links to interfaces, cgroups, network namespaces and sockets of the test's own; needs root.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

use std::fmt::Debug;
use std::net::{Ipv6Addr, SocketAddr, TcpListener, TcpStream, UdpSocket};
use std::os::fd::AsRawFd as _;
use std::os::unix::fs::MetadataExt as _;
use std::time::{Duration, Instant};

use osmia::{
    Anchor, AttachType, Cgroup, CgroupMode, CgroupProgram, Error, ErrorKind, FlowDissectorProgram,
    Kernel, Link, LinkDetails, LsmProgram, LwtProgram, Netfilter, NetfilterFamily, NetfilterHook,
    NetfilterProgram, Netkit, Object, Program, Route, SkLookupProgram, SkMsgProgram,
    SkReuseportProgram, SkSkbProgram, SocketFilterProgram, Tc, TcFilter, TcProgram,
};
use osmia_sys::abi::LinkType;
use osmia_testkit::fixture::Fixture;
use osmia_testkit::gate::Gate;
use osmia_testkit::guard::bpffs::Bpffs;
use osmia_testkit::guard::cgroup::Cgroup as OwnCgroup;
use osmia_testkit::guard::netns::NetNs;
use osmia_testkit::guard::veth::Veth;

fn load_with(also: &[&str]) -> Option<Result<Object, Error>> {
    let mut spec = osmia::open("link_net", Fixture::new("link_net").bytes()?).unwrap();
    for program in also {
        spec.programs[*program].autoload = true;
    }
    Some(Object::load(&spec, &Kernel::running().unwrap()))
}

fn load() -> Option<Object> {
    Some(good(load_with(&[])?))
}

fn good<T>(outcome: Result<T, Error>) -> T {
    outcome.unwrap_or_else(|error| panic!("{error:?}"))
}

fn typed<T: TryFrom<Program, Error = Error> + Debug>(object: &Object, name: &str) -> T {
    good(T::try_from(object.program(name).unwrap().clone()))
}

fn count(object: &Object, variable: &str) -> u64 {
    object.variable(variable).unwrap().typed::<u64>().unwrap().get().unwrap()
}

/// Makes something happen until the counter goes up.
fn counts(object: &Object, variable: &str, mut happen: impl FnMut()) {
    let (before, began) = (count(object, variable), Instant::now());
    while count(object, variable) == before {
        happen();
        assert!(began.elapsed().as_secs() < 20, "{variable}: it did not run");
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// What happens is not counted any more.
fn is_still(object: &Object, variable: &str, happen: impl Fn()) {
    std::thread::sleep(Duration::from_millis(50));
    let before = count(object, variable);
    happen();
    std::thread::sleep(Duration::from_millis(50));
    assert_eq!(count(object, variable), before, "{variable}");
}

fn unsupported(error: &Error) -> bool {
    matches!(error.kind(), ErrorKind::Unsupported { .. })
}

/// A datagram over the loopback.
fn datagram() {
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    socket.send_to(b"hello", socket.local_addr().unwrap()).unwrap();
}

#[test]
fn tc_runs_on_both_ways_of_an_interface() {
    let Some(_gate) = Gate::root() else { return };
    let Some(object) = load() else { return };
    let Some(veth) = Veth::new() else { return };
    let near = veth.near_index();
    for (program, variable, place) in [
        ("on_ingress", "by_ingress", Tc::ingress(near)),
        ("on_egress", "by_egress", Tc::egress(near)),
    ] {
        let program: TcProgram = typed(&object, program);
        let link = good(veth.near.enter(|| program.attach(&place)));
        // The near end answers the ARP requests of the far one, and its pings with a refusal.
        counts(&object, variable, || veth.send_to_near(9, b"hello").unwrap());
        link.detach().unwrap();
        is_still(&object, variable, || veth.send_to_near(9, b"hello").unwrap());
    }
}

#[test]
fn tcx_programs_have_an_order() {
    let Some(gate) = Gate::root() else { return };
    let Some(object) = load() else { return };
    let Some(veth) = Veth::new() else { return };
    let (near, program) = (veth.near_index(), typed::<TcProgram>(&object, "on_ingress"));
    let first = veth.near.enter(|| program.attach(&Tc::ingress(near).at(Anchor::last())));
    let Some(first) = gate.take("tcx", "6.6", first, unsupported) else { return };
    let info = first.info().unwrap();
    assert_eq!(info.link_type(), LinkType::TCX);
    let place = LinkDetails::Interface { index: near, attach_type: AttachType::TCX_INGRESS };
    assert_eq!(first.details().unwrap(), place);
    let second: TcProgram = typed(&object, "on_egress");
    let at = |place: Tc| veth.near.enter(|| second.attach(&place));
    let before = good(at(Tc::ingress(near).at(Anchor::before_link(info.id()))));
    drop(before);
    let after = good(at(Tc::ingress(near).at(Anchor::after(&program))));
    drop(after);
    let error = at(Tc::ingress(near).expect_revision(77)).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Busy, "{error:?}");
    let error = at(Tc::ingress(near).at(Anchor::after_link(u32::MAX - 1))).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound, "{error:?}");
    let error = at(Tc::ingress(9999)).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound, "{error:?}");
    counts(&object, "by_ingress", || veth.send_to_near(9, b"hello").unwrap());

    let bpffs = Bpffs::new();
    first.pin(bpffs.join("tcx")).unwrap();
    drop(first);
    counts(&object, "by_ingress", || veth.send_to_near(9, b"hello").unwrap());
    let pinned = Link::from_pin(&Kernel::running().unwrap(), bpffs.join("tcx")).unwrap();
    assert_eq!(pinned.info().unwrap().id(), info.id());
    std::fs::remove_file(bpffs.join("tcx")).unwrap();
    drop(pinned);
    is_still(&object, "by_ingress", || veth.send_to_near(9, b"hello").unwrap());
}

#[test]
fn a_classifier_works_on_every_kernel() {
    let Some(_gate) = Gate::root() else { return };
    let Some(object) = load() else { return };
    let Some(veth) = Veth::new() else { return };
    let (near, program) = (veth.near_index(), typed::<TcProgram>(&object, "on_ingress"));
    let attach = |place: TcFilter| veth.near.enter(|| program.attach_filter(&place));
    let link = good(attach(TcFilter::ingress(near).priority(50).handle(3)));
    let error = attach(TcFilter::ingress(near).priority(50).handle(3)).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Exists, "{error:?}");
    let chosen = good(attach(TcFilter::ingress(near)));
    counts(&object, "by_ingress", || veth.send_to_near(9, b"hello").unwrap());
    assert!(link.info().is_err());
    link.detach().unwrap();
    counts(&object, "by_ingress", || veth.send_to_near(9, b"hello").unwrap());
    chosen.detach().unwrap();
    is_still(&object, "by_ingress", || veth.send_to_near(9, b"hello").unwrap());
    let error = attach(TcFilter::egress(9999)).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound, "{error:?}");
}

#[test]
fn a_netkit_program_wants_a_netkit_device() {
    let Some(gate) = Gate::root() else { return };
    let Some(loaded) = load_with(&["on_netkit"]) else { return };
    let object = good(loaded);
    let Some(veth) = Veth::new() else { return };
    let program: TcProgram = typed(&object, "on_netkit");
    let place = Netkit::primary(veth.near_index());
    let error = veth.near.enter(|| program.attach_netkit(&place)).unwrap_err();
    let known = !unsupported(&error);
    if gate.needs("netkit", "6.7", known) {
        assert_eq!(error.kind(), ErrorKind::Invalid, "{error:?}");
        assert!(format!("{error:#}").contains("no netkit device"), "{error:#}");
    }
}

#[test]
fn a_cgroup_sees_its_processes_connect() {
    let Some(_gate) = Gate::root() else { return };
    let Some(object) = load() else { return };
    let program: CgroupProgram = typed(&object, "on_connect");
    let own = OwnCgroup::new();
    let connect = || {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    };
    for mode in [CgroupMode::Link, CgroupMode::Multi, CgroupMode::Override, CgroupMode::Exclusive] {
        let link = good(program.attach(&Cgroup::new(own.path()).mode(mode)));
        let member = own.join();
        counts(&object, "by_connect", connect);
        if mode == CgroupMode::Link {
            assert_eq!(link.info().unwrap().link_type(), LinkType::CGROUP);
            let id = std::fs::metadata(own.path()).unwrap().ino();
            let attach_type = AttachType::CGROUP_INET4_CONNECT;
            assert_eq!(link.details().unwrap(), LinkDetails::Cgroup { cgroup: id, attach_type });
        }
        if mode == CgroupMode::Exclusive {
            let error = program.attach(&Cgroup::new(own.path())).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Busy, "{error:?}");
        }
        link.detach().unwrap();
        is_still(&object, "by_connect", connect);
        drop(member);
    }
    let error = program.attach(&Cgroup::new("/osmia/no/such")).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound, "{error:?}");
    let error = program.attach(&Cgroup::new("/tmp")).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Invalid, "{error:?}");
}

#[test]
fn a_cgroup_program_without_a_direction_is_told_one() {
    let Some(_gate) = Gate::root() else { return };
    let Some(object) = load() else { return };
    let program: CgroupProgram = typed(&object, "on_skb");
    let own = OwnCgroup::new();
    let error = program.attach(&Cgroup::new(own.path())).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Invalid, "{error:?}");
    let place = Cgroup::new(own.path()).attach_type(AttachType::CGROUP_INET_EGRESS);
    let _link = good(program.attach(&place));
    let _member = own.join();
    counts(&object, "by_skb", datagram);
}

#[test]
fn cgroup_programs_have_an_order() {
    let Some(gate) = Gate::root() else { return };
    let Some(object) = load() else { return };
    let program: CgroupProgram = typed(&object, "on_connect");
    let own = OwnCgroup::new();
    let first = program.attach(&Cgroup::new(own.path()).at(Anchor::first()));
    let refused = |error: &Error| error.kind() == ErrorKind::Invalid;
    let Some(first) = gate.take("the order of cgroup programs", "6.17", first, refused) else {
        return;
    };
    let id = first.info().unwrap().id();
    good(program.attach(&Cgroup::new(own.path()).at(Anchor::before_link(id))));
}

#[test]
fn a_socket_filter_sees_what_a_socket_receives() {
    let Some(_gate) = Gate::root() else { return };
    let Some(object) = load() else { return };
    let program: SocketFilterProgram = typed(&object, "on_socket");
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    socket.set_nonblocking(true).unwrap();
    let send = || {
        socket.send_to(b"hello", socket.local_addr().unwrap()).unwrap();
    };
    let link = good(program.attach_to(&socket));
    counts(&object, "by_filter", send);
    assert!(socket.recv(&mut [0; 8]).is_err(), "it was filtered out");
    link.detach().unwrap();
    is_still(&object, "by_filter", send);
    socket.recv(&mut [0; 8]).unwrap();
    let error = program.attach_to(std::fs::File::open("/dev/null").unwrap()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Invalid, "{error:?}");
}

#[test]
fn a_namespace_looks_sockets_up() {
    let Some(_gate) = Gate::root() else { return };
    let Some(object) = load() else { return };
    let netns = NetNs::new();
    let program: SkLookupProgram = typed(&object, "on_lookup");
    let link = good(program.attach(&netns));
    assert_eq!(link.info().unwrap().link_type(), LinkType::NETNS);
    let inode = u32::try_from(rustix::fs::fstat(&netns).unwrap().st_ino).unwrap();
    let place = LinkDetails::NetworkNamespace { inode, attach_type: AttachType::SK_LOOKUP };
    assert_eq!(link.details().unwrap(), place);
    counts(&object, "by_lookup", || netns.enter(datagram));
    link.detach().unwrap();
    is_still(&object, "by_lookup", || netns.enter(datagram));
    let error = program.attach(std::fs::File::open("/dev/null").unwrap()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Invalid, "{error:?}");
}

#[test]
fn a_namespace_takes_headers_apart() {
    let Some(_gate) = Gate::root() else { return };
    let Some(object) = load() else { return };
    let Some(veth) = Veth::new() else { return };
    let (near, dissector) = (veth.near_index(), typed::<FlowDissectorProgram>(&object, "on_flow"));
    // It makes the kernel look at each packet.
    let hash: TcProgram = typed(&object, "on_hash");
    let _hash = good(veth.near.enter(|| hash.attach_filter(&TcFilter::ingress(near))));
    let link = good(dissector.attach(&veth.near));
    assert_eq!(link.info().unwrap().link_type(), LinkType::NETNS);
    let inode = u32::try_from(rustix::fs::fstat(&veth.near).unwrap().st_ino).unwrap();
    let place = LinkDetails::NetworkNamespace { inode, attach_type: AttachType::FLOW_DISSECTOR };
    assert_eq!(link.details().unwrap(), place);
    let error = dissector.attach(&veth.near).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Busy, "{error:?}");
    let info = link.info().unwrap();
    let who = format!("already (program {} `on_flow`, by link {})", info.program_id(), info.id());
    assert!(format!("{error:#}").contains(&who), "{error:#}");
    counts(&object, "by_flow", || veth.send_to_near(9, b"hello").unwrap());
    link.detach().unwrap();
    is_still(&object, "by_flow", || veth.send_to_near(9, b"hello").unwrap());
}

/// Sends a datagram to a place that only a route leads to.
fn to(address: [u8; 4]) {
    let socket = UdpSocket::bind("0.0.0.0:0").unwrap();
    // Nobody may be there, or there is no route yet or no longer.
    let _ = socket.send_to(b"hello", SocketAddr::from((address, 9)));
}

#[test]
fn routes_have_programs() {
    let Some(gate) = Gate::root() else { return };
    if !gate.built_with("programs on routes", "bpf_lwt_xmit_reroute") {
        return;
    }
    let Some(object) = load() else { return };
    let Some(veth) = Veth::new() else { return };
    let near = veth.near_index();
    let route = Route::new([198, 51, 100, 0], 24, near);
    let attach = |name: &str, route: &Route| {
        let program: LwtProgram = typed(&object, name);
        veth.near.enter(|| program.attach(route))
    };
    for (program, variable) in
        [("on_route_out", "by_route_out"), ("on_route_xmit", "by_route_xmit")]
    {
        let send = || veth.near.enter(|| to([198, 51, 100, 7]));
        is_still(&object, variable, send);
        let link = good(attach(program, &route));
        assert!(link.info().is_err(), "it is a setting of the route");
        assert_eq!(attach(program, &route).unwrap_err().kind(), ErrorKind::Exists);
        counts(&object, variable, send);
        link.detach().unwrap();
        is_still(&object, variable, send);
    }
    let error = attach("on_route_in", &Route::new([198, 51, 101, 0], 24, 9999)).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound, "{error:?}");
    let error = attach("on_route_in", &Route::new([198, 51, 101, 0], 33, near)).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Invalid, "{error:?}");
    // What vanishes with its interface is gone without a word.
    let link = good(attach("on_route_in", &route));
    drop(veth);
    link.detach().unwrap();
}

/// Sets an option of the network of the namespace that the thread is in.
fn set(option: &str) {
    std::fs::write(format!("/proc/sys/net/ipv4/{option}"), "1").unwrap();
}

#[test]
fn a_route_sees_what_comes_in_for_it() {
    let Some(gate) = Gate::root() else { return };
    if !gate.built_with("programs on routes", "bpf_lwt_xmit_reroute") {
        return;
    }
    let Some(object) = load() else { return };
    let Some(veth) = Veth::new() else { return };
    // The near end answers for the network and takes its packets, and the far end has a route to it.
    let near = veth.near.enter(|| {
        set("ip_forward");
        set("conf/near/proxy_arp");
        osmia::interface_index("lo").unwrap()
    });
    let network = [198, 51, 100, 0];
    let to_network = Route::new(network, 24, veth.far_index());
    let _away =
        good(veth.far.enter(|| typed::<LwtProgram>(&object, "on_route_out").attach(&to_network)));
    let send = || veth.far.enter(|| to([198, 51, 100, 7]));
    is_still(&object, "by_route_in", send);
    let route = Route::new(network, 24, near);
    let program: LwtProgram = typed(&object, "on_route_in");
    let link = good(veth.near.enter(|| program.attach(&route)));
    assert!(
        link.place().starts_with("what comes in by the route to 198.51.100.0/24"),
        "{}",
        link.place()
    );
    counts(&object, "by_route_in", send);
    link.detach().unwrap();
    is_still(&object, "by_route_in", send);
}

#[test]
fn a_segment_sees_what_comes_in_for_it() {
    let Some(gate) = Gate::root() else { return };
    if !gate.built_with("programs on segments", "bpf_lwt_seg6_store_bytes") {
        return;
    }
    let Some(object) = load_with(&["on_segment"]).map(good) else { return };
    let Some(veth) = Veth::new() else { return };
    let near = veth.near_index();
    // It makes packets of segment routing of what comes in.
    let make: TcProgram = typed(&object, "to_segments");
    let _make = good(veth.near.enter(|| make.attach_filter(&TcFilter::ingress(near))));
    let send = || veth.send_to_near(9, b"hello").unwrap();
    counts(&object, "segmented", send);
    is_still(&object, "by_segment", send);
    let program: LwtProgram = typed(&object, "on_segment");
    let attach = |route: Route| veth.near.enter(|| program.attach(&route));
    let segment = Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 7);
    let link = good(attach(Route::new(segment, 128, near)));
    assert!(link.info().is_err(), "it is a setting of the route");
    assert_eq!(attach(Route::new(segment, 128, near)).unwrap_err().kind(), ErrorKind::Exists);
    counts(&object, "by_segment", send);
    link.detach().unwrap();
    is_still(&object, "by_segment", send);
    let error = attach(Route::new([198, 51, 100, 0], 24, near)).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Invalid, "{error:?}");
    assert!(format!("{error:#}").contains("segments are of IPv6"), "{error:#}");
}

#[test]
fn a_netfilter_hook_sees_packets() {
    let Some(gate) = Gate::root() else { return };
    let Some(loaded) = load_with(&["on_netfilter"]) else { return };
    let Some(object) = gate.take("netfilter programs", "6.4", loaded, unsupported) else { return };
    let netns = NetNs::new();
    let program: NetfilterProgram = typed(&object, "on_netfilter");
    let hook = Netfilter::new(NetfilterFamily::Ipv4, NetfilterHook::LocalIn).priority(-100);
    let link = good(netns.enter(|| program.attach(&hook)));
    assert_eq!(link.info().unwrap().link_type(), LinkType::NETFILTER);
    // NFPROTO_IPV4 is 2, NF_INET_LOCAL_IN is 1.
    let place = LinkDetails::Netfilter { family: 2, hook: 1, priority: -100 };
    assert_eq!(link.details().unwrap(), place);
    counts(&object, "by_netfilter", || netns.enter(datagram));
    let error = netns.enter(|| program.attach(&hook)).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Busy, "{error:?}");
    let info = link.info().unwrap();
    let who =
        format!("priority (program {} `on_netfilter`, by link {})", info.program_id(), info.id());
    assert!(format!("{error:#}").contains(&who), "{error:#}");
    link.detach().unwrap();
    is_still(&object, "by_netfilter", || netns.enter(datagram));
    let error = netns.enter(|| program.attach(&hook.priority(i32::MIN))).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Invalid, "{error:?}");
}

#[test]
fn a_map_of_sockets_sees_what_they_send() {
    use std::io::Write as _;

    let Some(_gate) = Gate::root() else { return };
    let Some(object) = load() else { return };
    let (program, map) = (typed::<SkMsgProgram>(&object, "on_msg"), object.map("sockets").unwrap());
    let link = good(program.attach_to(map));
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let mut stream = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    let (_other, _) = listener.accept().unwrap();
    let number = u32::try_from(stream.as_raw_fd()).unwrap();
    map.insert(&0_u32.to_ne_bytes(), &number.to_ne_bytes()).unwrap();
    counts(&object, "by_msg", || stream.write_all(b"hello").unwrap());
    link.detach().unwrap();
    let error = program.attach_to(object.map(".bss").unwrap()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Invalid, "{error:?}");
}

#[test]
fn a_map_of_sockets_sees_what_they_receive() {
    use std::io::{Read as _, Write as _};

    let Some(_gate) = Gate::root() else { return };
    let Some(object) = load() else { return };
    let program = typed::<SkSkbProgram>(&object, "on_stream");
    let map = object.map("sockets").unwrap();
    let link = good(program.attach_to(map));
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let mut stream = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    let (mut other, _) = listener.accept().unwrap();
    let number = u32::try_from(other.as_raw_fd()).unwrap();
    map.insert(&0_u32.to_ne_bytes(), &number.to_ne_bytes()).unwrap();
    counts(&object, "by_stream", || stream.write_all(b"hello").unwrap());
    let mut word = [0; 5];
    other.read_exact(&mut word).unwrap();
    assert_eq!(&word, b"hello", "it comes through");
    link.detach().unwrap();
    let error = program.attach_to(object.map(".bss").unwrap()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Invalid, "{error:?}");
}

#[test]
fn sockets_of_one_port_are_chosen_among() {
    let Some(_gate) = Gate::root() else { return };
    let Some(object) = load() else { return };
    let program: SkReuseportProgram = typed(&object, "on_reuseport");
    let socket = |port: u16| {
        use rustix::net::{AddressFamily, SocketType, bind, socket, sockopt};
        let fd = socket(AddressFamily::INET, SocketType::DGRAM, None).unwrap();
        sockopt::set_socket_reuseport(&fd, true).unwrap();
        bind(&fd, &SocketAddr::from(([127, 0, 0, 1], port))).unwrap();
        UdpSocket::from(fd)
    };
    let first = socket(0);
    let address = first.local_addr().unwrap();
    let second = socket(address.port());
    let sender = UdpSocket::bind("127.0.0.1:0").unwrap();
    let send = || assert_eq!(sender.send_to(b"hello", address).unwrap(), 5);
    let link = good(program.attach_to(&first));
    assert!(link.info().is_err(), "it is a setting of the sockets");
    counts(&object, "by_reuseport", send);
    link.detach().unwrap();
    is_still(&object, "by_reuseport", send);
    let received = [first, second].iter().any(|socket| {
        socket.set_nonblocking(true).unwrap();
        socket.recv(&mut [0; 8]).is_ok()
    });
    assert!(received);
    let alone = UdpSocket::bind("127.0.0.1:0").unwrap();
    let error = program.attach_to(&alone).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Invalid, "{error:?}");
}

#[test]
fn a_netkit_device_runs_programs_at_both_ends() {
    let Some(gate) = Gate::root() else { return };
    let Some(object) = load_with(&["on_netkit"]).map(good) else { return };
    // Older kernels do not know the type of device either.
    if !gate.needs("netkit", "6.7", knows_netkit()) {
        return;
    }
    let Some(pair) = Veth::netkit() else { return };
    let (index, program) = (pair.near_index(), typed::<TcProgram>(&object, "on_netkit"));
    let attach = |place: Netkit| pair.near.enter(|| program.attach_netkit(&place));
    let place = |attach_type| LinkDetails::Interface { index, attach_type };

    let link = good(attach(Netkit::primary(index)));
    assert_eq!(link.info().unwrap().link_type(), LinkType::NETKIT);
    assert_eq!(pair.near.enter(|| link.details()).unwrap(), place(AttachType::NETKIT_PRIMARY));
    counts(&object, "by_netkit", || pair.send_to_far(9, b"hello").unwrap());
    link.detach().unwrap();
    is_still(&object, "by_netkit", || pair.send_to_far(9, b"hello").unwrap());

    let link = good(attach(Netkit::peer(index)));
    assert_eq!(pair.near.enter(|| link.details()).unwrap(), place(AttachType::NETKIT_PEER));
    counts(&object, "by_netkit", || pair.send_to_near(9, b"hello").unwrap());
    link.detach().unwrap();
    is_still(&object, "by_netkit", || pair.send_to_near(9, b"hello").unwrap());
}

/// Whether the kernel's own types have what netkit devices came with.
fn knows_netkit() -> bool {
    let kernel = Kernel::running().unwrap();
    let types = kernel.btf().unwrap().find(osmia_btf::Kind::Enum, "bpf_attach_type").unwrap();
    let types = types.unwrap();
    types.enumerators().any(|one| one.unwrap().name == "BPF_NETKIT_PRIMARY")
}

#[test]
fn a_security_hook_is_for_the_processes_of_a_cgroup() {
    let Some(gate) = Gate::root() else { return };
    if !gate.may_guard_hooks() {
        return;
    }
    let Some(loaded) = load_with(&["on_bind"]) else { return };
    let taken = gate.take("LSM programs of cgroups", "6.0", loaded, unsupported);
    let Some(object) = taken else { return };
    let program: LsmProgram = typed(&object, "on_bind");
    assert!(program.attach().is_err(), "which cgroup must be said");
    let own = OwnCgroup::new();
    let link = good(program.attach_to_cgroup(&Cgroup::new(own.path())));
    let id = std::fs::metadata(own.path()).unwrap().ino();
    let place = LinkDetails::Cgroup { cgroup: id, attach_type: AttachType::LSM_CGROUP };
    assert_eq!(link.details().unwrap(), place);
    is_still(&object, "by_bind", datagram);
    let member = own.join();
    counts(&object, "by_bind", datagram);
    link.detach().unwrap();
    is_still(&object, "by_bind", datagram);
    drop(member);
}
