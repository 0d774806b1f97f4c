//! Modules' types, taken off one kernel's and put onto another's.
#![allow(missing_docs, clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

use osmia_btf::diff::changes;
use osmia_btf::{Bits, Btf, Builder, Endian, Error, Int, Kind, Linkage, Member, TypeId, distil};

const INT: Int = Int { size: 4, bits: 32, offset: 0, signed: true, is_char: false, is_bool: false };

fn member(name: &'static str, ty: TypeId, bytes: u32) -> Member<'static> {
    Member { name, ty, offset: Bits(bytes * 8), bitfield: None }
}

/// A kernel's types, with others in front and structures of these sizes.
fn kernel(endian: Endian, others: u32, sk_buff: u32, list_head: u32) -> Btf {
    let mut builder = Builder::new(endian);
    for other in 0..others {
        builder.forward(&format!("other{other}"), false).unwrap();
    }
    let int = builder.int("int", INT).unwrap();
    builder.composite(Kind::Struct, "sk_buff", sk_buff, &[member("len", int, 0)]).unwrap();
    builder.composite(Kind::Struct, "list_head", list_head, &[]).unwrap();
    builder.enumeration(Kind::Enum, "color", 4, false, &[]).unwrap();
    builder.typedef("u32", int).unwrap();
    builder.build().unwrap()
}

fn id(btf: &Btf, kind: Kind, name: &str) -> TypeId {
    btf.find(kind, name).unwrap().unwrap().id()
}

/// A module that has a list and points to packets.
fn module(base: &Btf) -> Btf {
    let mut builder = Builder::split(base.clone()).unwrap();
    let packet = builder.pointer(id(base, Kind::Struct, "sk_buff")).unwrap();
    let members = [
        member("packet", packet, 0),
        member("list", id(base, Kind::Struct, "list_head"), 8),
        member("count", id(base, Kind::Typedef, "u32"), 24),
        member("color", id(base, Kind::Enum, "color"), 28),
    ];
    let state = builder.composite(Kind::Struct, "state", 32, &members).unwrap();
    let prototype = builder.prototype(state, &[]).unwrap();
    builder.function("module_main", prototype, Linkage::Static).unwrap();
    builder.build().unwrap()
}

#[test]
fn a_module_moves_from_kernel_to_kernel() {
    for endian in [Endian::Little, Endian::Big] {
        let (old, new) = (kernel(endian, 0, 200, 16), kernel(endian, 9, 240, 16));
        let distilled = distil(&module(&old)).unwrap();
        let kept: Vec<_> = distilled.base.types().unwrap().map(Result::unwrap).collect();
        let kept: Vec<_> =
            kept.iter().map(|ty| (ty.kind(), ty.name(), ty.own_size(), ty.vlen())).collect();
        assert_eq!(
            kept,
            [
                (Kind::Int, "int", Some(4), 0),
                (Kind::Fwd, "sk_buff", None, 0),
                (Kind::Struct, "list_head", Some(16), 0),
                (Kind::Enum, "color", Some(4), 0),
            ]
        );
        // As from a file.
        let base = Btf::parse(distilled.base.as_bytes().clone(), None).unwrap();
        let split = Btf::parse(distilled.split.as_bytes().clone(), Some(base)).unwrap();
        for kernel in [&old, &new] {
            let moved = split.relocated(kernel).unwrap();
            let wanted = module(kernel);
            let state = |btf: &Btf| id(btf, Kind::Struct, "state");
            let (is, should) = (state(&moved), state(&wanted));
            let (is, should) = (moved.ty(is).unwrap(), wanted.ty(should).unwrap());
            assert_eq!(changes(&is, &should).unwrap(), []);
            let names = |btf: &Btf| -> Vec<(Kind, String)> {
                let own = btf.own_types().unwrap().map(Result::unwrap);
                own.map(|ty| (ty.kind(), ty.name().to_owned())).collect()
            };
            let (mut all, own) = (names(&wanted), names(&moved));
            // What the base had and no name tells comes behind.
            all.push((Kind::Typedef, "u32".to_owned()));
            assert_eq!(own, all);
            assert_eq!(moved.first_own_id().0, kernel.type_count().unwrap());
            let packet = moved.ty(moved.first_own_id()).unwrap();
            assert_eq!(packet.target(), Some(id(kernel, Kind::Struct, "sk_buff")));
        }
    }
}

#[test]
fn what_does_not_fit_is_named() {
    let old = kernel(Endian::Little, 0, 200, 16);
    let split = distil(&module(&old)).unwrap().split;
    let error = split.relocated(&kernel(Endian::Little, 0, 200, 24)).unwrap_err();
    assert_eq!(
        error.to_string(),
        "type [3] of the distilled base: STRUCT list_head is not among the types that it is moved onto"
    );
    let mut twice = Builder::from_btf(&old).unwrap();
    twice.composite(Kind::Struct, "list_head", 16, &[]).unwrap();
    let error = split.relocated(&twice.build().unwrap()).unwrap_err();
    assert!(error.to_string().contains("list_head is there several times"), "{error}");
    let error = split.relocated(&kernel(Endian::Big, 0, 200, 16)).unwrap_err();
    assert_eq!(error, Error::ByteOrder);
    assert_eq!(old.relocated(&old).unwrap_err(), Error::NoBase);
    assert_eq!(distil(&old).unwrap_err(), Error::NoBase);
}

#[test]
fn a_module_may_continue_a_module() {
    let base = kernel(Endian::Little, 0, 200, 16);
    let first = module(&base);
    let mut builder = Builder::split(first.clone()).unwrap();
    let own = builder.pointer(id(&first, Kind::Struct, "state")).unwrap();
    let second = Btf::parse(builder.to_bytes().unwrap(), Some(first.clone())).unwrap();
    assert_eq!(own.0, first.type_count().unwrap());
    let names: Vec<_> = second.types().unwrap().map(|ty| ty.unwrap().name().to_owned()).collect();
    assert_eq!(names.len() as u32 + 1, second.type_count().unwrap());
    assert_eq!((names[0].as_str(), names.last().unwrap().as_str()), ("int", ""));
    assert_eq!(second.ty(second.ty(own).unwrap().target().unwrap()).unwrap().name(), "state");
    assert_eq!(id(&second, Kind::Int, "int"), id(&base, Kind::Int, "int"));
    assert_eq!(second.ids_named("state").unwrap(), first.ids_named("state").unwrap());
    assert!(second.to_endian(Endian::Big).unwrap().find(Kind::Func, "module_main").is_ok());
}
