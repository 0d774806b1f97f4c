//! Tables of callbacks before loading, without a kernel.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

use osmia::ErrorKind;
use osmia::generated::Chars;
use osmia_generated_tests::{module, struct_ops};

#[test]
fn members_are_as_the_c_says() {
    let spec = struct_ops::open().unwrap();
    let tables = &spec.struct_ops;
    assert_eq!(*tables.shy.name.get(), "osmia_shy");
    assert_eq!(*tables.linked.name.get(), "osmia_linked");
    assert_eq!(*tables.shy.flags.get(), 0);
    assert_eq!(tables.shy.init.program(), Some("shy_init"));
    assert_eq!(tables.left_out.release.program(), Some("shy_release"));
    assert_eq!(*tables.left_out.nmae.get(), 1);
    assert!(tables.shy.map.autocreate && !tables.left_out.map.autocreate);
    assert_eq!(
        format!("{:?}", tables.shy.init),
        r#"Callback { name: "init", program: Some("shy_init"), .. }"#
    );
}

#[test]
fn what_is_set_arrives_in_the_object() {
    let mut spec = struct_ops::open().unwrap();
    let shy = &mut spec.struct_ops.shy;
    shy.flags.set(2);
    shy.name.set(Chars::new("other").unwrap());
    shy.init.clear();
    shy.undo_cwnd.set(&spec.progs.shy_ssthresh);
    shy.map.autocreate = false;
    spec.struct_ops.left_out.map.autocreate = true;
    let object = spec.into_object().unwrap();
    assert_eq!(object.op_bytes("shy", "flags").unwrap(), 2_u32.to_ne_bytes());
    assert_eq!(&object.op_bytes("shy", "name").unwrap()[..6], b"other\0");
    assert_eq!(object.op_program("shy", "init").unwrap(), None);
    assert_eq!(object.op_program("shy", "undo_cwnd").unwrap(), Some("shy_ssthresh"));
    assert_eq!(object.op_program("shy", "ssthresh").unwrap(), Some("shy_ssthresh"));
    assert!(!object.maps["shy"].autocreate && object.maps["left_out"].autocreate);
    // The other one of the same struct is as it was.
    assert_eq!(object.op_bytes("linked", "flags").unwrap(), 0_u32.to_ne_bytes());
    assert_eq!(object.op_program("linked", "init").unwrap(), Some("shy_init"));
}

#[test]
fn programs_for_other_things_are_refused() {
    let mut spec = struct_ops::open().unwrap();
    let mut foreign = module::open().unwrap().progs.counting;
    spec.struct_ops.shy.init.set(&foreign);
    let error = spec.clone().into_object().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Invalid);
    assert!(error.to_string().contains("counting is no program of the object"), "{error}");
    // As if it were one.
    foreign.name = "shy_release".to_owned();
    let section = foreign.section.clone();
    spec.progs.shy_release = foreign;
    spec.struct_ops.shy.init.set(&spec.progs.shy_release);
    let error = spec.into_object().unwrap_err().to_string();
    let told = format!(
        "takes programs of SEC(\"struct_ops\"), and `shy_release` is in SEC(\"{section}\")"
    );
    assert!(error.contains(&told), "{error}");
}
