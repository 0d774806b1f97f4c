use std::sync::Arc;

use osmia_abi::{Cmd, MapCreateAttr};
use osmia_sys::{Bpf, Call, CallCounter, Errno, Returned, Syscalls};
use osmia_testkit::gate::Gate;

use super::Features;
use crate::kernel::feature::Feature;

/// A kernel that refuses named maps and BTF with enums of 64 bits.
struct Older;

impl Syscalls for Older {
    fn bpf(&self, call: Call<'_>) -> Result<Returned, Errno> {
        let named = |call: &Call<'_>| call.attr::<MapCreateAttr>().map_name != [0; 16];
        let has_enum64 =
            |call: &Call<'_>| call.input().chunks(4).any(|word| word == [1, 0, 0, 0x93]);
        match call.cmd() {
            Cmd::MAP_CREATE if named(&call) => Err(Errno::INVAL),
            Cmd::BTF_LOAD if has_enum64(&call) => Err(Errno::INVAL),
            _ => call.proceed(),
        }
    }
}

/// A kernel that lets this process do nothing.
struct Forbidding;

impl Syscalls for Forbidding {
    fn bpf(&self, _: Call<'_>) -> Result<Returned, Errno> {
        Err(Errno::PERM)
    }
}

#[test]
fn the_running_kernel_has_what_its_release_has() {
    let Some(gate) = Gate::root() else { return };
    let features = Features::default();
    for feature in Feature::ALL {
        let (name, since) = feature.described();
        let there = features.has(&Bpf::kernel(), feature) == Some(true);
        assert!(gate.needs(name, &since.to_string(), there) || !there);
    }
}

#[test]
fn an_older_kernel_is_recognised_and_asked_once() {
    let Some(_gate) = Gate::root() else { return };
    let counter = Arc::new(CallCounter::default());
    let bpf = Bpf::kernel().with(Arc::new(Older)).with(counter.clone());
    let features = Features::default();
    assert!(!features.known_to_lack(Feature::Names));
    assert!(features.lacks(&bpf, Feature::Names));
    assert!(features.known_to_lack(Feature::Names));
    assert!(features.lacks(&bpf, Feature::BtfEnum64));
    assert!(!features.lacks(&bpf, Feature::BtfTypeTags));
    let asked = counter.total();
    assert!(features.lacks(&bpf, Feature::Names));
    assert_eq!(counter.total(), asked);
}

#[test]
fn a_refusal_for_want_of_rights_tells_nothing() {
    let bpf = Bpf::kernel().with(Arc::new(Forbidding));
    let features = Features::default();
    for feature in Feature::ALL {
        assert_eq!(features.has(&bpf, feature), None, "{feature:?}");
        assert!(!features.known_to_lack(feature));
    }
}
