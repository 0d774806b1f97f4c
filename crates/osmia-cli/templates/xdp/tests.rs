//! Runs the program on packets that are made here; nothing is attached.

use std::io::Write as _;

use osmia::{Error, ErrorKind, Kernel, TestRun};

use crate::@module@;

const XDP_DROP: u32 = 1;
const XDP_PASS: u32 = 2;

/// The loaded programs; `None`, said aloud, without the rights to load them.
fn load(closed_port: u16) -> Result<Option<@module@::Bpf>, Error> {
    let mut spec = @module@::open()?;
    spec.vars.closed_port.set(closed_port);
    match spec.load(&Kernel::running()?) {
        Err(error) if error.kind() == ErrorKind::Permission => {
            let _ = writeln!(std::io::stderr(), "skipped: {error:#}");
            Ok(None)
        }
        loaded => loaded.map(Some),
    }
}

/// An IPv4 packet with UDP to a port.
fn udp_to(port: u16) -> Vec<u8> {
    let mut packet = vec![0; 64];
    packet[12..14].copy_from_slice(&0x0800_u16.to_be_bytes());
    packet[14] = 0x45;
    packet[23] = 17;
    packet[36..38].copy_from_slice(&port.to_be_bytes());
    packet
}

#[test]
fn packets_to_the_closed_port_are_dropped() -> Result<(), Error> {
    let Some(bpf) = load(7)? else { return Ok(()) };
    let verdict = |packet: &[u8]| {
        let result = bpf.progs.on_packet.test_run(&TestRun::data(packet));
        result.map(|result| result.retval)
    };
    assert_eq!(verdict(&udp_to(7))?, XDP_DROP);
    assert_eq!(verdict(&udp_to(8))?, XDP_PASS);
    assert_eq!(verdict(&[0; 64])?, XDP_PASS);
    assert_eq!(bpf.vars.dropped.get()?, 1);
    assert_eq!(bpf.maps.packets.get(17)?.iter().sum::<u64>(), 2);
    Ok(())
}
