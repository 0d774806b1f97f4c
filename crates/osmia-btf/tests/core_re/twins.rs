//! Several types of one name.

use osmia_btf::core_re::CoreError;
use osmia_testkit::clang::Clang;

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
