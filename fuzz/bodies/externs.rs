//! What must hold for objects, configurations and their values, whatever their bytes.
//!
//! The fuzz target runs this, and so does a test of `osmia-object` with damaged objects.

use osmia_object::kconfig::{Config, Facts, values};
use osmia_object::ksym::{KernelSymbol, KernelSymbols};
use osmia_object::{LinkedProgram, MapRole, ObjectSpec, Target};

const CONFIG: &[u8] = b"CONFIG_HZ=250\nCONFIG_IPV6=m\nCONFIG_NET=y\nCONFIG_BPF_SYSCALL=y\n\
    CONFIG_DEFAULT_HOSTNAME=\"(none)\"\nCONFIG_ILLEGAL_POINTER_VALUE=0xdead000000000000\n";

/// Reads bytes as an object, resolves what it expects of a kernel, and folds its constants.
pub fn check(bytes: &[u8]) {
    let bytes = bytes::Bytes::copy_from_slice(bytes);
    let Ok(spec) = ObjectSpec::parse("object", bytes) else { return };
    let config = Config::parse("given", CONFIG).expect("it is one");
    let facts = Facts {
        config: Some(&config),
        version: Some(0x0006_0100),
        bpf_cookie: Some(true),
        syscall_wrapper: Some(true),
    };
    let names = || spec.externs.keys().map(String::as_str);
    let kconfig = values(&spec, names(), &facts).unwrap_or_default();
    let absent =
        |name: &str| (name.to_owned(), KernelSymbol::Absent { why: "it is a test".to_owned() });
    let symbols: KernelSymbols = names().map(absent).collect();
    for name in spec.programs.keys() {
        let Ok(mut linked) = spec.link(name) else { continue };
        if linked.resolve_externs(&spec, &symbols, |_| None).is_err() {
            continue;
        }
        let before = linked.insns.len();
        let folded = linked.fold_constants(&spec, |map| {
            let map = spec.maps.get(map)?;
            match map.role {
                MapRole::Constants => Some(map.contents.clone()),
                MapRole::Kconfig => Some(kconfig.clone()),
                _ => None,
            }
        });
        match folded {
            Ok(()) => settled(&spec, &linked, before),
            Err(error) => assert!(!error.to_string().is_empty()),
        }
    }
}

/// No constant is referred to any more, and everything lies where it should.
fn settled(spec: &ObjectSpec, linked: &LinkedProgram, before: usize) {
    assert!(linked.insns.len() >= before);
    let len = linked.insns.len() as u32;
    assert_eq!(linked.functions.iter().map(|function| function.len).sum::<u32>(), len);
    assert!(linked.lines.iter().all(|line| line.at < len));
    for relocation in &linked.relocations {
        assert!(relocation.at < len);
        if let Target::MapValue { map, .. } = &relocation.target {
            let role = spec.maps[map].role;
            assert!(!matches!(role, MapRole::Constants | MapRole::Kconfig));
        }
    }
}

/// Reads bytes as a configuration.
pub fn config(bytes: &[u8]) {
    let Ok(config) = Config::parse("given", bytes) else { return };
    for name in ["CONFIG_HZ", "CONFIG_", "C", ""] {
        assert!(config.option(name).is_none_or(|said| !said.contains('\n')));
    }
}
