//! Types of the kernel and its modules, there or not; some of it needs root.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use object::write;
use object::{Architecture, BinaryFormat, Endianness, SectionKind};
use osmia::{ErrorKind, Kernel, Object, TestRun};
use osmia_btf::{Btf, Builder, Kind, Linkage, TypeId};
use osmia_testkit::fixture::Fixture;
use osmia_testkit::gate::Gate;
use osmia_testkit::skip;
use tempfile::TempDir;

const OWN: &str = "/sys/kernel/btf/vmlinux";

/// A place where the kernel tells other things of itself than it does.
struct Root(TempDir);

impl Root {
    fn new() -> Self {
        let root = Self(tempfile::tempdir().unwrap());
        root.write("proc/sys/kernel/osrelease", b"5.10.0-1-amd64\n");
        root
    }

    fn write(&self, path: &str, bytes: &[u8]) {
        let path = self.0.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    }

    fn link(&self, path: &str, to: &str) {
        let path = self.0.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        symlink(to, path).unwrap();
    }

    fn kernel(&self) -> Kernel {
        Kernel::builder().root(self.0.path()).build().unwrap()
    }
}

/// The running kernel's types, if it tells them.
fn own() -> Option<Btf> {
    if !Path::new(OWN).exists() {
        skip::whole("this kernel does not tell its types");
        return None;
    }
    Some(Kernel::running().unwrap().btf().unwrap().clone())
}

/// The types of a module with a function of this name.
fn module(base: &Btf, function: &str) -> Vec<u8> {
    let mut builder = Builder::split(base.clone()).unwrap();
    let prototype = builder.prototype(TypeId::VOID, &[]).unwrap();
    builder.function(function, prototype, Linkage::Static).unwrap();
    builder.to_bytes().unwrap().to_vec()
}

#[test]
fn modules_continue_the_kernels_types() {
    let Some(base) = own() else { return };
    let root = Root::new();
    root.link("sys/kernel/btf/vmlinux", OWN);
    root.write("sys/kernel/btf/dm_mod", &module(&base, "dm_first"));
    let kernel = root.kernel();
    let found = |btf: &Btf, name: &str| btf.find(Kind::Func, name).unwrap().is_some();
    for name in ["dm_mod", "dm-mod"] {
        let btf = kernel.module_btf(name).unwrap();
        assert!(found(&btf, "dm_first") && found(&btf, "schedule"));
        assert!(btf.base().is_some());
    }
    // One that is loaded again is read again. Both files are there for a moment, so that the second is another one.
    let folder = root.0.path().join("sys/kernel/btf");
    root.write("sys/kernel/btf/between", &module(&base, "dm_second"));
    fs::rename(folder.join("between"), folder.join("dm_mod")).unwrap();
    assert!(found(&kernel.module_btf("dm_mod").unwrap(), "dm_second"));
    root.write("sys/kernel/btf/broken", b"no types");
    let broken = kernel.module_btf("broken").unwrap_err();
    assert_eq!(broken.kind(), ErrorKind::Malformed, "{broken:#}");
}

/// A file with sections of these contents.
fn elf(folder: &TempDir, sections: &[(&str, &[u8])]) -> PathBuf {
    let endian = if cfg!(target_endian = "big") { Endianness::Big } else { Endianness::Little };
    let mut file = write::Object::new(BinaryFormat::Elf, Architecture::X86_64, endian);
    for (name, bytes) in sections {
        let section = file.add_section(vec![], name.as_bytes().to_vec(), SectionKind::Other);
        file.set_section_data(section, *bytes, 1);
    }
    let path = folder.path().join("module.ko");
    fs::write(&path, file.write().unwrap()).unwrap();
    path
}

#[test]
fn modules_are_read_from_files() {
    let kernel = |others: u32| {
        let mut builder = Builder::new(osmia_btf::Endian::Little);
        for other in 0..others {
            builder.forward(&format!("other{other}"), false).unwrap();
        }
        let packet = builder.composite(Kind::Struct, "sk_buff", 8, &[]).unwrap();
        builder.pointer(packet).unwrap();
        builder.build().unwrap()
    };
    let (old, new) = (kernel(0), kernel(3));
    let folder = tempfile::tempdir().unwrap();
    let running = Kernel::builder().btf(new.clone()).build().unwrap();
    let opened = |path: &Path| running.module_btf_file(path);
    let raw = folder.path().join("raw");
    fs::write(&raw, module(&new, "raw_function")).unwrap();
    assert!(opened(&raw).unwrap().find(Kind::Func, "raw_function").unwrap().is_some());
    let error = opened(&folder.path().join("nosuch")).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound);

    let mut builder = Builder::split(old.clone()).unwrap();
    let packet = old.find(Kind::Struct, "sk_buff").unwrap().unwrap().id();
    builder.typedef("packet_t", packet).unwrap();
    let distilled = osmia_btf::distil(&builder.build().unwrap()).unwrap();
    let sections = [
        (".BTF", distilled.split.as_bytes().as_ref()),
        (".BTF.base", distilled.base.as_bytes().as_ref()),
    ];
    let path = elf(&folder, &sections);
    let moved = opened(&path).unwrap();
    let packet = moved.find(Kind::Typedef, "packet_t").unwrap().unwrap().target();
    assert_eq!(packet, new.find(Kind::Struct, "sk_buff").unwrap().map(|ty| ty.id()));
    let error = opened(&elf(&folder, &[(".other", b"x")])).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound, "{error:#}");
    let strange = Kernel::builder().btf(Builder::new(osmia_btf::Endian::Little).build().unwrap());
    let error = strange.build().unwrap().module_btf_file(elf(&folder, &sections));
    assert_eq!(error.unwrap_err().kind(), ErrorKind::Malformed);
}

#[test]
fn modules_without_types_are_explained() {
    if own().is_none() {
        return;
    }
    let root = Root::new();
    root.link("sys/kernel/btf/vmlinux", OWN);
    root.write("proc/modules", b"dm_mod 1 0 - Live 0x0\n");
    let refused = |name: &str| {
        let error = root.kernel().module_btf(name).unwrap_err();
        (error.kind(), format!("{error:#}"))
    };
    let (kind, text) = refused("xfs");
    assert!(kind == ErrorKind::NotFound && text.contains("`modprobe xfs`"), "{text}");
    let (_, text) = refused("dm_mod");
    assert!(text.contains("CONFIG_DEBUG_INFO_BTF_MODULES"), "{text}");
    root.write("boot/config-5.10.0-1-amd64", b"CONFIG_DEBUG_INFO_BTF=y\n");
    let (_, text) = refused("dm_mod");
    assert!(text.contains("built without CONFIG_DEBUG_INFO_BTF_MODULES"), "{text}");
    for name in ["vmlinux", "../vmlinux"] {
        assert_eq!(refused(name).0, ErrorKind::Invalid);
    }
}

#[test]
fn a_kernel_without_types_says_what_is_missing_and_what_works() {
    let root = Root::new();
    let text = format!("{:#}", root.kernel().btf().unwrap_err());
    assert!(text.contains("older than 5.4, or built without CONFIG_DEBUG_INFO_BTF"), "{text}");
    assert!(text.contains("/usr/lib/debug/boot/vmlinux-5.10.0-1-amd64"), "{text}");
    assert!(text.contains("Kernel::builder().btf_file"), "{text}");
    assert!(text.contains("work without"), "{text}");
    root.write("boot/config-5.10.0-1-amd64", b"CONFIG_BPF=y\n# CONFIG_DEBUG_INFO_BTF is not set\n");
    let error = root.kernel().btf().unwrap_err();
    let text = format!("{error:#}");
    assert_eq!(error.kind(), ErrorKind::NotFound);
    assert!(text.contains("it is built without CONFIG_DEBUG_INFO_BTF ("), "{text}");
}

#[test]
fn vmlinux_files_are_found_and_read_by_section() {
    // Any ELF file with the section will do.
    let Some(object) = Fixture::new("fold").bytes() else { return };
    let root = Root::new();
    root.write("boot/vmlinux-5.10.0-1-amd64", &object[..200]);
    root.write("lib/modules/5.10.0-1-amd64/vmlinux", &object);
    let error = root.kernel().btf().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Malformed, "{error:#}");
    root.write("boot/vmlinux-5.10.0-1-amd64", b"a text");
    let kernel = root.kernel();
    assert!(kernel.btf().unwrap().find(Kind::Struct, "limits").unwrap().is_some());

    let file = root.0.path().join("lib/modules/5.10.0-1-amd64/vmlinux");
    let kernel = Kernel::builder().btf_file(&file).build().unwrap();
    assert!(kernel.btf().unwrap().find(Kind::Struct, "limits").unwrap().is_some());
    let text = root.0.path().join("boot/vmlinux-5.10.0-1-amd64");
    let error = Kernel::builder().btf_file(text).build().unwrap().btf().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Malformed, "{error:#}");
}

fn load(kernel: &Kernel, program: &str) -> Option<Result<Object, osmia::Error>> {
    let mut spec = osmia::open("modules", Fixture::new("modules").bytes()?).unwrap();
    spec.programs[program].autoload = true;
    Some(Object::load(&spec, kernel))
}

#[test]
fn a_broken_module_stops_only_what_is_looked_for_in_it() {
    let Some(_gate) = Gate::root() else { return };
    let Some(base) = own() else { return };
    let root = Root::new();
    root.link("sys/kernel/btf/vmlinux", OWN);
    root.write("sys/kernel/btf/broken", b"no BTF at all");
    root.write("sys/kernel/btf/whole", &module(&base, "whole_init"));
    let kernel = root.kernel();
    // The function is weak and nowhere, so that all modules are looked at.
    let Some(object) = load(&kernel, "looks_up") else { return };
    object.unwrap_or_else(|error| panic!("{error:?}"));
    let error = load(&kernel, "nowhere").unwrap().unwrap_err();
    let text = format!("{error:#}");
    assert_eq!(error.kind(), ErrorKind::NotFound, "{text}");
    assert!(text.contains("no function `osmia_no_such_function`"), "{text}");
    assert!(text.contains("the types of module `broken` cannot be read"), "{text}");
    let mut spec = osmia::open("modules", Fixture::new("modules").bytes().unwrap()).unwrap();
    spec.programs["nowhere"].autoload = true;
    spec.programs["nowhere"].attach_target = Some("whole_inti".to_owned());
    let text = format!("{:#}", Object::load(&spec, &kernel).unwrap_err());
    assert!(text.contains("did you mean `whole_init`?"), "{text}");
    spec.programs["nowhere"].attach_target = Some("whole:other".to_owned());
    let text = format!("{:#}", Object::load(&spec, &kernel).unwrap_err());
    assert!(text.contains("module `whole` has no function `other`"), "{text}");
}

/// Whether a module is loaded that tells its types.
fn tells_types(gate: &Gate, module: &str) -> bool {
    let loaded = Path::new("/sys/module").join(module).join("initstate").exists();
    if !loaded {
        skip::whole(format_args!("the module {module} is not loaded"));
        return false;
    }
    let told = Path::new("/sys/kernel/btf").join(module).exists();
    gate.needs("types of modules", "5.11", told)
}

#[test]
fn functions_of_modules_are_called() {
    let Some(gate) = Gate::root() else { return };
    if !tells_types(&gate, "nf_conntrack") {
        return;
    }
    let kernel = Kernel::running().unwrap();
    let Some(object) = load(&kernel, "looks_up") else { return };
    let object = object.unwrap_or_else(|error| panic!("{error:?}"));
    let program = object.program("looks_up").unwrap();
    assert_eq!(program.test_run(&TestRun::data(&[0; 64])).unwrap().retval, 0);
    let looked_up = object.variable("looked_up").unwrap().read().unwrap();
    if gate.needs("looking up connections", "5.18", looked_up != [0; 4]) {
        let error = object.variable("error").unwrap().read().unwrap();
        // There is no such connection.
        assert_eq!(i32::from_ne_bytes(error.try_into().unwrap()), -2);
    }
}

#[test]
fn programs_attach_to_functions_of_modules() {
    let Some(gate) = Gate::root() else { return };
    if !tells_types(&gate, "veth") || !gate.may_patch_functions("fentry") {
        return;
    }
    let kernel = Kernel::running().unwrap();
    for program in ["sends", "sends_by_module"] {
        let Some(object) = load(&kernel, program) else { return };
        let object = object.unwrap_or_else(|error| panic!("{error:?}"));
        object.program(program).unwrap().attach().unwrap_or_else(|error| panic!("{error:?}"));
    }
}

#[test]
fn the_options_of_an_installed_kernel_are_found_by_its_release() {
    let root = Root::new();
    root.write("boot/config-9.9.0-other", b"CONFIG_HZ=77\n");
    let other = |release: &str| {
        Kernel::builder().root(root.0.path()).config_of_release(release).build().unwrap()
    };
    assert_eq!(other("9.9.0-other").config().unwrap().option("CONFIG_HZ"), Some("77"));
    for release in ["9.9.1", "../boot/config-9.9.0-other"] {
        let error = other(release).config().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::NotFound, "{error:#}");
        assert!(error.to_string().contains(release), "{error}");
    }
}
