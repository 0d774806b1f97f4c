//! Values of the kernel's configuration in the `.kconfig` map.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

mod compilers;

use osmia_btf::Endian;
use osmia_object::kconfig::{Config, Facts, Needs, values};
use osmia_object::{ExternKind, ObjectSpec};

const CONFIG: &str = "\
CONFIG_BPF_SYSCALL=y
CONFIG_IPV6=m
CONFIG_NET=y
CONFIG_HZ=250
CONFIG_ILLEGAL_POINTER_VALUE=0xdead000000000000
CONFIG_DEFAULT_HOSTNAME=\"(none)\"
# CONFIG_BPF_UNPRIV_DEFAULT_OFF is not set
";

fn config(text: &str) -> Config {
    Config::parse("given.config", text.as_bytes()).unwrap()
}

fn facts(config: &Config) -> Facts<'_> {
    Facts {
        config: Some(config),
        version: Some(0x0006_0181),
        bpf_cookie: Some(true),
        syscall_wrapper: Some(false),
    }
}

/// The externs that a program refers to.
fn used(spec: &ObjectSpec, program: &str) -> Vec<String> {
    let linked = spec.link(program).unwrap();
    linked.externs().map(str::to_owned).collect()
}

fn value_of(
    spec: &ObjectSpec,
    program: &str,
    facts: &Facts<'_>,
) -> Result<Vec<u8>, osmia_object::Error> {
    let names = used(spec, program);
    values(spec, names.iter().map(String::as_str), facts).map(|bytes| bytes.to_vec())
}

fn refusal(spec: &ObjectSpec, text: &str) -> String {
    let config = config(text);
    value_of(spec, "copies", &facts(&config)).unwrap_err().to_string()
}

#[test]
fn every_type_takes_its_value() {
    let config = config(CONFIG);
    compilers::each("kconfig", |label, spec| {
        let mut value = value_of(spec, "copies", &facts(&config)).unwrap();
        value.resize(spec.maps[".kconfig"].value_size as usize, 0);
        let number = |name: &str| {
            let ExternKind::Kconfig { offset, size } = spec.externs[name].kind else {
                panic!("{label}: {name}");
            };
            let mut bytes = value[offset as usize..(offset + size) as usize].to_vec();
            if spec.endian == Endian::Little {
                bytes.reverse();
            }
            bytes.iter().fold(0_u128, |number, &byte| number << 8 | u128::from(byte))
        };
        for (name, expected) in [
            ("LINUX_KERNEL_VERSION", 0x0006_0181),
            ("LINUX_HAS_BPF_COOKIE", 1),
            ("LINUX_HAS_SYSCALL_WRAPPER", 0),
            ("CONFIG_BPF_SYSCALL", 1),
            ("CONFIG_IPV6", 2),
            ("CONFIG_NET", u128::from(b'y')),
            ("CONFIG_HZ", 250),
            ("CONFIG_ILLEGAL_POINTER_VALUE", 0xdead_0000_0000_0000),
            ("CONFIG_BPF_UNPRIV_DEFAULT_OFF", 0),
            ("CONFIG_NO_SUCH_OPTION", 0),
        ] {
            assert_eq!(number(name), expected, "{label}: {name}");
        }
        let ExternKind::Kconfig { offset, .. } = spec.externs["CONFIG_DEFAULT_HOSTNAME"].kind
        else {
            panic!("{label}");
        };
        assert_eq!(&value[offset as usize..][..16], b"(none)\0\0\0\0\0\0\0\0\0\0", "{label}");
    });
}

#[test]
fn a_missing_option_is_named_with_the_file_and_the_remedy() {
    compilers::each("kconfig", |label, spec| {
        let error = refusal(spec, &CONFIG.replace("CONFIG_HZ=250\n", ""));
        assert_eq!(
            error,
            "extern CONFIG_HZ: the kernel's configuration (given.config) says nothing of it; \
             declare it `__weak` if the program can do without, which makes it 0",
            "{label}"
        );
        let config = config(CONFIG);
        let error = value_of(spec, "needs_what_no_kernel_has", &facts(&config)).unwrap_err();
        assert!(error.to_string().contains("CONFIG_OSMIA_HAS_NO_SUCH_OPTION"), "{label}: {error}");
        let names = ["CONFIG_HZ", "LINUX_KERNEL_VERSION"];
        let nothing = |name| values(spec, [name], &Facts::default()).unwrap_err().to_string();
        assert!(nothing(names[0]).contains("is not known; declare it `__weak`"), "{label}");
        assert!(nothing(names[1]).contains("is not known of this kernel"), "{label}");
    });
}

#[test]
fn values_that_the_type_cannot_hold_are_refused() {
    compilers::each("kconfig", |label, spec| {
        for (from, to, words) in [
            ("CONFIG_HZ=250", "CONFIG_HZ=40000", "-32768 to 32767"),
            ("CONFIG_HZ=250", "CONFIG_HZ=y", "declare `bool`"),
            ("CONFIG_BPF_SYSCALL=y", "CONFIG_BPF_SYSCALL=m", "enum libbpf_tristate"),
            ("CONFIG_IPV6=m", "CONFIG_IPV6=3", "declare an integer"),
            ("\"(none)\"", "\"(none)", "quotes"),
        ] {
            let error = refusal(spec, &CONFIG.replace(from, to));
            assert!(error.contains(words) && error.contains("given.config"), "{label}: {error}");
        }
    });
}

#[test]
fn needs_are_told_by_names() {
    compilers::each("kconfig", |label, spec| {
        let names = used(spec, "copies");
        let needs = Needs::of(names.iter().map(String::as_str));
        let all = Needs { config: true, version: true, bpf_cookie: true, syscall_wrapper: true };
        assert_eq!(needs, all, "{label}");
        assert_eq!(Needs::of(["bpf_prog_active"]), Needs::default(), "{label}");
    });
}

#[test]
fn types_that_hold_no_value_are_refused() {
    let config = config("CONFIG_A=1\nCONFIG_B=1\nCONFIG_C=1\nCONFIG_D=1\nCONFIG_E=1\n");
    compilers::each("kconfig_types", |label, spec| {
        for (name, words) in [
            ("CONFIG_A", "declared as enum other;"),
            ("CONFIG_B", "declared as struct pair;"),
            ("CONFIG_C", "declared as int[2];"),
            ("CONFIG_D", "has 5000 bytes; 1 to 4096"),
            ("CONFIG_E", "declared as a pointer;"),
        ] {
            let error = values(spec, [name], &facts(&config)).unwrap_err().to_string();
            assert!(error.contains(words), "{label}: {error}");
        }
        let error = values(spec, ["LINUX_HAS_WINGS"], &facts(&config)).unwrap_err().to_string();
        assert!(error.contains("names begin with `CONFIG_`"), "{label}: {error}");
    });
}
