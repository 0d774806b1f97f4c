//! What is in front of the packets of a capture.

/// The bytes of the two addresses of an Ethernet header.
const ADDRESSES: usize = 12;

/// What stands in front of a packet in a capture, by the capture's link type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LinkType {
    /// An Ethernet header, as the kernel wants it for test runs.
    Ethernet,
    /// So many bytes, then IP, whose first byte tells which.
    Ip(usize),
    /// So many bytes, with the protocol at a place in them.
    Cooked {
        /// How many.
        len: usize,
        /// Where the protocol is, as in an Ethernet header.
        protocol: usize,
    },
}

impl LinkType {
    /// The link type of this number.
    ///
    /// # Errors
    /// It has no protocol that an Ethernet header could name.
    pub fn of(number: i32) -> Result<Self, String> {
        // The upper bits tell of check sums behind packets.
        Ok(match number & 0xffff {
            1 => Self::Ethernet,
            // Raw IP has had three numbers, and has one for each version.
            12 | 14 | 101 | 228 | 229 => Self::Ip(0),
            // The loopback of the BSDs.
            0 | 108 => Self::Ip(4),
            // All interfaces of Linux at once, the older and the newer form.
            113 => Self::Cooked { len: 16, protocol: 14 },
            276 => Self::Cooked { len: 20, protocol: 0 },
            other => {
                return Err(format!(
                    "its link type is {other}: packets of Ethernet (1), raw IP (101), loopback (0, 108) and `any` \
                     (113, 276) can be run"
                ));
            }
        })
    }

    /// The packet with an Ethernet header.
    ///
    /// # Errors
    /// The packet is shorter than what stands in front of it.
    pub fn ethernet(self, packet: &[u8]) -> Result<Vec<u8>, String> {
        let short = || format!("it has {} bytes, which is less than a header", packet.len());
        let (protocol, rest) = match self {
            Self::Ethernet => return Ok(packet.to_vec()),
            Self::Ip(len) => {
                let rest = packet.get(len..).ok_or_else(short)?;
                let is_v6 = rest.first().is_some_and(|first| first >> 4 == 6);
                (if is_v6 { [0x86, 0xdd] } else { [0x08, 0x00] }, rest)
            }
            Self::Cooked { len, protocol } => {
                let rest = packet.get(len..).ok_or_else(short)?;
                let found = packet.get(protocol..).and_then(<[u8]>::first_chunk::<2>);
                (*found.ok_or_else(short)?, rest)
            }
        };
        Ok([&[0; ADDRESSES][..], &protocol, rest].concat())
    }
}

#[cfg(test)]
mod tests {
    use super::LinkType;

    #[test]
    fn packets_get_the_header_that_their_link_type_implies() {
        let of = |number, packet: &[u8]| LinkType::of(number).unwrap().ethernet(packet);
        assert_eq!(of(1, &[1, 2]).unwrap(), [1, 2]);
        let headed = |protocol: [u8; 2], rest: &[u8]| [&[0; 12][..], &protocol, rest].concat();
        assert_eq!(of(101, &[0x45, 9]).unwrap(), headed([8, 0], &[0x45, 9]));
        assert_eq!(of(101, &[0x60]).unwrap(), headed([0x86, 0xdd], &[0x60]));
        assert_eq!(of(0, &[2, 0, 0, 0, 0x45]).unwrap(), headed([8, 0], &[0x45]));
        let mut cooked = [0; 17];
        (cooked[14], cooked[15], cooked[16]) = (8, 6, 7);
        assert_eq!(of(113, &cooked).unwrap(), headed([8, 6], &[7]));
        let mut newer = [0; 21];
        (newer[0], newer[1], newer[20]) = (0x86, 0xdd, 7);
        assert_eq!(of(276, &newer).unwrap(), headed([0x86, 0xdd], &[7]));
        assert!(of(113, &[0; 15]).is_err() && of(0, &[0; 3]).is_err());
        assert!(LinkType::of(105).unwrap_err().contains("link type is 105"));
    }
}
