//! Flags of maps in words.

use osmia_abi::flags;

const NAMES: &[(u32, &str)] = &[
    (flags::BPF_F_NO_PREALLOC, "no_prealloc"),
    (flags::BPF_F_NO_COMMON_LRU, "no_common_lru"),
    (flags::BPF_F_NUMA_NODE, "numa_node"),
    (flags::BPF_F_RDONLY, "rdonly"),
    (flags::BPF_F_WRONLY, "wronly"),
    (flags::BPF_F_STACK_BUILD_ID, "stack_build_id"),
    (flags::BPF_F_ZERO_SEED, "zero_seed"),
    (flags::BPF_F_RDONLY_PROG, "rdonly_prog"),
    (flags::BPF_F_WRONLY_PROG, "wronly_prog"),
    (flags::BPF_F_CLONE, "clone"),
    (flags::BPF_F_MMAPABLE, "mmapable"),
    (flags::BPF_F_PRESERVE_ELEMS, "preserve_elems"),
    (flags::BPF_F_INNER_MAP, "inner_map"),
    (flags::BPF_F_LINK, "link"),
    (flags::BPF_F_RB_OVERWRITE, "rb_overwrite"),
];

/// The names of the flags, and the rest as a number.
pub fn names(flags: u32) -> String {
    let known: u32 = NAMES.iter().map(|(flag, _)| flag).sum();
    let set = NAMES.iter().filter(|(flag, _)| flags & flag != 0);
    let mut names: Vec<String> = set.map(|(_, name)| (*name).to_owned()).collect();
    let rest = flags & !known;
    names.extend((rest != 0).then(|| format!("{rest:#x}")));
    names.join(" ")
}

/// The flag of this name.
pub fn of_name(name: &str) -> Option<u32> {
    NAMES.iter().find(|(_, known)| *known == name).map(|(flag, _)| *flag)
}

/// The names of all flags.
pub fn all() -> impl Iterator<Item = &'static str> {
    NAMES.iter().map(|(_, name)| *name)
}

#[cfg(test)]
mod tests {
    use super::names;

    #[test]
    fn known_flags_have_names_and_others_numbers() {
        assert_eq!(names(0), "");
        assert_eq!(names(0x481), "no_prealloc rdonly_prog mmapable");
        assert_eq!(names(0x8000_0001), "no_prealloc 0x80000000");
    }
}
