//! Constants folded into the code, against the running kernel and an older one that is played; needs root.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

use std::sync::Arc;

use osmia::{Array, ErrorKind, Kernel, Loader, Object, ObjectSpec, TestRun};
use osmia_object::kconfig::Config;
use osmia_sys::abi::{Cmd, MapCreateAttr};
use osmia_sys::{Bpf, Call, Errno, Returned, Syscalls};
use osmia_testkit::fixture::Fixture;
use osmia_testkit::gate::Gate;

fn spec() -> Option<ObjectSpec> {
    Some(osmia::open("fold", Fixture::new("fold").bytes()?).unwrap())
}

fn config() -> Config {
    Config::parse("given", b"CONFIG_HZ=1234\n").unwrap()
}

/// What the program `reads` puts into its map and returns, and what `calls` returns.
fn answers(object: &Object) -> (Vec<u64>, u32, u32) {
    let run = |program: &str| {
        object.program(program).unwrap().test_run(&TestRun::data(&[0; 14])).unwrap().retval
    };
    let (reads, calls) = (run("reads"), run("calls"));
    let results: Array<u64> = object.map("results").unwrap().clone().try_into().unwrap();
    let results = (0..8).map(|key| results.get(key).unwrap()).collect();
    (results, reads, calls)
}

fn expected() -> Vec<u64> {
    let sum = 1_i64 - 2 + 0xfedc_ba98_7654_3210_u64 as i64;
    let negative = |value: i64| value as u64;
    vec![7, negative(-5), 0xffff_fff0, 0x1234_5678_9abc_def0, negative(-1), sum as u64, 30, 1234]
}

fn maps_of(object: &Object, program: &str) -> Vec<u32> {
    object.program(program).unwrap().info().unwrap().map_ids
}

#[test]
fn folded_and_not_folded_programs_do_the_same() {
    let Some(_gate) = Gate::root() else { return };
    let Some(spec) = spec() else { return };
    let kernel = Kernel::builder().config(config()).build().unwrap();
    let plain = Loader::new(&kernel).load(&spec).unwrap_or_else(|error| panic!("{error:?}"));
    let folded = Loader::new(&kernel).fold_constants(true).load(&spec);
    let folded = folded.unwrap_or_else(|error| panic!("{error:?}"));
    assert!(folded.notes().is_empty(), "{:?}", folded.notes());
    assert_eq!(answers(&plain).0, expected());
    assert_eq!(answers(&folded), answers(&plain));
    assert_eq!(maps_of(&plain, "reads").len(), 3);
    let results = folded.map("results").unwrap().info().unwrap().id;
    assert_eq!(maps_of(&folded, "reads"), [results]);
    // They can be read as ever.
    let small = folded.variable("small").unwrap().constant::<u32>().unwrap();
    assert_eq!(small.get().unwrap(), 7);
}

#[test]
fn constants_that_were_set_are_folded_as_set() {
    let Some(_gate) = Gate::root() else { return };
    let Some(mut spec) = spec() else { return };
    spec.set("small", 4_000_000_000_u32).unwrap();
    spec.set("enabled", false).unwrap();
    let kernel = Kernel::builder().config(config()).build().unwrap();
    let object = Loader::new(&kernel).fold_constants(true).load(&spec).unwrap();
    let (results, ..) = answers(&object);
    assert_eq!((results[0], results[3]), (4_000_000_000, 1));
}

#[test]
fn what_cannot_be_folded_is_refused_by_name_and_line() {
    let Some(_gate) = Gate::root() else { return };
    let Some(mut spec) = spec() else { return };
    spec.programs["indexes"].autoload = true;
    let kernel = Kernel::builder().config(config()).build().unwrap();
    let error = Loader::new(&kernel).fold_constants(true).load(&spec).unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::Unsupported { .. }), "{error:?}");
    let text = format!("{error:#}");
    for part in ["variable table", "function indexes", "fold.bpf.c:", "table[skb->len & 3]", "5.2"]
    {
        assert!(text.contains(part), "{part}: {text}");
    }
}

/// A kernel before 5.2: it knows no maps that are read-only to programs, and freezes none.
struct WithoutGlobalData;

impl Syscalls for WithoutGlobalData {
    fn bpf(&self, call: Call<'_>) -> Result<Returned, Errno> {
        const READ_ONLY: u32 = 1 << 7;
        let refused = match call.cmd() {
            Cmd::MAP_CREATE => call.attr::<MapCreateAttr>().map_flags & READ_ONLY != 0,
            Cmd::MAP_FREEZE => true,
            Cmd::PROG_LOAD => refers_to_value(call.input()),
            _ => false,
        };
        if refused { Err(Errno::INVAL) } else { call.proceed() }
    }
}

/// Whether instructions load the address of a map's value: a 64-bit immediate of source 2.
fn refers_to_value(insns: &[u8]) -> bool {
    let source = |byte: u8| if cfg!(target_endian = "big") { byte & 0xf } else { byte >> 4 };
    insns.chunks_exact(8).any(|insn| insn[0] == 0x18 && source(insn[1]) == 2)
}

fn older() -> Kernel {
    let bpf = Bpf::kernel().with(Arc::new(WithoutGlobalData));
    Kernel::builder().bpf(bpf).config(config()).build().unwrap()
}

#[test]
fn kernels_without_global_data_get_constants_in_the_code() {
    let Some(_gate) = Gate::root() else { return };
    let Some(spec) = spec() else { return };
    let object = Object::load(&spec, &older()).unwrap_or_else(|error| panic!("{error:?}"));
    assert_eq!(answers(&object).0, expected());
}

#[test]
fn kernels_without_global_data_have_no_variables() {
    let Some(_gate) = Gate::root() else { return };
    let Some(bytes) = Fixture::new("variables").bytes() else { return };
    let spec = osmia::open("variables", bytes).unwrap();
    let error = Object::load(&spec, &older()).unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::Unsupported { .. }), "{error:?}");
    let text = format!("{error:#}");
    assert!(text.contains("kernels before 5.2 have no global variables"), "{text}");
    assert!(text.contains("variables.bpf.c:"), "{text}");
}
