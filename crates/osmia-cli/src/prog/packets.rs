//! Packets to run programs with: raw bytes and captures.

use std::fs;
use std::io::Read as _;

use pcap_parser::pcapng::Block;
use pcap_parser::traits::PcapNGPacketBlock as _;
use pcap_parser::{PcapBlockOwned, PcapError, create_reader};

use crate::failure::Failure;

/// The room for a block of a capture; the longest packets have 256 KiB.
const ROOM: usize = 1 << 20;

/// What a program is run with.
#[derive(Debug)]
pub enum Packets {
    /// One packet, as it is.
    One(Vec<u8>),
    /// The packets of a capture.
    Capture(Vec<Vec<u8>>),
}

impl Packets {
    /// Reads what is written so: a file, `-`, `hex:...`, `zeros:N`. Captures are known by how they begin.
    ///
    /// # Errors
    /// It cannot be read, or the capture is broken.
    pub fn read(written: &str) -> Result<Self, Failure> {
        let bytes = bytes(written)?;
        if is_capture(&bytes) {
            let packets = capture(&bytes)
                .map_err(|why| Failure::new(format!("{written} is a broken capture: {why}")))?;
            return Ok(Self::Capture(packets));
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

fn capture(bytes: &[u8]) -> Result<Vec<Vec<u8>>, String> {
    let mut packets = Vec::new();
    let mut reader = create_reader(ROOM, bytes).map_err(|error| error.to_string())?;
    loop {
        match reader.next() {
            Ok((offset, block)) => {
                if let Some(packet) = packet(&block) {
                    packets.push(packet);
                }
                reader.consume(offset);
            }
            Err(PcapError::Eof) => return Ok(packets),
            Err(PcapError::Incomplete(_)) => {
                if reader.reader_exhausted() {
                    return Err(format!("it ends inside of packet {}", packets.len() + 1));
                }
                reader.refill().map_err(|error| error.to_string())?;
            }
            Err(error) => return Err(error.to_string()),
        }
    }
}

fn packet(block: &PcapBlockOwned<'_>) -> Option<Vec<u8>> {
    match block {
        PcapBlockOwned::Legacy(packet) => {
            Some(packet.data.get(..packet.caplen as usize).unwrap_or(packet.data).to_vec())
        }
        PcapBlockOwned::NG(Block::EnhancedPacket(packet)) => Some(packet.packet_data().to_vec()),
        PcapBlockOwned::NG(Block::SimplePacket(packet)) => Some(packet.packet_data().to_vec()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::{capture, hex, is_capture};

    #[test]
    fn hexadecimal() {
        assert_eq!(hex("0a:0B ff"), Some(vec![10, 11, 255]));
        assert_eq!(hex(""), Some(vec![]));
        assert_eq!(hex("0a0"), None);
        assert_eq!(hex("0g"), None);
    }

    fn pcap(packets: &[&[u8]]) -> Vec<u8> {
        let mut bytes = vec![0xd4, 0xc3, 0xb2, 0xa1, 2, 0, 4, 0];
        bytes.extend([0; 8]);
        bytes.extend([0, 0, 1, 0, 1, 0, 0, 0]);
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
        assert_eq!(capture(&bytes).unwrap(), [vec![1, 2, 3], vec![], vec![4; 100]]);
        assert!(capture(&bytes[..bytes.len() - 1]).is_err());
        assert!(!is_capture(&[0xd4, 0xc3]));
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
