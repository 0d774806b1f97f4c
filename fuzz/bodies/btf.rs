//! What must hold for any bytes that are read as BTF.
//!
//! The fuzz target runs this, and so does a test of `osmia-btf` with damaged BTF.

use osmia_btf::layout::Layout;
use osmia_btf::value::{self, Input};
use osmia_btf::{
    Btf, Builder, Error, KernelBtf, Kind, Type, TypeId, c, dedup, diff, distil, subset,
};

/// Reads bytes as BTF and asks it everything that can be asked. What most answers are does not matter here, only that
/// they come.
pub fn check(bytes: &[u8]) -> Result<(), Error> {
    let btf = &Btf::parse(bytes::Bytes::copy_from_slice(bytes), None)?;
    let count = btf.type_count()?;
    let mut names = Vec::new();
    for ty in btf.types()?.filter_map(Result::ok) {
        let _ = (ty.int(), ty.array(), ty.linkage(), ty.tag_component());
        let parts = ty.members().count() + ty.enumerators().count() + ty.params().count();
        assert!(parts + ty.section_vars().count() <= btf.as_bytes().len());
        let _ = (btf.size_of(ty.id()), btf.align_of(ty.id()), btf.resolve(ty.id()));
        let _ = (c::declare(btf, ty.id(), "x"), c::definition(btf, ty.id()));
        values(btf, &ty);
        if let Ok(layout) = Layout::of(btf, ty.id()) {
            assert!(layout.to_string().len() <= btf.as_bytes().len() * 64 + (1 << 18));
            for slot in &layout.slots {
                let _ = btf.member(ty.id(), &slot.name);
            }
        }
        names.push(ty.name());
    }
    for name in names.iter().take(100) {
        let _ = (btf.find(Kind::Struct, name), btf.ids_named(name), btf.candidates(name));
    }
    if let Ok(header) = c::header(btf) {
        assert!(header.len() <= btf.as_bytes().len() * 16 + (1 << 17));
    }
    if let Ok(diffs) = diff::diff(btf, btf) {
        assert_eq!(diffs, []);
    }
    if let Ok(both) = dedup(&[btf.clone(), btf.clone()]) {
        assert!(both.btf.type_count()? <= 2 * count);
        assert_eq!(both.id(0, TypeId(0)), Some(TypeId(0)));
    }
    let _ = subset(btf, [TypeId(count / 2)]);
    let split = Btf::parse(btf.as_bytes().clone(), Some(btf.clone()));
    if let Ok(distilled) = split.and_then(|split| distil(&split)) {
        let _ = distilled.split.relocated(btf);
    }
    let _ = btf.sanitised(&KernelBtf::NONE);
    let swapped = btf.to_endian(btf.endian().swapped())?;
    assert_eq!(swapped.type_count()?, count);
    let same = Builder::from_btf(btf)?.build()?;
    assert_eq!(same.own_type_section(), btf.own_type_section());
    Ok(())
}

/// Reads bytes as a value of the type, and what that looks like as such a value again.
fn values(btf: &Btf, ty: &Type<'_>) {
    let size = btf.size_of(ty.id()).unwrap_or(0).min(1 << 10) as usize;
    let bytes: Vec<u8> = (0..size + 8).map(|at| b'0' + (at % 64) as u8).collect();
    let json = value::to_json(btf, ty.id(), &bytes);
    let mut planned = String::new();
    let wrote =
        value::Plan::json(btf, ty.id()).is_some_and(|plan| plan.write(&bytes, &mut planned));
    if let (true, Ok(json)) = (wrote, &json) {
        assert_eq!(&planned, json, "a plan writes what the walk does");
    }
    for text in [value::to_text(btf, ty.id(), &bytes), json] {
        let Ok(text) = text else { continue };
        assert!(text.len() < 1 << 20, "{} bytes of text", text.len());
        let mut copy = bytes.clone();
        let _ = Input::parse(&text).and_then(|input| input.write(btf, ty.id(), &mut copy));
        assert_eq!(copy.len(), bytes.len());
    }
}
