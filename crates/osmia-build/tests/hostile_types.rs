//! Types that were made to do harm: circles, nests, arrays beyond all measure, names that repeat.

#![allow(clippy::unwrap_used, clippy::panic, clippy::result_large_err)]

use std::path::Path;

use osmia_btf::{Bits, Builder as Types, Endian, Int, Kind, Member, TypeId};
use osmia_build::{Builder, Error, Options, generate};
use osmia_object::ObjectSpec;

/// The module of an object that has these types and nothing else, with `struct it` asked for.
fn module(types: &Types) -> Result<String, Error> {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/bpf/events.bpf.c");
    let object = Builder::new(source).object().unwrap().object;
    let mut spec = ObjectSpec::parse("hostile", object.into()).unwrap();
    spec.programs.clear();
    spec.maps.clear();
    spec.variables.clear();
    spec.externs.clear();
    spec.btf = Some(types.build().unwrap());
    let mut options = Options::default();
    options.types = vec!["struct it".to_owned()];
    let module = generate(&spec, &options)?;
    syn::parse_file(&module).expect("a module is Rust");
    Ok(module)
}

fn types() -> (Types, TypeId) {
    let mut types = Types::new(Endian::host());
    let byte = Int { size: 1, bits: 8, offset: 0, signed: false, is_char: false, is_bool: false };
    let byte = types.int("unsigned char", byte).unwrap();
    (types, byte)
}

fn member(name: &str, ty: TypeId, bytes: u32) -> Member<'_> {
    Member { name, ty, offset: Bits(bytes * 8), bitfield: None }
}

fn structure(types: &mut Types, name: &str, size: u32, members: &[Member<'_>]) -> TypeId {
    types.composite(Kind::Struct, name, size, members).unwrap()
}

#[test]
fn circles_end() {
    // A struct in itself; in an array of itself; typedefs in a circle.
    let (mut types, _) = types();
    let own = types.next_id();
    structure(&mut types, "it", 8, &[member("own", own, 0)]);
    let error = module(&types).unwrap_err();
    assert!(matches!(error, Error::Btf(osmia_btf::Error::TooDeep { .. })), "{error:?}");

    let (mut types, byte) = self::types();
    let own = TypeId(types.next_id().0 + 1);
    let array = types.array(own, byte, 1).unwrap();
    structure(&mut types, "it", 8, &[member("own", array, 0)]);
    assert!(matches!(module(&types), Err(Error::Btf(osmia_btf::Error::TooDeep { .. }))));

    let (mut types, byte) = self::types();
    let one = types.typedef("one", byte).unwrap();
    let other = types.typedef("other", one).unwrap();
    types.set_target(one, other).unwrap();
    structure(&mut types, "it", 8, &[member("own", one, 0)]);
    assert!(matches!(module(&types), Err(Error::Btf(_))));

    // Pointers in a circle are no matter.
    let (mut types, _) = self::types();
    let own = TypeId(types.next_id().0 + 1);
    let pointer = types.pointer(own).unwrap();
    structure(&mut types, "it", 8, &[member("next", pointer, 0)]);
    assert!(module(&types).unwrap().contains("pub next: Ptr<It>"));
}

#[test]
fn nests_and_arrays_are_bounded() {
    let (mut types, byte) = types();
    let mut inner = byte;
    for depth in 0..1000 {
        let name = if depth == 999 { "it" } else { "" };
        inner = structure(&mut types, name, 1, &[member("", inner, 0)]);
    }
    assert!(matches!(module(&types), Err(Error::Btf(osmia_btf::Error::TooDeep { .. }))));

    let (mut types, byte) = self::types();
    let many = types.array(byte, byte, u32::MAX).unwrap();
    let more = types.array(many, byte, u32::MAX).unwrap();
    structure(&mut types, "it", 8, &[member("more", more, 0)]);
    assert!(matches!(module(&types), Err(Error::Btf(osmia_btf::Error::TooLarge { .. }))));

    // Each has the one before it twice: written out they were 2^40 members.
    let (mut types, _) = self::types();
    let mut inner = structure(&mut types, "", 0, &[]);
    for depth in 0..40 {
        let name = if depth == 39 { "it" } else { "" };
        inner = structure(&mut types, name, 0, &[member("", inner, 0), member("", inner, 0)]);
    }
    let made = module(&types).unwrap();
    assert!(made.len() < 1 << 20, "{} bytes", made.len());
}

#[test]
fn long_names_are_written_shortened() {
    let (mut types, _) = types();
    let long = "n".repeat(16_000);
    let target = structure(&mut types, &long, 0, &[]);
    let pointer = types.pointer(target).unwrap();
    let names: Vec<String> = (0..2000).map(|number| format!("m{number}")).collect();
    let anonymous: Vec<TypeId> =
        (0..500).map(|_| structure(&mut types, "", 8, &[member("p", pointer, 0)])).collect();
    let members: Vec<Member<'_>> = (0..)
        .zip(&names)
        .map(|(number, name)| {
            let ty = anonymous.get(number as usize).copied().unwrap_or(pointer);
            member(name, ty, 8 * number)
        })
        .collect();
    let size = 8 * u32::try_from(members.len()).unwrap();
    let it = structure(&mut types, &long, size, &members);
    structure(&mut types, "it", size, &[member("it", it, 0)]);
    let input = types.to_bytes().unwrap().len();
    let made = module(&types).unwrap();
    assert!(made.len() < 100 * input, "{} bytes from {input}", made.len());
    assert!(made.lines().all(|line| line.len() < 4096));
}
