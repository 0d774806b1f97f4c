//! The running kernel's types.

use osmia_btf::core_re::{Relocator, Target};
use osmia_btf::{Btf, Kind, Type};
use osmia_testkit::fixture::Fixture;
use osmia_testkit::skip;

use crate::object::Program;

const KERNEL: &str = "/sys/kernel/btf/vmlinux";

pub fn running() -> Option<Btf> {
    match std::fs::read(KERNEL) {
        Ok(bytes) => Some(Btf::parse(bytes.into(), None).unwrap()),
        Err(error) => {
            skip::whole(format_args!("{KERNEL}: {error}"));
            None
        }
    }
}

/// The byte offset of a struct's member, if it has it; anonymous members are looked into.
fn offset(btf: &Btf, name: &str, member: &str) -> Option<u64> {
    let ty = btf.find(Kind::Struct, name).unwrap().unwrap();
    bits(btf, ty, member).map(|bits| u64::from(bits / 8))
}

fn bits(btf: &Btf, ty: Type<'_>, wanted: &str) -> Option<u32> {
    ty.members().map(Result::unwrap).find_map(|member| match member.name {
        "" => Some(member.offset.0 + bits(btf, btf.resolve(member.ty).unwrap(), wanted)?),
        name => (name == wanted).then_some(member.offset.0),
    })
}

/// `iov_iter.iov` became `__iov` in Linux 6.4: one of the two is there, and an object with a flavour for each loads
/// on either side of that.
#[test]
fn a_member_that_was_renamed() {
    let Some(kernel) = running() else { return };
    let Some(program) = Program::of(&Fixture::new("core_iter")) else { return };
    let mut relocator = Relocator::new(&program.btf, Target::new("vmlinux", &kernel));
    let old = offset(&kernel, "iov_iter", "iov");
    let new = offset(&kernel, "iov_iter", "__iov");
    assert_ne!(old.is_some(), new.is_some());
    let mut asked = 0;
    for site in &program.sites {
        let resolution = relocator.resolve(&site.record).unwrap();
        let expected = match (site.name(), resolution.kind.absence_is_an_answer()) {
            ("unguarded", _) | ("guarded", false) if resolution.original == 8 => old,
            ("guarded", false) => new,
            ("guarded", true) => Some(u64::from(old.is_some())),
            ("two_underscores", _) => None,
            ("pid", _) => offset(&kernel, "task_struct", "pid"),
            (other, _) => panic!("{other}"),
        };
        assert_eq!(resolution.target, expected, "{}", site.name());
        asked += 1;
    }
    assert_eq!(asked, 6);
    let failure = relocator.explain(&program.site("unguarded").record).unwrap();
    let failure = failure.map(|failure| failure.to_string());
    let renamed = "`struct iov_iter` of vmlinux has no member `iov`; near it there is `__iov`";
    assert_eq!(failure.as_deref().map(|text| text.starts_with(renamed)), new.map(|_| true));
    let failure = relocator.explain(&program.site("two_underscores").record).unwrap().unwrap();
    let help =
        "`iov_iter__new` is no flavour: a flavour needs three underscores, as in `iov_iter___new`";
    assert!(format!("{failure:#}").contains(help), "{failure:#}");
}
