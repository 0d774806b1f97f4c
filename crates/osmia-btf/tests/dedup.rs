//! Several BTFs in one.
#![allow(missing_docs, clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

mod clang;
mod sample;

use osmia_btf::{Bits, Btf, Builder, Endian, Kind, Linkage, Member, TypeId, dedup, dedup_onto};
use osmia_testkit::clang::Clang;
use osmia_testkit::skip;

/// A BTF of what `make` puts into it.
fn btf(make: impl FnOnce(&mut Builder)) -> Btf {
    let mut builder = Builder::new(Endian::host());
    make(&mut builder);
    builder.build().unwrap()
}

/// All names of a kind, in the order of ids.
fn names(btf: &Btf, kind: Kind) -> Vec<String> {
    let types = btf.types().unwrap().map(Result::unwrap).filter(|ty| ty.kind() == kind);
    types.map(|ty| ty.name().to_owned()).collect()
}

#[test]
fn two_of_the_same_are_one() {
    for (one, two) in [(Endian::Little, Endian::Little), (Endian::Little, Endian::Big)] {
        let (one, two) = (sample::every_kind(one), sample::every_kind(two));
        let both = dedup(&[one.clone(), two]).unwrap();
        // The variable and its section are there twice.
        assert_eq!(both.btf.type_count().unwrap(), one.type_count().unwrap() + 2);
        for id in (0..one.type_count().unwrap()).map(TypeId) {
            let (a, b) = (both.id(0, id).unwrap(), both.id(1, id).unwrap());
            let is_own = matches!(one.ty(id).unwrap().kind(), Kind::Var | Kind::DataSec);
            assert_eq!(a == b, !is_own, "{id}");
            assert_eq!(a, id, "the first one's ids stay where nothing in it is the same");
        }
    }
}

#[test]
fn a_kernel_twice_is_a_kernel() {
    let Ok(bytes) = std::fs::read("/sys/kernel/btf/vmlinux") else {
        return skip::whole("this kernel has no BTF");
    };
    let kernel = Btf::parse(bytes.into(), None).unwrap();
    let variables = kernel.types().unwrap().map(Result::unwrap);
    let variables = variables.filter(|ty| matches!(ty.kind(), Kind::Var | Kind::DataSec)).count();
    let before = kernel.type_count().unwrap();
    let twice = dedup(&[kernel.clone(), kernel.clone()]).unwrap().btf.type_count().unwrap();
    // The tool that made it left hardly anything to merge.
    let most = before + variables as u32;
    assert!(twice <= most && most - twice < before / 100, "{before} -> {twice}");
    let onto = dedup_onto(&kernel, std::slice::from_ref(&kernel)).unwrap();
    let own = onto.btf.type_count().unwrap() - onto.btf.first_own_id().0;
    assert_eq!(own, variables as u32);
}

#[test]
fn what_differs_in_one_bit_stays_apart() {
    let flags = |width, tag: Option<&str>, type_tag: Option<&str>, value| {
        btf(|b| {
            let int = b.int("int", sample::int(4, true)).unwrap();
            let target = match type_tag {
                Some(tag) => b.modifier(Kind::TypeTag, tag, int).unwrap(),
                None => int,
            };
            let pointer = b.pointer(target).unwrap();
            let bits = Member { name: "bits", ty: int, offset: Bits(0), bitfield: Some(width) };
            let members = [bits, sample::member("pointer", pointer, 8)];
            let flags = b.composite(Kind::Struct, "flags", 16, &members).unwrap();
            if let Some(tag) = tag {
                b.decl_tag(tag, flags, Some(0)).unwrap();
            }
            let value = osmia_btf::Enumerator { name: "A", bits: value, signed: false };
            b.enumeration(Kind::Enum, "mode", 4, false, &[value]).unwrap();
            let user = b.pointer(flags).unwrap();
            b.composite(Kind::Struct, "user", 8, &[sample::member("flags", user, 0)]).unwrap();
        })
    };
    let first = flags(3, None, None, 1);
    assert_eq!(
        dedup(&[first.clone(), first.clone()]).unwrap().btf.type_count(),
        first.type_count()
    );
    for other in
        [flags(4, None, None, 1), flags(3, Some("x"), None, 1), flags(3, None, Some("user"), 1)]
    {
        let both = dedup(&[first.clone(), other]).unwrap().btf;
        assert_eq!(names(&both, Kind::Struct), ["flags", "user", "flags", "user"]);
        assert_eq!(names(&both, Kind::Int), ["int"]);
        assert_eq!(names(&both, Kind::Enum), ["mode"]);
    }
    let both = dedup(&[first, flags(3, None, None, 2)]).unwrap().btf;
    assert_eq!(names(&both, Kind::Enum), ["mode", "mode"]);
    assert_eq!(names(&both, Kind::Struct), ["flags", "user"]);
}

/// `struct list` that knows no more of `struct item` than its name, and one that knows all.
fn list(item: Option<&str>) -> Btf {
    btf(|b| {
        let int = b.int("int", sample::int(4, true)).unwrap();
        let item = match item {
            Some(member) => {
                b.composite(Kind::Struct, "item", 4, &[sample::member(member, int, 0)]).unwrap()
            }
            None => b.forward("item", false).unwrap(),
        };
        let pointer = b.pointer(item).unwrap();
        let list = b.composite(Kind::Struct, "list", 8, &[sample::member("first", pointer, 0)]);
        let list = b.pointer(list.unwrap()).unwrap();
        b.composite(Kind::Struct, "owner", 8, &[sample::member("list", list, 0)]).unwrap();
    })
}

#[test]
fn forward_declarations_become_what_they_declare() {
    for order in [[None, Some("a")], [Some("a"), None]] {
        let both = dedup(&order.map(list)).unwrap().btf;
        assert_eq!(names(&both, Kind::Fwd), [""; 0]);
        let mut structs = names(&both, Kind::Struct);
        structs.sort();
        assert_eq!(structs, ["item", "list", "owner"]);
        let first =
            both.member(both.find(Kind::Struct, "list").unwrap().unwrap().id(), "first").unwrap();
        let item = both.resolve(both.ty(first.ty).unwrap().target().unwrap()).unwrap();
        assert_eq!((item.kind(), item.name()), (Kind::Struct, "item"));
    }
}

#[test]
fn what_could_be_either_stays_open() {
    let all = dedup(&[list(Some("a")), list(Some("b")), list(None)]).unwrap().btf;
    let structs = names(&all, Kind::Struct);
    for name in ["item", "list", "owner"] {
        let expected = if name == "item" { 2 } else { 3 };
        assert_eq!(structs.iter().filter(|found| *found == name).count(), expected, "{name}");
    }
    assert_eq!(names(&all, Kind::Fwd), ["item"]);
}

#[test]
fn what_a_base_has_is_not_repeated() {
    let base = list(Some("a"));
    let more = btf(|b| {
        let int = b.int("int", sample::int(4, true)).unwrap();
        let item = b.composite(Kind::Struct, "item", 4, &[sample::member("a", int, 0)]).unwrap();
        let array = b.array(item, int, 4).unwrap();
        b.typedef("items_t", array).unwrap();
    });
    let split = dedup_onto(&base, &[more.clone(), list(None)]).unwrap();
    let own: Vec<_> = split.btf.own_types().unwrap().map(|ty| ty.unwrap().kind()).collect();
    assert_eq!(own, [Kind::Array, Kind::Typedef]);
    let item = more.find(Kind::Struct, "item").unwrap().unwrap().id();
    assert_eq!(split.id(0, item), base.find(Kind::Struct, "item").unwrap().map(|ty| ty.id()));
    // A split BTF brings its own types only, and finds the base's where they are.
    let again = dedup_onto(&base, &[split.btf.clone(), split.btf.clone()]).unwrap();
    let own: Vec<_> = again.btf.own_types().unwrap().map(|ty| ty.unwrap().kind()).collect();
    assert_eq!(own, [Kind::Array, Kind::Typedef]);
}

#[test]
fn what_compilers_make_of_several_files() {
    let one = "struct b; struct a { struct b *b; int x; }; struct c { struct a a; enum e { E } e; };\n\
               static int helper(struct a *a) { return a->x; }\n\
               int one(struct a *a, struct c *c) { return helper(a) + c->e; }";
    let two = "struct a; struct b { struct a *a; long y; }; struct a { struct b *b; int x; };\n\
               long two(struct b *b, struct a *a) { return b->y + a->x + b->a->x; }";
    for clang in Clang::present() {
        let open = |source: &str| {
            let object = clang::compile(clang, source, &[]);
            Btf::parse(clang::btf_section(&object), None).unwrap()
        };
        let (one, two) = (open(one), open(two));
        let both = dedup(&[one, two]).unwrap().btf;
        let mut structs = names(&both, Kind::Struct);
        structs.sort();
        assert_eq!(structs, ["a", "b", "c"], "{clang}");
        assert_eq!(names(&both, Kind::Fwd), [""; 0], "{clang}");
        assert_eq!(names(&both, Kind::Func), ["one", "two"], "{clang}");
    }
}

#[test]
fn tags_of_variables_stay_with_them() {
    let tagged = btf(|b| {
        let int = b.int("int", sample::int(4, true)).unwrap();
        let var = b.variable("v", int, Linkage::Global).unwrap();
        b.decl_tag("x", var, None).unwrap();
    });
    let both = dedup(&[tagged.clone(), tagged]).unwrap().btf;
    let tags = both.types().unwrap().map(Result::unwrap).filter(|ty| ty.kind() == Kind::DeclTag);
    let targets: Vec<_> = tags.map(|ty| ty.target().unwrap()).collect();
    assert_eq!(targets.len(), 2);
    assert_ne!(targets[0], targets[1]);
}

#[test]
fn a_long_chain_of_differences_ends() {
    // Each struct differs by what the next one is, so that they come apart one by one.
    let chain = |last: &str| {
        btf(|b| {
            let int = b.int("int", sample::int(4, true)).unwrap();
            let mut next =
                b.composite(Kind::Struct, "s0", 4, &[sample::member(last, int, 0)]).unwrap();
            for number in 1..3000 {
                let pointer = b.pointer(next).unwrap();
                let members = [sample::member("next", pointer, 0)];
                next = b.composite(Kind::Struct, &format!("s{number}"), 8, &members).unwrap();
            }
        })
    };
    let (one, two) = (chain("a"), chain("b"));
    assert_eq!(dedup(&[one.clone(), one.clone()]).unwrap().btf.type_count(), one.type_count());
    let error = dedup(&[one, two]).unwrap_err();
    assert!(matches!(error, osmia_btf::Error::TooLarge { .. }), "{error}");
}
