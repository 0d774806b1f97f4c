//! Several types of one name.

use osmia_btf::core_re::{Cause, CoreError, CoreKind, Relocator, Target};
use osmia_testkit::clang::Clang;

use crate::blob::{Blob, STRUCT, record};
use crate::{programs, relocator};

/// `struct twin` and `struct twin___2` of the kernel agree in one member only.
#[test]
fn contradictions_are_errors() {
    for clang in Clang::present() {
        let Some(program) = programs(clang) else { continue };
        let Some(mut relocator) = relocator(&program, true) else { continue };
        let same = relocator.resolve(&program.site("twin_same").record).unwrap();
        assert_eq!(same.target, Some(0));
        let error = relocator.resolve(&program.site("twin_differs").record).unwrap_err();
        let CoreError::Ambiguous { ref first, ref second, .. } = error else { panic!("{error}") };
        assert!(first.contains("`struct twin`") && second.contains("`struct twin___2`"));
        let text = error.to_string();
        assert!(
            text.starts_with("the byte offset of `struct twin.differs` is ambiguous"),
            "{text}"
        );
    }
}

/// A relocation that fits only one of them settles later ones of the same local type.
#[test]
fn the_order_counts() {
    for clang in Clang::present() {
        let Some(program) = programs(clang) else { continue };
        let Some(mut relocator) = relocator(&program, true) else { continue };
        let ambiguous = relocator.resolve(&program.site("twin_one_differs").record);
        assert!(matches!(ambiguous, Err(CoreError::Ambiguous { .. })), "{clang}");
        let only = relocator.resolve(&program.site("twin_one_only").record).unwrap();
        assert_eq!(only.target, Some(12));
        let differs = relocator.resolve(&program.site("twin_one_differs").record).unwrap();
        assert_eq!((differs.target, differs.found), (Some(8), only.found));
    }
}

/// What such a relocation ruled out is told apart from what is not there.
#[test]
fn what_was_ruled_out() {
    let mut local = Blob::new();
    let int = local.int("int", 4, true);
    let members = [("one", int, 0), ("two", int, 32)];
    let root = local.composite(STRUCT, "twin", 8, &members);
    let access = ["0:0", "0:1"].map(|text| local.string(text));
    let mut kernel = Blob::new();
    let int = kernel.int("int", 4, true);
    kernel.composite(STRUCT, "twin", 4, &[("one", int, 0)]);
    kernel.composite(STRUCT, "twin", 4, &[("two", int, 0)]);
    let target = Target::new("vmlinux", &kernel.btf());
    let mut relocator = Relocator::new(&local.btf(), target);
    let [one, two] = access.map(|access| record(root, access, CoreKind::FieldByteOffset));
    assert_eq!(relocator.resolve(&one).unwrap().target, Some(0));
    assert_eq!(relocator.resolve(&two).unwrap().target, None);
    let failure = relocator.explain(&two).unwrap().unwrap();
    let causes: Vec<&Cause> = failure.rejected.iter().map(|rejected| &rejected.cause).collect();
    assert!(matches!(causes[..], [Cause::NoMember { .. }, Cause::RuledOut]), "{failure:#}");
    assert_eq!(relocator.explain(&one).unwrap(), None);
}
