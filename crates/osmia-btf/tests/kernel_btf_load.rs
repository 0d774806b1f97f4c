//! BTF that kernels take: made, swapped, and sanitised for those that lack kinds; needs root.
#![allow(missing_docs, clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

mod sample;

use osmia_btf::{Btf, Builder, Endian, KernelBtf, Kind, Linkage, SectionVar, TypeId};
use osmia_sys::{Bpf, Log};
use osmia_testkit::gate::Gate;

/// What the kernel says to a BTF: nothing if it takes it, its log if not.
fn refusal(btf: &Btf) -> Option<String> {
    let mut buf = vec![0; 1 << 16];
    let mut log = Log { level: 1, buf: &mut buf, ..Log::default() };
    match Bpf::kernel().btf_load(btf.as_bytes(), &mut log, None) {
        Ok(_) => None,
        Err(errno) => Some(format!("{errno}: {}", String::from_utf8_lossy(log.text()))),
    }
}

#[test]
fn every_kernel_takes_the_oldest_kinds() {
    let Some(_gate) = Gate::root() else { return };
    let old = sample::every_kind(Endian::host()).sanitised(&KernelBtf::NONE).unwrap();
    assert_eq!(refusal(&old), None);
}

#[test]
fn each_kind_is_replaced_by_what_kernels_take() {
    let Some(gate) = Gate::root() else { return };
    let btf = sample::every_kind(Endian::host());
    let whole = refusal(&btf);
    if !gate.needs("BTF enums of 64-bit values", "6.0", whole.is_none()) {
        return;
    }
    let all = KernelBtf::ALL;
    for kernel in [
        KernelBtf { func: false, ..all },
        KernelBtf { func_global: false, ..all },
        KernelBtf { datasec: false, ..all },
        KernelBtf { float: false, ..all },
        KernelBtf { decl_tag: false, ..all },
        KernelBtf { type_tag: false, ..all },
        KernelBtf { enum64: false, ..all },
        KernelBtf { func: false, decl_tag: false, datasec: false, ..all },
    ] {
        // A tag for something else than what it was for is refused, whoever made it so.
        let sanitised = btf.sanitised(&kernel).unwrap();
        assert_ne!(sanitised.as_bytes(), btf.as_bytes(), "{kernel:?}");
        assert_eq!(refusal(&sanitised), None, "{kernel:?}");
    }
}

#[test]
fn kernel_symbols_are_taken_once_they_are_settled() {
    let Some(gate) = Gate::root() else { return };
    let mut builder = Builder::new(Endian::host());
    let int = builder.int("int", sample::int(4, true)).unwrap();
    let param = osmia_btf::Param { name: "", ty: int };
    let prototype = builder.prototype(TypeId::VOID, &[param]).unwrap();
    let function = builder.function("some_kfunc", prototype, Linkage::Extern).unwrap();
    let variable = builder.variable("some_symbol", TypeId::VOID, Linkage::Extern).unwrap();
    let place = |var| SectionVar { var, offset: 0, size: 0 };
    let section = builder.section(".ksyms", 0, &[place(function), place(variable)]).unwrap();
    let raw = builder.build().unwrap();
    assert!(refusal(&raw).is_some(), "then there would be nothing to settle");
    builder.settle_ksyms(section).unwrap();
    let refused = refusal(&builder.build().unwrap());
    if gate.needs("BTF with global functions", "5.6", refused.is_none()) {
        assert_eq!(refused, None);
    }
}

#[test]
fn optional_sections_lose_their_mark() {
    let Some(gate) = Gate::root() else { return };
    let mut builder = Builder::new(Endian::host());
    let int = builder.int("int", sample::int(4, true)).unwrap();
    let var = builder.variable("ops", int, Linkage::Global).unwrap();
    builder.section("?.struct_ops", 4, &[SectionVar { var, offset: 0, size: 4 }]).unwrap();
    let btf = builder.build().unwrap();
    let older = KernelBtf { optional_datasec: false, ..KernelBtf::ALL };
    let plain = btf.sanitised(&older).unwrap();
    assert!(plain.find(Kind::DataSec, "_.struct_ops").unwrap().is_some());
    let refused = refusal(&plain);
    if gate.needs("BTF data sections", "5.2", refused.is_none()) {
        assert_eq!(refused, None);
    }
}
