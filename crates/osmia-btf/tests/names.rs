//! Types by name: the same answers from a search, from what a search has left, and from the index.
#![allow(clippy::unwrap_used, missing_docs)]

use osmia_btf::{Btf, Builder, Int, Kind, TypeId};

const INT: Int = Int { size: 4, bits: 32, offset: 0, signed: true, is_char: false, is_bool: false };

/// Names with flavours, twins, names that are the ends of others, and such that begin like others.
const NAMES: [&str; 12] = [
    "task",
    "task___old",
    "my_task",
    "task",
    "task____odd",
    "___task",
    "task___",
    "ta",
    "t",
    "a_name_of_more_than_sixteen_bytes",
    "a_name_of_more_than_sixteen_bytes___x",
    "k",
];

/// An object has few types and a kernel many; they are searched in other ways.
const MANY: u32 = 10_000;

fn blob() -> Btf {
    blob_with(0)
}

fn blob_with(others: u32) -> Btf {
    let mut builder = Builder::new(osmia_btf::Endian::host());
    for round in 0..3 {
        for name in NAMES {
            builder.int(name, INT).unwrap();
            if round == 1 {
                builder.pointer(TypeId(1)).unwrap();
                builder.typedef(name, TypeId(1)).unwrap();
            }
        }
    }
    for _ in 0..others {
        builder.int("taste", INT).unwrap();
    }
    Btf::parse(builder.to_bytes().unwrap(), None).unwrap()
}

type Answers = Vec<(Option<TypeId>, Option<TypeId>, Vec<TypeId>, Vec<TypeId>)>;

fn answers(btf: &Btf) -> Answers {
    let find = |kind, name| btf.find(kind, name).unwrap().map(|ty| ty.id());
    let all = NAMES.into_iter().chain(["", "tas", "task_", "nothing"]);
    all.map(|name| {
        let ids = btf.ids_named(name).unwrap();
        let candidates = btf.candidates(name).unwrap();
        (find(Kind::Int, name), find(Kind::Typedef, name), ids, candidates)
    })
    .collect()
}

#[test]
fn all_ways_give_the_same() {
    for others in [0, MANY] {
        let indexed = blob_with(others);
        indexed.index_names().unwrap();
        let expected = answers(&indexed);
        assert_eq!(expected[0].0, Some(TypeId(1)));
        assert_eq!(expected[0].2.len(), 8);
        assert_eq!(expected[0].3.len(), 12, "those with a flavour, too");
        assert!(expected.iter().rev().take(3).all(|found| *found == (None, None, vec![], vec![])));

        assert_eq!(answers(&blob_with(others)), expected, "searched for, one by one");
        let few = blob_with(others);
        few.look_for(["task", "k", "nothing", "a_name_of_more_than_sixteen_bytes"]).unwrap();
        assert_eq!(answers(&few), expected);
        let many = blob_with(others);
        many.look_for(NAMES).unwrap();
        assert_eq!(answers(&many), expected);
    }
}

#[test]
fn a_split_blob_is_searched_like_a_whole_one() {
    let ways: [fn(&Btf); 3] = [
        |btf| btf.index_names().unwrap(),
        |btf| btf.look_for(["task", "own"]).unwrap(),
        |btf| btf.look_for(NAMES.into_iter().chain(["own"])).unwrap(),
    ];
    for way in ways {
        let base = blob();
        let mut builder = Builder::split(base.clone()).unwrap();
        let twin = builder.int("task", INT).unwrap();
        let own = builder.int("own___x", INT).unwrap();
        let split = Btf::parse(builder.to_bytes().unwrap(), Some(base)).unwrap();
        way(&split);
        assert_eq!(split.find(Kind::Int, "task").unwrap().unwrap().id(), twin);
        assert_eq!(split.ids_named("task").unwrap().last(), Some(&twin));
        assert_eq!(split.ids_named("task").unwrap().len(), 9);
        assert_eq!(split.candidates("own").unwrap(), [own]);
        assert_eq!(split.types().unwrap().count() as u32 + 1, split.type_count().unwrap());
    }
}

#[test]
fn records_are_found_by_number_in_any_order() {
    let btf = blob();
    let all: Vec<_> = btf.types().unwrap().map(Result::unwrap).collect();
    for ty in all.into_iter().rev() {
        assert_eq!(format!("{:?}", btf.ty(ty.id()).unwrap()), format!("{ty:?}"));
    }
    assert!(btf.ty(TypeId(btf.type_count().unwrap())).is_err());
}
