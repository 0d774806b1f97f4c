//! What must hold for any object that is relocated for any kernel.
//!
//! The fuzz target runs this, and so does a test of `osmia-btf` with damaged pairs.

use bytes::Bytes;
use osmia_btf::core_re::{CoreError, Minimal, Patch, Relocator, Slot, Target};
use osmia_btf::{Btf, BtfExt, SectionRecords};

/// Takes a pair apart: the lengths of the object's types and of its records in four bytes each, these two, and the
/// kernel's types.
#[allow(dead_code, reason = "tests have the parts")]
pub fn check_pair(bytes: &[u8]) -> Result<(), CoreError> {
    let parts = || {
        let (btf, rest) = bytes.split_first_chunk()?;
        let (ext, rest) = rest.split_first_chunk()?;
        let (btf, rest) = rest.split_at_checked(u32::from_le_bytes(*btf) as usize)?;
        let (ext, kernel) = rest.split_at_checked(u32::from_le_bytes(*ext) as usize)?;
        Some((btf, ext, kernel))
    };
    parts().map_or(Ok(()), |(btf, ext, kernel)| check(btf, ext, kernel))
}

/// Resolves all relocations, applies them to instructions of every class, explains those without an answer, and makes
/// minimal BTF of those with one. What most answers are does not matter here, only that they come.
pub fn check(btf: &[u8], ext: &[u8], kernel: &[u8]) -> Result<(), CoreError> {
    let local = Btf::parse(Bytes::copy_from_slice(btf), None)?;
    let ext = BtfExt::parse(Bytes::copy_from_slice(ext))?;
    let kernel = Btf::parse(Bytes::copy_from_slice(kernel), None)?;
    let target = Target::new("vmlinux", &kernel);
    let mut relocator = Relocator::new(&local, target.clone());
    let mut good = Vec::new();
    for record in ext.relocations(&local)?.iter().flat_map(SectionRecords::iter) {
        let Ok(resolution) = relocator.resolve(&record) else { continue };
        good.push(record);
        for code in [0x18, 0x61, 0xb7, 0x85] {
            let slot = Slot { code, imm: resolution.original as i32, ..Slot::default() };
            if let Ok(patch) = Patch::of(&resolution, slot, Some(Slot::default())) {
                patch.apply(&mut [slot, Slot::default()]);
            }
        }
        if resolution.found.is_none() {
            let failure = relocator.explain(&record)?;
            assert!(failure.is_none_or(|failure| !format!("{failure:#}").is_empty()));
        }
    }
    let mut minimal = Minimal::new(target, Vec::new());
    minimal.add(&local, good)?;
    let minimal = minimal.build()?;
    assert!(minimal.as_bytes().len() <= 64 + kernel.as_bytes().len() * 2);
    Ok(())
}
