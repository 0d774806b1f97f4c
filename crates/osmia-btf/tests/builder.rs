//! BTF from scratch, copied, changed and swapped, read back.
#![allow(missing_docs, clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

mod sample;

use osmia_btf::{
    Bits, Btf, Builder, Endian, Enumerator, Error, Kind, Linkage, Param, SectionVar, TypeId, subset,
};

const ORDERS: [Endian; 2] = [Endian::Little, Endian::Big];

#[test]
fn every_kind_reads_back() {
    for endian in ORDERS {
        let btf = sample::every_kind(endian);
        assert_eq!(btf.endian(), endian);
        let kinds: Vec<Kind> = btf.types().unwrap().map(|ty| ty.unwrap().kind()).collect();
        for raw in 1..=19 {
            assert!(kinds.contains(&Kind::from_raw(raw)), "{}", Kind::from_raw(raw));
        }

        let flags = btf.find(Kind::Struct, "flags").unwrap().unwrap();
        let members: Vec<_> = flags.members().map(Result::unwrap).collect();
        let places: Vec<_> = members.iter().map(|m| (m.name, m.offset, m.bitfield)).collect();
        let bits = |name, at, width| (name, Bits(at), Some(width));
        assert_eq!(places, [bits("low", 0, 3), bits("high", 3, 13), ("whole", Bits(32), None)]);

        let color = btf.find(Kind::Enum, "color").unwrap().unwrap();
        assert!(color.is_signed_enum());
        let values: Vec<_> = color.enumerators().map(|v| v.unwrap().value()).collect();
        assert_eq!(values, [-1, 7]);

        let large = btf.find(Kind::Enum64, "large").unwrap().unwrap();
        let values: Vec<_> = large.enumerators().map(|v| v.unwrap().value()).collect();
        assert_eq!(values, [1, i128::from(u64::MAX)]);

        let main = btf.find(Kind::Func, "main").unwrap().unwrap();
        assert_eq!(main.linkage(), Some(Linkage::Global));
        let prototype = btf.ty(main.target().unwrap()).unwrap();
        let params: Vec<Param<'_>> = prototype.params().map(Result::unwrap).collect();
        assert_eq!(params.iter().map(|p| p.name).collect::<Vec<_>>(), ["argc", "argv"]);

        let data = btf.find(Kind::DataSec, ".data").unwrap().unwrap();
        let vars: Vec<SectionVar> = data.section_vars().collect();
        assert_eq!((vars[0].offset, vars[0].size), (8, 4));
    }
}

#[test]
fn the_other_byte_order_says_the_same() {
    let little = sample::every_kind(Endian::Little);
    let big = little.to_endian(Endian::Big).unwrap();
    assert_eq!(big.as_bytes(), sample::every_kind(Endian::Big).as_bytes());
    assert_eq!(big.to_endian(Endian::Little).unwrap().as_bytes(), little.as_bytes());
    for (a, b) in little.types().unwrap().zip(big.types().unwrap()) {
        let (a, b) = (a.unwrap(), b.unwrap());
        assert_eq!(
            (a.kind(), a.name(), a.vlen(), a.flag()),
            (b.kind(), b.name(), b.vlen(), b.flag())
        );
        assert_eq!(
            (a.own_size(), a.target(), a.int(), a.array()),
            (b.own_size(), b.target(), b.int(), b.array())
        );
        assert!(a.members().eq(b.members()) && a.enumerators().eq(b.enumerators()));
        assert!(a.params().eq(b.params()) && a.section_vars().eq(b.section_vars()));
    }
}

#[test]
fn a_copy_is_the_same() {
    for from in ORDERS {
        let btf = sample::every_kind(from);
        for to in ORDERS {
            let mut builder = Builder::new(to);
            for ty in btf.types().unwrap() {
                builder.copy(&ty.unwrap(), Ok).unwrap();
            }
            let copy = builder.build().unwrap();
            assert_eq!(copy.as_bytes(), sample::every_kind(to).as_bytes());
        }
    }
}

#[test]
fn a_split_btf_continues_its_base() {
    let base = sample::every_kind(Endian::host());
    let int = base.find(Kind::Int, "int").unwrap().unwrap().id();
    let mut builder = Builder::split(base.clone()).unwrap();
    assert_eq!(builder.next_id().0, base.type_count().unwrap());
    let mine = builder.typedef("mine_t", int).unwrap();
    let split = builder.build().unwrap();
    assert_eq!(split.ty(mine).unwrap().name(), "mine_t");
    assert_eq!(split.resolve(mine).unwrap().name(), "int");
    assert_eq!(split.find(Kind::Typedef, "mine_t").unwrap().map(|ty| ty.id()), Some(mine));
    assert_eq!(split.find(Kind::Int, "int").unwrap().map(|ty| ty.id()), Some(int));
    let foreign = base.to_endian(Endian::host().swapped()).unwrap();
    assert_eq!(Btf::parse(split.as_bytes().clone(), Some(foreign)).unwrap_err(), Error::ByteOrder);
}

#[test]
fn a_subset_is_closed() {
    let btf = sample::every_kind(Endian::host());
    let node = btf.find(Kind::Struct, "node").unwrap().unwrap().id();
    let subset = subset(&btf, [node]).unwrap();
    let names: Vec<_> =
        subset.btf.types().unwrap().map(|ty| ty.unwrap().name().to_owned()).collect();
    assert_eq!(names, ["int", "", "node", "tagged"]);
    let copy = subset.btf.ty(subset.id(node).unwrap()).unwrap();
    let next = copy.members().next().unwrap().unwrap();
    assert_eq!(subset.btf.ty(next.ty).unwrap().target(), subset.id(node));
    let unused = btf.find(Kind::Func, "main").unwrap().unwrap().id();
    assert_eq!(subset.id(unused), None);
}

#[test]
fn sections_get_their_places() {
    let btf = sample::every_kind(Endian::host());
    let data = btf.find(Kind::DataSec, ".data").unwrap().unwrap();
    let var = data.section_vars().next().unwrap();
    let mut builder = Builder::from_btf(&btf).unwrap();
    builder.set_section(data.id(), 64, &[SectionVar { offset: 60, ..var }]).unwrap();
    let changed = builder.build().unwrap();
    let data = changed.ty(data.id()).unwrap();
    assert_eq!(data.own_size(), Some(64));
    assert_eq!(data.section_vars().next().unwrap().offset, 60);
    let more = vec![var; data.section_vars().count() + 1];
    assert!(builder.set_section(data.id(), 64, &more).is_err());
    builder.set_section(data.id(), 8, &[]).unwrap();
    let empty = builder.build().unwrap();
    assert_eq!(empty.ty(data.id()).unwrap().section_vars().count(), 0);
    assert_eq!(empty.type_count().unwrap(), changed.type_count().unwrap());
    assert!(builder.set_section(TypeId(1), 64, &[]).is_err());
    assert!(matches!(builder.rename(TypeId(10_000), "x"), Err(Error::NoSuchType { .. })));
}

#[test]
fn kernel_symbols_become_what_kernels_take() {
    let mut builder = Builder::new(Endian::host());
    let int = builder.int("int", sample::int(4, true)).unwrap();
    let nameless = Param { name: "", ty: int };
    let prototype =
        builder.prototype(int, &[nameless, Param { name: "", ty: TypeId::VOID }]).unwrap();
    let function = builder.function("bpf_kfunc", prototype, Linkage::Extern).unwrap();
    let variable = builder.variable("runqueues", TypeId::VOID, Linkage::Extern).unwrap();
    let place = |var| SectionVar { var, offset: 0, size: 0 };
    let section = builder.section(".ksyms", 0, &[place(function), place(variable)]).unwrap();
    builder.settle_ksyms(section).unwrap();

    let btf = builder.build().unwrap();
    assert_eq!(btf.ty(function).unwrap().linkage(), Some(Linkage::Global));
    let names: Vec<_> = btf.ty(prototype).unwrap().params().map(|p| p.unwrap().name).collect();
    assert_eq!(names, ["osmia_ksym", ""]);
    let section = btf.ty(section).unwrap();
    assert_eq!(section.own_size(), Some(8));
    for (at, var) in section.section_vars().enumerate() {
        assert_eq!((var.offset, var.size), (at as u32 * 4, 4));
        let var = btf.ty(var.var).unwrap();
        assert_eq!((var.kind(), var.linkage()), (Kind::Var, Some(Linkage::Global)));
        assert_eq!(btf.size_of(var.id()), Ok(4));
    }
}

#[test]
fn what_does_not_fit_is_refused() {
    let mut builder = Builder::new(Endian::host());
    assert!(builder.typedef("a\0b", TypeId::VOID).is_err());
    assert!(builder.modifier(Kind::Int, "x", TypeId::VOID).is_err());
    assert!(builder.composite(Kind::Int, "x", 0, &[]).is_err());
    assert!(builder.enumeration(Kind::Struct, "x", 4, false, &[]).is_err());
    let value = Enumerator { name: "A", bits: 1, signed: false };
    let enumeration = builder.enumeration(Kind::Enum, "x", 4, false, &[value]).unwrap();
    assert!(builder.set_target(enumeration, TypeId(1)).is_err());
    assert!(builder.set_linkage(enumeration, Linkage::Global).is_err());
    assert_eq!(enumeration, TypeId(1), "what is refused takes no id");
}
