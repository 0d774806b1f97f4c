//! Symbols of the kernel, answered from types and addresses.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

mod compilers;

use osmia_btf::core_re::Target;
use osmia_btf::{Btf, Builder, Endian, Int, Kind, Linkage, Param, TypeId};
use osmia_insn::{Imm64, PSEUDO_KFUNC_CALL};
use osmia_object::ksym::{
    Address, KernelSymbol, KernelSymbols, MISSING_CALL, ModuleFd, Question, by_address, by_type,
};
use osmia_object::{Error, LinkedProgram, ObjectSpec};

fn int(builder: &mut Builder) -> TypeId {
    let (size, bits, offset) = (4, 32, 0);
    let int = Int { size, bits, offset, signed: true, is_char: false, is_bool: false };
    builder.int("int", int).unwrap()
}

/// A function without a result that takes ints.
fn function(builder: &mut Builder, name: &str, params: &[TypeId]) -> TypeId {
    let params: Vec<Param<'_>> = params.iter().map(|&ty| Param { name: "a", ty }).collect();
    let prototype = builder.prototype(TypeId::VOID, &params).unwrap();
    builder.function(name, prototype, Linkage::Static).unwrap()
}

/// A kernel with `struct rq runqueues`, `int bpf_prog_active` and a lock.
fn kernel() -> Btf {
    let mut builder = Builder::new(Endian::Little);
    let int = int(&mut builder);
    let rq = builder.composite(Kind::Struct, "rq", 8, &[]).unwrap();
    builder.variable("runqueues", rq, Linkage::Global).unwrap();
    builder.variable("bpf_prog_active", int, Linkage::Global).unwrap();
    function(&mut builder, "bpf_rcu_read_lock", &[]);
    builder.build().unwrap()
}

/// Its modules: the second one can unlock.
fn modules(kernel: &Btf) -> Vec<Target> {
    let mut first = Builder::split(kernel.clone()).unwrap();
    function(&mut first, "first_init", &[]);
    let mut second = Builder::split(kernel.clone()).unwrap();
    function(&mut second, "bpf_rcu_read_unlock", &[]);
    let target = |name, builder: Builder| Target::new(name, &builder.build().unwrap());
    vec![target("first", first), target("second", second)]
}

struct World {
    kernel: Target,
    modules: Vec<Target>,
}

impl World {
    fn new() -> Self {
        let kernel = kernel();
        Self { kernel: Target::new("vmlinux", &kernel), modules: modules(&kernel) }
    }

    fn ask(&self, spec: &ObjectSpec, name: &str) -> Result<KernelSymbol, Error> {
        by_type(spec.btf.as_ref().unwrap(), &spec.externs[name], &self.kernel, || &self.modules)
    }

    fn id(&self, place: usize, kind: Kind, name: &str) -> TypeId {
        let target = if place == 0 { &self.kernel } else { &self.modules[place - 1] };
        target.btf().find(kind, name).unwrap().unwrap().id()
    }

    fn typed(&self, place: usize, kind: Kind, name: &str) -> KernelSymbol {
        KernelSymbol::Typed { place, id: self.id(place, kind, name), address: None }
    }
}

fn absent(symbol: Result<KernelSymbol, Error>) -> String {
    match symbol.unwrap() {
        KernelSymbol::Absent { why } => why,
        other => panic!("{other:?}"),
    }
}

#[test]
fn what_an_extern_asks_is_seen_from_its_type() {
    compilers::each("ksyms", |label, spec| {
        let question = |name: &str| Question::of(spec, &spec.externs[name]);
        assert_eq!(question("schedule"), Some(Question::Address), "{label}");
        assert_eq!(question("runqueues"), Some(Question::Variable), "{label}");
        assert_eq!(question("bpf_rcu_read_lock"), Some(Question::Function), "{label}");
    });
    compilers::each("kconfig", |label, spec| {
        assert_eq!(Question::of(spec, &spec.externs["CONFIG_HZ"]), None, "{label}");
    });
}

#[test]
fn the_kernel_is_asked_before_its_modules() {
    let world = World::new();
    compilers::each("ksyms", |label, spec| {
        let lock = by_type(
            spec.btf.as_ref().unwrap(),
            &spec.externs["bpf_rcu_read_lock"],
            &world.kernel,
            || panic!("{label}: the kernel has it"),
        );
        assert_eq!(lock, Ok(world.typed(0, Kind::Func, "bpf_rcu_read_lock")), "{label}");
        for (name, place, kind, found) in [
            ("bpf_rcu_read_lock___flavour", 0, Kind::Func, "bpf_rcu_read_lock"),
            ("bpf_rcu_read_unlock", 2, Kind::Func, "bpf_rcu_read_unlock"),
            ("bpf_prog_active", 0, Kind::Var, "bpf_prog_active"),
        ] {
            assert_eq!(world.ask(spec, name), Ok(world.typed(place, kind, found)), "{label}");
        }
    });
}

#[test]
fn declarations_must_fit() {
    let world = World::new();
    compilers::each("ksyms", |label, spec| {
        // A forward declaration stands for the struct of its name.
        let rq = world.typed(0, Kind::Var, "runqueues");
        assert_eq!(world.ask(spec, "runqueues"), Ok(rq), "{label}");
        let other = spec.externs["bpf_prog_active"].ty;
        spec.externs["runqueues"].ty = other;
        let error = world.ask(spec, "runqueues").unwrap_err().to_string();
        assert!(error.contains("it is declared as `const int runqueues`"), "{label}: {error}");
        assert!(error.contains("in vmlinux it is `struct rq runqueues`"), "{label}: {error}");
        let why = absent(world.ask(spec, "bpf_rcu_read_unlock___wrong"));
        assert!(why.contains("`void bpf_rcu_read_unlock___wrong(int"), "{label}: {why}");
        assert!(why.contains("in second it is `void bpf_rcu_read_unlock(void)`"), "{label}: {why}");
        spec.externs["bpf_rcu_read_unlock___wrong"].weak = false;
        let error = world.ask(spec, "bpf_rcu_read_unlock___wrong").unwrap_err().to_string();
        assert!(error.starts_with("extern bpf_rcu_read_unlock___wrong: it is"), "{label}: {error}");
    });
}

#[test]
fn what_is_missing_is_explained() {
    let world = World::new();
    compilers::each("ksyms", |label, spec| {
        let why = absent(world.ask(spec, "osmia_no_such_function"));
        let start = "neither vmlinux nor its modules first, second has a function";
        assert!(why.starts_with(start) && why.contains("bpf_ksym_exists"), "{label}: {why}");
        let why = absent(world.ask(spec, "osmia_no_such_variable"));
        assert!(why.contains("`extern const void` gives the address"), "{label}: {why}");
        for (name, wanted) in [
            ("bpf_rcu_read_look", "did you mean `bpf_rcu_read_lock`?"),
            ("first_inti", "did you mean `first_init`?"),
            ("runqueues", "but a variable of that name"),
        ] {
            let mut extern_spec = spec.externs["bpf_rcu_read_lock"].clone();
            extern_spec.name = name.to_owned();
            let btf = spec.btf.as_ref().unwrap();
            let error = by_type(btf, &extern_spec, &world.kernel, || &world.modules).unwrap_err();
            assert!(error.to_string().contains(wanted), "{label}: {error}");
        }
    });
}

/// A program with its externs filled in.
fn resolved(
    spec: &ObjectSpec,
    program: &str,
    symbols: &KernelSymbols,
) -> (LinkedProgram, LinkedProgram, Vec<osmia_object::ksym::MissingCall>) {
    let linked = spec.link(program).unwrap();
    let mut filled = linked.clone();
    let module = |place| (place == 2).then_some(ModuleFd { fd: 77, index: 5 });
    filled.resolve_externs(spec, symbols, module).unwrap();
    let missing = filled.missing_calls.clone();
    (linked, filled, missing)
}

/// The slots of a program that refer to an extern.
fn places(linked: &LinkedProgram, name: &str) -> Vec<usize> {
    let target = osmia_object::Target::Extern(name.to_owned());
    let places = linked.relocations.iter().filter(|relocation| relocation.target == target);
    places.map(|relocation| relocation.at as usize).collect()
}

#[test]
fn calls_get_ids_and_modules() {
    let world = World::new();
    compilers::each("ksyms", |label, spec| {
        let mut symbols = KernelSymbols::new();
        for name in ["bpf_rcu_read_lock", "bpf_rcu_read_unlock", "bpf_rcu_read_lock___flavour"] {
            symbols.insert(name.to_owned(), world.ask(spec, name).unwrap());
        }
        for name in ["osmia_no_such_function", "bpf_rcu_read_unlock___wrong"] {
            symbols.insert(name.to_owned(), world.ask(spec, name).unwrap());
        }
        let (linked, filled, missing) = resolved(spec, "calls", &symbols);
        assert!(filled.externs().next().is_none(), "{label}");
        for (name, id, off) in [
            ("bpf_rcu_read_lock", world.id(0, Kind::Func, "bpf_rcu_read_lock"), 0),
            ("bpf_rcu_read_unlock", world.id(2, Kind::Func, "bpf_rcu_read_unlock"), 5),
        ] {
            for at in places(&linked, name) {
                let insn = filled.insns[at];
                assert!(insn.is_kfunc_call(), "{label}: {name}");
                assert_eq!(insn.src, PSEUDO_KFUNC_CALL, "{label}: {name}");
                assert_eq!((insn.imm as u32, insn.off), (id.0, off), "{label}: {name}");
            }
        }
        let poisoned: Vec<_> = missing.iter().map(|call| call.name.as_str()).collect();
        assert!(poisoned.contains(&"osmia_no_such_function"), "{label}: {poisoned:?}");
        assert!(poisoned.contains(&"bpf_rcu_read_unlock___wrong"), "{label}: {poisoned:?}");
        for call in &missing {
            let place = spec.externs.get_index_of(&call.name).unwrap() as i32;
            let insn = filled.insns[call.at as usize];
            assert!(insn.is_helper_call(), "{label}");
            assert_eq!(insn.imm, MISSING_CALL + place, "{label}");
        }
        // Addresses that are taken to ask: 0 where there is none.
        let value = |name: &str| {
            let wide = |at: &usize| filled.insns[*at].is_wide();
            let at = places(&linked, name).into_iter().find(wide).unwrap();
            let (first, second) = (filled.insns[at], filled.insns[at + 1]);
            Imm64::from_fields(first.src, first.imm, second.imm).unwrap()
        };
        assert_eq!(value("osmia_no_such_function"), Imm64::Const(0), "{label}");
        let id = world.id(0, Kind::Func, "bpf_rcu_read_lock").0 as i32;
        assert_eq!(value("bpf_rcu_read_lock___flavour"), Imm64::BtfId { id, btf_fd: 0 }, "{label}");
    });
}

#[test]
fn variables_get_addresses_or_ids() {
    compilers::each("ksyms", |label, spec| {
        let found = Address { address: 0xffff_ffff_8200_0040, module: None };
        let mut symbols = KernelSymbols::new();
        let symbol = by_address(&spec.externs["schedule"], &[found]).unwrap();
        symbols.insert("schedule".to_owned(), symbol);
        let symbol = by_address(&spec.externs["osmia_no_such_symbol"], &[]).unwrap();
        symbols.insert("osmia_no_such_symbol".to_owned(), symbol);
        let (linked, filled, missing) = resolved(spec, "addresses", &symbols);
        assert!(missing.is_empty(), "{label}");
        for (name, address) in [("schedule", 0xffff_ffff_8200_0040), ("osmia_no_such_symbol", 0)] {
            for at in places(&linked, name) {
                let value = filled.insns[at].imm64(filled.insns[at + 1]);
                assert_eq!(value, address, "{label}: {name}");
            }
        }
        for (place, fd) in [(0, 0), (2, 77)] {
            let typed = |id| KernelSymbol::Typed { place, id: TypeId(id), address: None };
            symbols.insert("bpf_prog_active".to_owned(), typed(12));
            symbols.insert("runqueues".to_owned(), typed(13));
            symbols.insert("osmia_no_such_variable".to_owned(), typed(14));
            let (linked, filled, _) = resolved(spec, "typed", &symbols);
            let at = places(&linked, "bpf_prog_active")[0];
            let (first, second) = (filled.insns[at], filled.insns[at + 1]);
            let value = Imm64::from_fields(first.src, first.imm, second.imm).unwrap();
            assert_eq!(value, Imm64::BtfId { id: 12, btf_fd: fd }, "{label}");
        }
    });
}

#[test]
fn what_nobody_looked_up_is_an_error() {
    compilers::each("ksyms", |label, spec| {
        let mut linked = spec.link("addresses").unwrap();
        let outcome = linked.resolve_externs(spec, &KernelSymbols::new(), |_| None);
        let error = outcome.unwrap_err().to_string();
        assert!(error.contains("nobody has looked it up"), "{label}: {error}");
        let mut symbols = KernelSymbols::new();
        let typed = KernelSymbol::Typed { place: 1, id: TypeId(1), address: None };
        for name in spec.externs.keys() {
            symbols.insert(name.clone(), typed.clone());
        }
        let outcome = spec.link("calls").unwrap().resolve_externs(spec, &symbols, |_| None);
        assert!(outcome.unwrap_err().to_string().contains("module cannot be referred"), "{label}");
    });
}
