//! What a network device can do by itself.

use osmia_abi::{MapType, ProgType};
use osmia_sys::{Bpf, Errno, Log, MapCreate, Netlink, ProgLoad};

use crate::failure::Failure;
use crate::token;

/// `r0 = 0; exit`, in the byte order of this machine.
const TRIVIAL: [[u8; 8]; 2] = [[0xb7, 0, 0, 0, 0, 0, 0, 0], [0x95, 0, 0, 0, 0, 0, 0, 0]];

/// A network device.
pub struct Device {
    index: u32,
    bpf: Bpf,
}

impl Device {
    /// The device of this name.
    ///
    /// # Errors
    /// There is none.
    pub fn named(name: &str) -> Result<Self, Failure> {
        let bpf = token::bpf()?;
        let found = Netlink::open().and_then(|net| net.index_of(name));
        found.map(|index| Self { index, bpf }).map_err(|errno| match errno {
            Errno::NODEV => Failure::not_found(format!("there is no interface {name}")),
            errno => Failure::because(format!("find interface {name}"), &errno),
        })
    }

    /// Whether programs of this type can be loaded into it.
    pub fn has_program_type(&self, prog_type: ProgType) -> bool {
        let load = ProgLoad {
            prog_type,
            insns: TRIVIAL.as_flattened(),
            license: c"GPL",
            ifindex: self.index,
            ..ProgLoad::default()
        };
        self.bpf.prog_load(&load, &mut Log::default()).is_ok()
    }

    /// Whether maps of this type can be made in it.
    pub fn has_map_type(&self, map_type: MapType) -> bool {
        let create = MapCreate {
            map_type,
            key_size: 4,
            value_size: 4,
            max_entries: 1,
            ifindex: self.index,
            ..MapCreate::default()
        };
        self.bpf.map_create(&create).is_ok()
    }
}
