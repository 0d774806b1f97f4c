//! Tables of callbacks: a congestion control of TCP, registered, listed, used and taken back; needs root.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream, UdpSocket};

use osmia::{ErrorKind, Kernel, Object, ObjectSpec};
use osmia_testkit::fixture::Fixture;
use osmia_testkit::gate::Gate;
use osmia_testkit::guard::netns::{NetNs, queue_by};
use rustix::net::sockopt::{set_tcp_congestion, tcp_congestion};

fn spec() -> Option<ObjectSpec> {
    Some(osmia::open("struct_ops", Fixture::new("struct_ops").bytes()?).unwrap())
}

/// The congestion controls that the kernel has.
fn listed(name: &str) -> bool {
    let text = std::fs::read_to_string("/proc/sys/net/ipv4/tcp_available_congestion_control");
    text.unwrap().split_whitespace().any(|one| one == name)
}

/// Sends a little over the loopback of a network namespace with this congestion control.
fn send(name: &str) {
    NetNs::new().enter(|| talk(name));
}

fn talk(name: &str) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let mut client = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    set_tcp_congestion(&client, name).unwrap();
    assert_eq!(tcp_congestion(&client).unwrap(), name);
    let (mut server, _) = listener.accept().unwrap();
    for _ in 0..8 {
        client.write_all(&[7; 1000]).unwrap();
        server.read_exact(&mut [0; 1000]).unwrap();
    }
}

fn value(object: &Object, name: &str) -> u64 {
    object.variable(name).unwrap().typed::<u64>().unwrap().get().unwrap()
}

#[test]
fn a_table_is_registered_for_as_long_as_its_link_lives() {
    let Some(_gate) = Gate::root() else { return };
    let Some(mut spec) = spec() else { return };
    spec.maps["linked"].autocreate = false;
    let object = Object::load(&spec, &Kernel::running().unwrap())
        .unwrap_or_else(|error| panic!("{error:?}"));
    assert!(!object.program("shy_release").unwrap().is_loaded());
    let table = object.struct_ops("shy").unwrap();
    assert_eq!((table.name(), table.struct_name()), ("shy", "tcp_congestion_ops"));
    assert_eq!(table.programs().len(), 4);
    assert!(!listed("osmia_shy"));
    let link = table.attach().unwrap();
    assert!(listed("osmia_shy"));
    let again = table.attach().unwrap_err();
    assert_eq!(again.kind(), ErrorKind::Busy, "{again:#}");
    send("osmia_shy");
    assert_eq!(value(&object, "inits"), 1);
    assert!(value(&object, "avoids") > 0);
    link.detach().unwrap();
    assert!(!listed("osmia_shy"));
}

#[test]
fn a_table_is_attached_by_a_link() {
    let Some(gate) = Gate::root() else { return };
    let Some(mut spec) = spec() else { return };
    spec.maps["shy"].autocreate = false;
    spec.set_op("linked", "name", "osmia_renamed").unwrap();
    spec.set_op_program("linked", "init", None).unwrap();
    let loaded = Object::load(&spec, &Kernel::running().unwrap());
    let refused = |error: &osmia::Error| format!("{error:#}").contains("create it");
    let Some(object) = gate.take("links of struct_ops", "6.4", loaded, refused) else { return };
    let links = object.attach().unwrap();
    assert_eq!(links.iter().map(|(name, _)| name).collect::<Vec<_>>(), ["linked"]);
    assert!(links.get("shy_init").unwrap_err().to_string().contains("was not attached"));
    assert!(links.get("linked").unwrap().info().is_ok());
    assert!(listed("osmia_renamed") && !listed("osmia_linked"));
    send("osmia_renamed");
    // It was taken out, so that nobody counts.
    assert_eq!(value(&object, "inits"), 0);
    assert!(value(&object, "avoids") > 0);
    drop(links);
    assert!(!listed("osmia_renamed"));
}

#[test]
fn a_queueing_discipline_gets_what_an_interface_sends() {
    let Some(gate) = Gate::root() else { return };
    let feature = "queueing disciplines (CONFIG_NET_SCH_BPF, 6.16)";
    if !gate.built_with(feature, "bpf_qdisc_skb_drop") {
        return;
    }
    let Some(bytes) = Fixture::new("qdisc").bytes() else { return };
    let spec = osmia::open("qdisc", bytes).unwrap();
    let object = Object::load(&spec, &Kernel::running().unwrap())
        .unwrap_or_else(|error| panic!("{error:?}"));
    let link = object.struct_ops("drop").unwrap().attach().unwrap();
    let net = NetNs::new();
    net.enter(|| {
        queue_by("lo", "osmia_drop").unwrap();
        let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
        // Whether senders are told of drops is their protocol's matter.
        let _ = socket.send_to(b"lost", "127.0.0.1:9");
    });
    assert_eq!(value(&object, "begun"), 1);
    assert!(value(&object, "dropped") > 0);
    net.enter(|| queue_by("lo", "pfifo").unwrap());
    assert_eq!(value(&object, "ended"), 1);
    link.detach().unwrap();
    net.enter(|| queue_by("lo", "osmia_drop").unwrap_err());
}

#[test]
fn what_does_not_match_is_refused_before_anything_is_loaded() {
    let Some(_gate) = Gate::root() else { return };
    let Some(mut spec) = spec() else { return };
    spec.maps["linked"].autocreate = false;
    spec.maps["left_out"].autocreate = true;
    let error = Object::load(&spec, &Kernel::running().unwrap()).unwrap_err();
    let text = format!("{error:#}");
    assert!(text.contains("map `left_out`"), "{text}");
    assert!(
        text.contains("nmae: the kernel's `struct tcp_congestion_ops` has no such member"),
        "{text}"
    );
    // A callback without which the kernel takes no such table.
    spec.maps["left_out"].autocreate = false;
    spec.set_op_program("shy", "ssthresh", None).unwrap();
    spec.programs["shy_ssthresh"].autoload = false;
    let object = Object::load(&spec, &Kernel::running().unwrap()).unwrap();
    let error = object.struct_ops("shy").unwrap().attach().unwrap_err();
    let text = format!("{error:#}");
    assert!(
        text.contains("register tcp_congestion_ops `shy`: a callback that the kernel needs"),
        "{text}"
    );
    let absent = object.struct_ops("shi").unwrap_err().to_string();
    assert!(absent.contains("no table of callbacks `shi`"), "{absent}");
}
