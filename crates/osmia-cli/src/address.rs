//! Addresses as people write them.

use std::net::IpAddr;

/// An address in the order of bytes that networks use, if the word is one and has this size: IPv4,
/// IPv6, MAC; and with `/BITS`, which is what tries hold.
pub fn address(word: &str, size: usize) -> Option<Vec<u8>> {
    if let Some((address, bits)) = word.split_once('/') {
        let (address, bits) = (ip(address)?, bits.parse::<u32>().ok()?);
        let fits = bits as usize <= address.len() * 8 && size == 4 + address.len();
        return fits.then(|| [&bits.to_ne_bytes()[..], &address].concat());
    }
    let bytes = match word.contains('.') || word.matches(':').count() != 5 {
        true => ip(word)?,
        false => mac(word).or_else(|| ip(word))?,
    };
    (bytes.len() == size).then_some(bytes)
}

fn ip(word: &str) -> Option<Vec<u8>> {
    match word.parse().ok()? {
        IpAddr::V4(address) => Some(address.octets().to_vec()),
        IpAddr::V6(address) => Some(address.octets().to_vec()),
    }
}

fn mac(word: &str) -> Option<Vec<u8>> {
    let bytes: Vec<u8> = word
        .split(':')
        .map(|part| (part.len() <= 2).then(|| u8::from_str_radix(part, 16).ok()).flatten())
        .collect::<Option<_>>()?;
    (bytes.len() == 6).then_some(bytes)
}
