//! Global variables: found, read and set before loading.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

mod compilers;

use osmia_object::{MapRole, ObjectSpec};

fn get<T: osmia_object::FromVariable>(spec: &ObjectSpec, name: &str) -> T {
    spec.variable(name).unwrap().get().unwrap()
}

fn refusal(spec: &mut ObjectSpec, name: &str, value: impl osmia_object::VariableValue) -> String {
    let before = format!("{:?}", spec.maps);
    let error = spec.set(name, value).unwrap_err().to_string();
    assert_eq!(before, format!("{:?}", spec.maps), "a refused value changed something");
    error
}

#[test]
fn sections_become_maps_with_one_value() {
    compilers::each("variables", |label, spec| {
        let roles = [
            (".rodata", MapRole::Constants, 0x80),
            (".rodata.cfg", MapRole::Constants, 0x80),
            (".data", MapRole::Data, 0),
            (".data.own", MapRole::Data, 0),
            (".bss", MapRole::Bss, 0),
            (".bss.cold", MapRole::Bss, 0),
        ];
        for (name, role, flags) in roles {
            let map = &spec.maps[name];
            assert_eq!((map.role, map.flags), (role, flags), "{label}: {name}");
            assert_eq!((map.key_size, map.max_entries), (4, 1), "{label}: {name}");
            let btf = spec.btf.as_ref().unwrap();
            let ty = btf.ty(map.value_type.unwrap()).unwrap();
            assert_eq!((ty.kind(), ty.name()), (osmia_btf::Kind::DataSec, name), "{label}");
        }
        assert_eq!(spec.maps[".rodata"].kernel_name.as_deref(), Some("variable.rodata"));
        assert_eq!(spec.maps[".rodata.cfg"].kernel_name.as_deref(), Some(".rodata.cfg"));
        let bss = &spec.maps[".bss"];
        assert!(bss.contents.is_empty() && bss.value_size > 8000, "{label}");
        assert_eq!(spec.kernel_version, 0x50607, "{label}");
    });
}

#[test]
fn values_are_those_of_the_c() {
    compilers::each("variables", |label, spec| {
        assert_eq!(get::<u32>(spec, "const_u32"), 50, "{label}");
        assert_eq!(get::<i8>(spec, "const_s8"), -5, "{label}");
        assert!(get::<bool>(spec, "flag"), "{label}");
        assert_eq!(get::<i32>(spec, "colour"), -2, "{label}");
        assert_eq!(get::<u32>(spec, "size"), 70000, "{label}");
        assert_eq!(get::<f32>(spec, "ratio").to_bits(), 0.5_f32.to_bits(), "{label}");
        assert_eq!(get::<[u32; 4]>(spec, "ports"), [80, 443, 0, 0], "{label}");
        assert_eq!(get::<u64>(spec, "configured"), 77, "{label}");
        assert_eq!(get::<u16>(spec, "global_u16"), 0, "{label}");
        assert_eq!(get::<u32>(spec, "counted"), 9, "{label}");
        assert_eq!(get::<u64>(spec, "own"), 11, "{label}");
        assert_eq!(get::<u32>(spec, "cold"), 0, "{label}");
        assert_eq!(&spec.variable("greeting").unwrap().bytes()[..6], b"hello\0", "{label}");
        assert_eq!(spec.variable("big").unwrap().bytes().len(), 8000, "{label}");
        assert_eq!(spec.variable("origin").unwrap().bytes().len(), 16, "{label}");
    });
}

#[test]
fn statics_are_variables_too() {
    compilers::each("variables", |label, spec| {
        assert_eq!(get::<u32>(spec, "quiet"), 8, "{label}");
        assert_eq!(get::<u32>(spec, "veiled"), 3, "{label}");
        assert_eq!(get::<u32>(spec, "one.calls"), 0, "{label}");
        assert_eq!(get::<u32>(spec, "two.calls"), 100, "{label}");
        for name in ["quiet", "silent", "veiled", "one.calls", "two.calls"] {
            let variable = spec.variable(name).unwrap().spec();
            assert!(variable.is_static && variable.ty.is_some(), "{label}: {name}");
        }
        assert!(!spec.variable("counted").unwrap().spec().is_static, "{label}");
    });
}

#[test]
fn what_is_set_is_read_back() {
    compilers::each("variables", |label, spec| {
        spec.set("const_u32", 12).unwrap();
        spec.set("const_s8", -128_i8).unwrap();
        spec.set("flag", false).unwrap();
        spec.set("colour", 1).unwrap();
        spec.set("ratio", 2.5_f32).unwrap();
        spec.set("ports", [1_u32, 2, 3, 4]).unwrap();
        spec.set("greeting", "bye").unwrap();
        spec.set("global_u16", 9000_u16).unwrap();
        spec.set("cold", 5).unwrap();
        assert_eq!(get::<u32>(spec, "const_u32"), 12, "{label}");
        assert_eq!(get::<i8>(spec, "const_s8"), -128, "{label}");
        assert!(!get::<bool>(spec, "flag"), "{label}");
        assert_eq!(get::<i32>(spec, "colour"), 1, "{label}");
        assert_eq!(get::<f32>(spec, "ratio").to_bits(), 2.5_f32.to_bits(), "{label}");
        assert_eq!(get::<[u32; 4]>(spec, "ports"), [1, 2, 3, 4], "{label}");
        assert_eq!(&spec.variable("greeting").unwrap().bytes()[..6], b"bye\0\0\0", "{label}");
        assert_eq!(get::<u16>(spec, "global_u16"), 9000, "{label}");
        assert_eq!(get::<u32>(spec, "cold"), 5, "{label}");
        // Neighbours are as they were.
        assert_eq!(get::<u32>(spec, "size"), 70000, "{label}");
        assert_eq!(get::<u64>(spec, "configured"), 77, "{label}");
        let number = match spec.endian {
            osmia_btf::Endian::Little => [12, 0, 0, 0],
            osmia_btf::Endian::Big => [0, 0, 0, 12],
        };
        assert_eq!(&*spec.variable("const_u32").unwrap().bytes(), number, "{label}");
    });
}

#[test]
fn a_value_of_a_bss_costs_what_lies_in_front_of_it() {
    compilers::each("variables", |label, spec| {
        spec.set("global_u16", 1_u16).unwrap();
        let bss = &spec.maps[".bss"];
        assert!(bss.contents.len() < 100 && bss.value_size > 8000, "{label}");
    });
}

#[test]
fn values_of_another_size_are_refused() {
    compilers::each("variables", |label, spec| {
        let error = refusal(spec, "global_u16", 9000);
        let expected = "variable global_u16: it is __u16 and has 2 bytes, \
                        the value is an i32 and has 4 bytes";
        assert_eq!(error, expected, "{label}");
        let error = spec.set_bytes("origin", &[0; 8]).unwrap_err().to_string();
        let expected = "variable origin: it is struct point and has 16 bytes, the value has 8";
        assert_eq!(error, expected, "{label}");
        spec.set_bytes("origin", &[1; 16]).unwrap();
        assert_eq!(&*spec.variable("origin").unwrap().bytes(), [1; 16], "{label}");
    });
}

#[test]
fn values_of_another_kind_are_refused() {
    compilers::each("variables", |label, spec| {
        let error = refusal(spec, "const_u32", -1);
        let expected = "variable const_u32: it is __u32, which holds 0 to 4294967295, not -1";
        assert_eq!(error, expected, "{label}");
        let error = refusal(spec, "const_s8", 200_u8);
        assert!(error.contains("holds -128 to 127, not 200"), "{label}: {error}");
        let error = refusal(spec, "flag", 1_u8);
        assert!(error.ends_with("the value is a u8; give a bool"), "{label}: {error}");
        let error = refusal(spec, "const_u32", true);
        assert!(error.contains("has 4 bytes, the value is a bool"), "{label}: {error}");
        let error = refusal(spec, "const_u32", 1.0_f32);
        assert!(error.contains("give an integer (u32)"), "{label}: {error}");
        let error = refusal(spec, "ratio", 1_u32);
        assert!(error.contains("give an f32"), "{label}: {error}");
        let error = refusal(spec, "ports", [1_u32; 3]);
        assert!(error.contains("__u32[4]") && error.contains("4 elements"), "{label}: {error}");
        let error = refusal(spec, "ports", 7_u32);
        assert!(error.contains("give an array of 4 elements"), "{label}: {error}");
        let error = refusal(spec, "origin", 7_u32);
        assert!(error.contains("it is struct point"), "{label}: {error}");
        let error = refusal(spec, "greeting", "sixteen letters.");
        assert!(error.contains("room for 15 bytes and a NUL"), "{label}: {error}");
        assert!(spec.variable("const_u32").unwrap().get::<u64>().is_err(), "{label}");
        assert!(spec.variable("const_s8").unwrap().get::<u8>().is_err(), "{label}");
    });
}

#[test]
fn an_absent_variable_is_explained() {
    compilers::each("variables", |label, spec| {
        let error = refusal(spec, "const_u3", 1);
        assert!(
            error
                .starts_with("there is no variable const_u3; did you mean const_u32? (constants: "),
            "{label}: {error}"
        );
        assert!(error.contains("variables: "), "{label}: {error}");
        assert!(error.contains("global_u16"), "{label}: {error}");
        assert!(!error.contains("one.calls"), "{label}: {error}");
        assert!(error.ends_with("the compiler drops a variable that no code uses"), "{error}");
    });
}

#[test]
fn addresses_in_data_are_told() {
    compilers::each("variables", |label, spec| {
        let pointers = &spec.maps[".data.pointers"].pointers;
        assert_eq!(pointers.len(), 1, "{label}");
        assert_eq!((pointers[0].offset, pointers[0].symbol.as_str()), (0, "counted"), "{label}");
        assert!(spec.maps[".data"].pointers.is_empty(), "{label}");
    });
}
