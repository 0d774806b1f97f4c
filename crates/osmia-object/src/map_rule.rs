//! What a map's type wants of its sizes and flags.

use osmia_abi::MapType;
use osmia_abi::flags::{BPF_F_INNER_MAP, BPF_F_NO_PREALLOC};

use crate::map_spec::MapSpec;

impl MapSpec {
    /// The rule of the map's type that its sizes and flags break, if it is created with this many entries; no kernel creates
    /// it then.
    ///
    /// # Examples
    /// ```no_run
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use osmia_object::ObjectSpec;
    ///
    /// let object = ObjectSpec::parse("basic", std::fs::read("basic.bpf.o")?.into())?;
    /// for map in object.maps.values() {
    ///     if let Some(rule) = map.broken_rule(map.max_entries) {
    ///         println!("{}: {rule}", map.name);
    ///     }
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn broken_rule(&self, max_entries: u32) -> Option<&'static str> {
        let rule = |broken: bool, text: &'static str| broken.then_some(text);
        match self.map_type {
            MapType::ARENA => {
                let sized = self.key_size != 0 || self.value_size != 0;
                rule(sized, "an arena has neither key nor value: leave both out")
                    .or_else(|| rule(max_entries == 0, NO_ENTRIES))
            }
            MapType::RINGBUF | MapType::USER_RINGBUF => {
                let sized = self.key_size != 0 || self.value_size != 0;
                rule(sized, "a ring buffer has neither key nor value: leave both out")
            }
            _ => self.broken_size(max_entries).or_else(|| self.broken_flag()),
        }
    }

    fn broken_size(&self, max_entries: u32) -> Option<&'static str> {
        let rule = |broken: bool, text: &'static str| broken.then_some(text);
        let (key, value) = (self.key_size, self.value_size);
        let (storage, array) = (is_storage(self.map_type), is_array(self.map_type));
        let keyless = is_keyless(self.map_type);
        rule(keyless && key != 0, "it has no keys: leave the key out")
            .or_else(|| rule(!storage && max_entries == 0, NO_ENTRIES))
            .or_else(|| rule(storage && max_entries != 0, "it has no max_entries: leave it out"))
            .or_else(|| rule(array && key != 4, "the keys of an array are 4 bytes (__u32)"))
            .or_else(|| rule(!array && key == 0 && !keyless, "it has no key"))
            .or_else(|| rule(value == 0, "it has no value"))
            .or_else(|| {
                let places = self.map_type == MapType::INSN_ARRAY;
                let text = "its values are 16 bytes (struct bpf_insn_array_value)";
                rule(places && value != 16, text)
            })
    }

    fn broken_flag(&self) -> Option<&'static str> {
        let rule = |broken: bool, text: &'static str| broken.then_some(text);
        let no_prealloc = self.flags & BPF_F_NO_PREALLOC != 0;
        let needs = self.map_type == MapType::LPM_TRIE || is_local(self.map_type);
        let array = is_array(self.map_type);
        let inner = self.flags & BPF_F_INNER_MAP != 0 && self.map_type != MapType::ARRAY;
        rule(needs && !no_prealloc, "its map_flags must have BPF_F_NO_PREALLOC")
            .or_else(|| rule(array && no_prealloc, "arrays cannot have BPF_F_NO_PREALLOC"))
            .or_else(|| rule(inner, "BPF_F_INNER_MAP is for arrays"))
    }
}

const NO_ENTRIES: &str = "max_entries is 0: say how many entries it has room for";

const fn is_array(map_type: MapType) -> bool {
    matches!(
        map_type,
        MapType::ARRAY
            | MapType::PERCPU_ARRAY
            | MapType::PROG_ARRAY
            | MapType::PERF_EVENT_ARRAY
            | MapType::ARRAY_OF_MAPS
            | MapType::CGROUP_ARRAY
            | MapType::INSN_ARRAY
    )
}

const fn is_keyless(map_type: MapType) -> bool {
    matches!(map_type, MapType::QUEUE | MapType::STACK | MapType::BLOOM_FILTER)
}

const fn is_storage(map_type: MapType) -> bool {
    is_local(map_type)
        || matches!(
            map_type,
            MapType::CGROUP_STORAGE | MapType::PERCPU_CGROUP_STORAGE | MapType::STRUCT_OPS
        )
}

const fn is_local(map_type: MapType) -> bool {
    matches!(
        map_type,
        MapType::SK_STORAGE
            | MapType::INODE_STORAGE
            | MapType::TASK_STORAGE
            | MapType::CGRP_STORAGE
    )
}
