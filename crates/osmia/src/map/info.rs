//! What a kernel tells of a map.

use osmia_abi::{BpfMapInfo, MapType};

/// What a kernel tells of a map.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct MapInfo {
    /// Its id.
    pub id: u32,
    /// Its name as the kernel keeps it: at most 15 bytes.
    pub name: String,
    /// Its type.
    pub map_type: MapType,
    /// The bytes of a key.
    pub key_size: u32,
    /// The bytes of a value.
    pub value_size: u32,
    /// The most elements.
    pub max_entries: u32,
    /// `BPF_F_*` flags it was made with.
    pub flags: u32,
    /// What the type makes of it.
    pub map_extra: u64,
    /// The interface that it is offloaded to, 0 otherwise.
    pub ifindex: u32,
    /// The id of the BTF that describes it, 0 if none does.
    pub btf_id: u32,
    /// The type of its keys in that BTF.
    pub btf_key_type_id: u32,
    /// The type of its values in that BTF.
    pub btf_value_type_id: u32,
    /// The type of its values in the kernel's BTF, for `struct_ops`.
    pub btf_vmlinux_value_type_id: u32,
}

impl MapInfo {
    pub(crate) fn new(info: &BpfMapInfo) -> Self {
        Self {
            id: info.id,
            name: text(&info.name),
            map_type: info.type_,
            key_size: info.key_size,
            value_size: info.value_size,
            max_entries: info.max_entries,
            flags: info.map_flags,
            map_extra: info.map_extra,
            ifindex: info.ifindex,
            btf_id: info.btf_id,
            btf_key_type_id: info.btf_key_type_id,
            btf_value_type_id: info.btf_value_type_id,
            btf_vmlinux_value_type_id: info.btf_vmlinux_value_type_id,
        }
    }
}

/// The text in front of the first NUL.
pub(crate) fn text(bytes: &[u8]) -> String {
    let text = bytes.split(|&byte| byte == 0).next().unwrap_or_default();
    String::from_utf8_lossy(text).into_owned()
}
