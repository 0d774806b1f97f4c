//! Marks of programs: read from a real one, and from damaged copies of it.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

#[path = "../../../fuzz/bodies/usdt.rs"]
mod body;

use osmia_btf::{Btf, Kind};
use osmia_object::ObjectSpec;
use osmia_object::usdt::{Argument, Location, Machine, SpecLayout, UsdtError, UsdtFile};
use osmia_testkit::alloc::{Counting, peak};
use osmia_testkit::fixture::{Endian, Fixture};
use osmia_testkit::marks::Marks;
use osmia_testkit::mutate;

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// The size of what the header tells of a mark from its beginning to its knowing of lists.
const OLDER: usize = 208;

fn program(fixed: bool) -> Option<Vec<u8>> {
    Some(std::fs::read(Marks::new(fixed)?.path()).unwrap())
}

#[test]
fn marks_of_a_program() {
    for fixed in [true, false] {
        let Some(bytes) = program(fixed) else { return };
        let file = UsdtFile::parse(&bytes).unwrap();
        assert_eq!((file.machine, file.is_fixed, file.has_notes), (Machine::X86_64, fixed, true));
        let names: Vec<&str> = file.probes.iter().map(|probe| probe.name.as_str()).collect();
        assert_eq!(names, ["kinds", "plain", "twice", "twice", "list", "strange"]);
        assert!(file.probes.iter().all(|probe| probe.provider == "osmia"));
        for probe in &file.probes {
            let at = usize::try_from(probe.place.offset.unwrap()).unwrap();
            assert_eq!(bytes[at], 0x90, "the instruction that does nothing");
            assert_eq!(probe.semaphore.is_some(), probe.name == "kinds");
        }
        let semaphore = file.probes[0].semaphore.unwrap().offset.unwrap();
        let at = usize::try_from(semaphore).unwrap();
        assert_eq!(bytes[at..at + 2], [0, 0]);
        let kinds = Argument::parse_all(&file.probes[0].arguments, file.machine).unwrap();
        assert_eq!(kinds.len(), 11);
        let strange = Argument::parse_all(&file.probes[5].arguments, file.machine).unwrap_err();
        assert!(
            matches!(&strange, UsdtError::Argument { number: 1, text, .. } if text == "8f@%xmm0")
        );
    }
}

#[test]
fn a_damaged_program() {
    let Some(bytes) = program(false) else { return };
    mutate::each(&bytes, 150, 5_000, |mutant| {
        let len = mutant.bytes.len();
        let ((), most) = peak(|| body::check(&mutant.bytes));
        assert!(most <= len * 48 + 64 * 1024, "{most} bytes for a file of {len}");
    });
}

#[test]
fn damaged_arguments() {
    let text = b"-4@$-9 8@%rdi -1@-96(%rbp,%rax,8) 8@[sp, 16] 4@w3 8f@%xmm0 8@x+1(%rip)";
    mutate::each(text, 160, 5_000, |mutant| body::check(&mutant.bytes));
    let many = "8@%rdi ".repeat(20_000) + &"(".repeat(20_000);
    body::check(many.as_bytes());
}

/// Bitfields, in both byte orders, as the compiler lays them out.
#[test]
fn newer_headers_know_of_lists() {
    let text = "-4@8(%rbp,%rax,8)";
    let arguments = Argument::parse_all(text, Machine::X86_64).unwrap();
    for endian in [Endian::Little, Endian::Big] {
        let fixture = Fixture::new("usdt_lists").endian(endian);
        let Some(bytes) = fixture.bytes() else { return };
        let spec = ObjectSpec::parse("usdt_lists", bytes.into()).unwrap();
        let layout = SpecLayout::of(spec.btf.as_ref().unwrap()).unwrap();
        let encoded = layout.encode(&arguments, 9).unwrap();
        assert_eq!(encoded, *spec.variable("expected").unwrap().bytes(), "{endian:?}");
    }
    let Some(older) = types().map(|btf| SpecLayout::of(&btf).unwrap()) else { return };
    if older.size() == OLDER {
        let error = older.encode(&arguments, 9).unwrap_err();
        assert!(error.to_string().contains("BPF_USDT_ARG_SIB"), "{error}");
    }
}

/// The types of an object that includes the header.
fn types() -> Option<Btf> {
    let spec = ObjectSpec::parse("usdt", Fixture::new("usdt").bytes()?.into()).unwrap();
    spec.btf
}

#[test]
fn the_header_says_how_arguments_are_written_down() {
    let Some(btf) = types() else { return };
    let layout = SpecLayout::of(&btf).unwrap();
    let spec = btf.find(Kind::Struct, "__bpf_usdt_spec").unwrap().unwrap();
    assert_eq!(layout.size(), spec.own_size().unwrap() as usize);
    let memory = Location::Memory { register: 32, offset: -1204 };
    let first = Argument { size: 8, signed: false, location: Location::Constant(7) };
    let second = Argument { size: 4, signed: true, location: memory };
    let bytes = layout.encode(&[first, second], 0x1122_3344).unwrap();
    if layout.size() == OLDER {
        let second = &bytes[16..32];
        assert_eq!(second[..8], (-1204_i64).to_ne_bytes());
        assert_eq!(second[8..12], 2_u32.to_ne_bytes());
        assert_eq!(second[12..14], 32_u16.to_ne_bytes());
        assert_eq!(second[14..], [1, 32]);
        assert_eq!(bytes[..8], 7_u64.to_ne_bytes());
        assert_eq!(bytes[192..200], 0x1122_3344_u64.to_ne_bytes());
        assert_eq!(bytes[200..202], 2_u16.to_ne_bytes());
    }
    let error = layout.encode(&[first; 13], 0).unwrap_err();
    assert_eq!(error, UsdtError::TooMany { count: 13, room: 12 });
}
