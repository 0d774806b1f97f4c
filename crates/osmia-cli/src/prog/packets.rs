//! Packets to run programs with: raw bytes and captures.

use std::fs;
use std::io::Read as _;

use pcap_parser::pcapng::Block;
use pcap_parser::traits::PcapNGPacketBlock as _;
use pcap_parser::{PcapBlockOwned, PcapError, create_reader};

use crate::failure::Failure;
use crate::prog::link_type::LinkType;

/// The room for a block of a capture; the longest packets have 256 KiB.
const ROOM: usize = 1 << 20;

/// What a program is run with.
#[derive(Debug)]
pub enum Packets {
    /// One packet, as it is.
    One(Vec<u8>),
    /// The packets of a capture.
    Capture(Capture),
}

/// The packets of a capture, each with an Ethernet header.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Capture {
    /// The packets.
    pub packets: Vec<Vec<u8>>,
    /// How many of them had none, and got one.
    pub headers_added: usize,
}

impl Packets {
    /// Reads what is written so: a file, `-`, `hex:...`, `zeros:N`. Captures are known by how they begin.
    ///
    /// # Errors
    /// It cannot be read, or the capture is broken.
    pub fn read(written: &str) -> Result<Self, Failure> {
        let bytes = bytes(written)?;
        if is_capture(&bytes) {
            let capture = capture(&bytes)
                .map_err(|why| Failure::new(format!("read the capture {written}: {why}")))?;
            return Ok(Self::Capture(capture));
        }
        Ok(Self::One(bytes))
    }
}

/// Bytes of a file, of the standard input (`-`), or as written (`hex:...`, `zeros:N`).
///
/// # Errors
/// They cannot be read.
pub fn bytes(written: &str) -> Result<Vec<u8>, Failure> {
    if let Some(digits) = written.strip_prefix("hex:") {
        return hex(digits).ok_or_else(|| {
            Failure::usage(format!("'{digits}' is no hexadecimal: two digits a byte are expected"))
        });
    }
    if let Some(count) = written.strip_prefix("zeros:") {
        let count = count.parse().ok().filter(|count| *count <= ROOM);
        let count = count.ok_or_else(|| Failure::usage("zeros: takes a number up to 1048576"))?;
        return Ok(vec![0; count]);
    }
    if written == "-" {
        let mut bytes = Vec::new();
        std::io::stdin()
            .read_to_end(&mut bytes)
            .map_err(|error| Failure::because("read the standard input", &error))?;
        return Ok(bytes);
    }
    fs::read(written).map_err(|error| Failure::because(format!("read {written}"), &error))
}

fn hex(digits: &str) -> Option<Vec<u8>> {
    let digits: Vec<u8> =
        digits.bytes().filter(|byte| !matches!(byte, b' ' | b':' | b'_')).collect();
    let pairs = digits.chunks(2);
    pairs
        .map(|pair| match *pair {
            [high, low] => Some(digit(high)? << 4 | digit(low)?),
            _ => None,
        })
        .collect()
}

fn digit(byte: u8) -> Option<u8> {
    char::from(byte).to_digit(16).map(|digit| digit as u8)
}

/// The magic numbers of captures in all byte orders and clocks.
fn is_capture(bytes: &[u8]) -> bool {
    let Some([a, b, c, d]) = bytes.first_chunk::<4>() else { return false };
    let big = u32::from_be_bytes([*a, *b, *c, *d]);
    matches!(big, 0xa1b2_c3d4 | 0xd4c3_b2a1 | 0xa1b2_3c4d | 0x4d3c_b2a1 | 0x0a0d_0d0a)
}

fn capture(bytes: &[u8]) -> Result<Capture, String> {
    let mut capture = Capture::default();
    let mut links = Links::default();
    let mut reader = create_reader(ROOM, bytes).map_err(|error| error.to_string())?;
    loop {
        match reader.next() {
            Ok((offset, block)) => {
                capture.take(&mut links, &block)?;
                reader.consume(offset);
            }
            Err(PcapError::Eof) => return Ok(capture),
            Err(PcapError::Incomplete(_)) => {
                if reader.reader_exhausted() {
                    return Err(format!("it ends inside of packet {}", capture.packets.len() + 1));
                }
                reader.refill().map_err(|error| error.to_string())?;
            }
            Err(error) => return Err(error.to_string()),
        }
    }
}

/// The link types of a capture's interfaces.
#[derive(Default)]
struct Links(Vec<i32>);

impl Links {
    fn of(&self, interface: u32) -> Result<LinkType, String> {
        let number = self.0.get(interface as usize);
        LinkType::of(*number.ok_or_else(|| format!("it has no interface {interface}"))?)
    }
}

impl Capture {
    /// Takes the packet of a block, if it has one.
    fn take(&mut self, links: &mut Links, block: &PcapBlockOwned<'_>) -> Result<(), String> {
        let (interface, packet) = match block {
            PcapBlockOwned::LegacyHeader(header) => {
                links.0.push(header.network.0);
                return Ok(());
            }
            PcapBlockOwned::Legacy(packet) => {
                (0, packet.data.get(..packet.caplen as usize).unwrap_or(packet.data))
            }
            PcapBlockOwned::NG(Block::SectionHeader(_)) => {
                links.0.clear();
                return Ok(());
            }
            PcapBlockOwned::NG(Block::InterfaceDescription(interface)) => {
                links.0.push(interface.linktype.0);
                return Ok(());
            }
            PcapBlockOwned::NG(Block::EnhancedPacket(packet)) => {
                (packet.if_id, packet.packet_data())
            }
            PcapBlockOwned::NG(Block::SimplePacket(packet)) => (0, packet.packet_data()),
            PcapBlockOwned::NG(_) => return Ok(()),
        };
        let link = links.of(interface)?;
        let number = self.packets.len() + 1;
        let packet = link.ethernet(packet).map_err(|why| format!("packet {number}: {why}"))?;
        self.headers_added += usize::from(link != LinkType::Ethernet);
        self.packets.push(packet);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::{Capture, capture, hex, is_capture};

    #[test]
    fn hexadecimal() {
        assert_eq!(hex("0a:0B ff"), Some(vec![10, 11, 255]));
        assert_eq!(hex(""), Some(vec![]));
        assert_eq!(hex("0a0"), None);
        assert_eq!(hex("0g"), None);
    }

    fn pcap(packets: &[&[u8]]) -> Vec<u8> {
        linked(1, packets)
    }

    fn linked(link: u8, packets: &[&[u8]]) -> Vec<u8> {
        let mut bytes = vec![0xd4, 0xc3, 0xb2, 0xa1, 2, 0, 4, 0];
        bytes.extend([0; 8]);
        bytes.extend([0, 0, 1, 0, link, 0, 0, 0]);
        for packet in packets {
            let len = (packet.len() as u32).to_le_bytes();
            bytes.extend([0; 8]);
            bytes.extend(len);
            bytes.extend(len);
            bytes.extend(*packet);
        }
        bytes
    }

    #[test]
    fn captures_give_their_packets() {
        let bytes = pcap(&[&[1, 2, 3], &[], &[4; 100]]);
        assert!(is_capture(&bytes));
        let packets = vec![vec![1, 2, 3], vec![], vec![4; 100]];
        assert_eq!(capture(&bytes).unwrap(), Capture { packets, headers_added: 0 });
        assert!(capture(&bytes[..bytes.len() - 1]).is_err());
        assert!(!is_capture(&[0xd4, 0xc3]));
        let raw = capture(&linked(101, &[&[0x45, 1]])).unwrap();
        assert_eq!((raw.headers_added, &raw.packets[0][12..]), (1, &[8, 0, 0x45, 1][..]));
        assert!(capture(&linked(105, &[&[1]])).unwrap_err().contains("link type is 105"));
    }

    #[test]
    fn interfaces_have_their_own_link_types() {
        let block = |kind: u32, body: &[u8]| {
            let len = (body.len() as u32 + 12).to_le_bytes();
            [&kind.to_le_bytes()[..], &len, body, &len].concat()
        };
        let section = [&0x1a2b_3c4d_u32.to_le_bytes()[..], &[1, 0, 0, 0], &[0xff; 8]].concat();
        let interface = |link: u8| block(1, &[link, 0, 0, 0, 0, 0, 0, 0]);
        let packet = |interface: u8| {
            let head = [interface, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 4, 0, 0, 0, 4, 0, 0, 0];
            block(6, &[&head[..], &[0x45, 1, 2, 3]].concat())
        };
        let parts =
            [block(0x0a0d_0d0a, &section), interface(1), interface(101), packet(1), packet(0)];
        let read = capture(&parts.concat()).unwrap();
        let lens: Vec<usize> = read.packets.iter().map(Vec::len).collect();
        assert_eq!((lens, read.headers_added), (vec![18, 4], 1));
        let astray = [block(0x0a0d_0d0a, &section), packet(0)].concat();
        assert!(capture(&astray).unwrap_err().contains("no interface 0"));
    }

    #[test]
    fn hostile_captures_end() {
        // A packet that is longer than any can be, there or not.
        assert!(capture(&pcap(&[&vec![0; 3 << 20]])).is_err());
        let mut bytes = pcap(&[&[1, 2, 3]]);
        bytes[24 + 8..24 + 12].fill(0xff);
        assert!(capture(&bytes).is_err());
        let mut random = 1u32;
        for len in 0..400 {
            let mut bytes = pcap(&[&[1; 20], &[2; 200]]);
            bytes.truncate(len);
            for _ in 0..4 {
                random = random.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                let at = random as usize % bytes.len().max(1);
                if let Some(byte) = bytes.get_mut(at) {
                    *byte = (random >> 24) as u8;
                }
            }
            let _ = capture(&bytes);
        }
    }
}
