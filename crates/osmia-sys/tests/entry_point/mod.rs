//! A place in a program that can be probed.

/// Where in an ELF file of this machine its first instruction is.
pub(crate) fn offset_in(elf: &[u8]) -> u64 {
    let word = |at: usize| u64::from_ne_bytes(elf[at..at + 8].try_into().unwrap());
    let half = |at: usize| usize::from(u16::from_ne_bytes(elf[at..at + 2].try_into().unwrap()));
    let (entry, segments) = (word(24), usize::try_from(word(32)).unwrap());
    (0..half(56))
        .map(|number| segments + number * half(54))
        .filter(|at| elf[*at..*at + 4] == 1_u32.to_ne_bytes())
        .map(|at| (word(at + 8), word(at + 16), word(at + 32)))
        .find(|(_, address, len)| (*address..address + len).contains(&entry))
        .map(|(offset, address, _)| entry - address + offset)
        .unwrap()
}
