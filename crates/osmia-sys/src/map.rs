//! Maps: creation and single elements.
#![allow(unsafe_code)]

use std::mem::offset_of;
use std::os::fd::{AsFd, BorrowedFd};

use osmia_abi::flags::{BPF_F_NUMA_NODE, BPF_F_TOKEN_FD, BPF_F_VTYPE_BTF_OBJ_FD};
use osmia_abi::{BpfMapInfo, Cmd, MapCreateAttr, MapElemAttr, MapType};
use rustix::io::Errno;

use crate::bpf::Bpf;
use crate::map_fd::MapFd;
use crate::map_shape::MapShape;
use crate::name::ObjName;
use crate::{fd, ptr};

/// What `BPF_MAP_CREATE` takes.
#[derive(Clone, Copy, Debug, Default)]
pub struct MapCreate<'a> {
    /// The type.
    pub map_type: MapType,
    /// The bytes of a key.
    pub key_size: u32,
    /// The bytes of a value.
    pub value_size: u32,
    /// The most elements; the bytes of a ring buffer.
    pub max_entries: u32,
    /// `BPF_F_*`; those that follow from other fields here are set by themselves.
    pub map_flags: u32,
    /// The pattern of the inner maps of a map of maps.
    pub inner_map: Option<BorrowedFd<'a>>,
    /// The NUMA node whose memory is used.
    pub numa_node: Option<u32>,
    /// The name.
    pub name: ObjName,
    /// The device that the map is offloaded to.
    pub ifindex: u32,
    /// The BTF that the type ids are of.
    pub btf: Option<BorrowedFd<'a>>,
    /// The type of the keys.
    pub btf_key_type_id: u32,
    /// The type of the values.
    pub btf_value_type_id: u32,
    /// The type of the values in the kernel's BTF, for `struct_ops`.
    pub btf_vmlinux_value_type_id: u32,
    /// What else the type wants: hash functions of a bloom filter, the address of an arena.
    pub map_extra: u64,
    /// The module's BTF that `btf_vmlinux_value_type_id` is of, where it is not the kernel's.
    pub value_type_btf: Option<BorrowedFd<'a>>,
    /// A token that lends its rights.
    pub token: Option<BorrowedFd<'a>>,
    /// The hash of the only program that may use the map.
    pub excl_prog_hash: &'a [u8],
}

impl MapCreate<'_> {
    fn attr(&self, token: Option<BorrowedFd<'_>>) -> Result<MapCreateAttr, Errno> {
        let token = self.token.or(token);
        let mut flags = self.map_flags;
        flags |= self.numa_node.map_or(0, |_| BPF_F_NUMA_NODE);
        flags |= self.value_type_btf.map_or(0, |_| BPF_F_VTYPE_BTF_OBJ_FD);
        flags |= token.map_or(0, |_| BPF_F_TOKEN_FD);
        Ok(MapCreateAttr {
            map_type: self.map_type,
            key_size: self.key_size,
            value_size: self.value_size,
            max_entries: self.max_entries,
            map_flags: flags,
            inner_map_fd: fd::raw_or_zero(self.inner_map),
            numa_node: self.numa_node.unwrap_or(0),
            map_name: self.name.bytes(),
            map_ifindex: self.ifindex,
            btf_fd: fd::raw_or_zero(self.btf),
            btf_key_type_id: self.btf_key_type_id,
            btf_value_type_id: self.btf_value_type_id,
            btf_vmlinux_value_type_id: self.btf_vmlinux_value_type_id,
            map_extra: self.map_extra,
            value_type_btf_obj_fd: fd::signed_or_zero(self.value_type_btf),
            map_token_fd: fd::signed_or_zero(token),
            excl_prog_hash: ptr::read(self.excl_prog_hash),
            excl_prog_hash_size: ptr::len(self.excl_prog_hash)?,
            ..MapCreateAttr::default()
        })
    }
}

/// Whether the kernel may use other sizes than those that were asked for.
fn sizes_may_differ(map_type: MapType) -> bool {
    map_type == MapType::STRUCT_OPS
}

/// Element commands of a map. Keys and values must be as long as the map's [`MapShape`] says; a slice of
/// another length is `EINVAL`, without a call.
impl Bpf {
    /// `BPF_MAP_CREATE`: makes a map.
    ///
    /// # Kernel
    ///
    /// Since 3.19; the [map types](MapType) and most fields came later.
    ///
    /// # Errors
    ///
    /// `EINVAL` or `E2BIG` for what the kernel does not know, `EPERM` without `CAP_BPF` (or, before 5.11, with
    /// too little lockable memory), `ENOMEM`.
    pub fn map_create(&self, create: &MapCreate<'_>) -> Result<MapFd, Errno> {
        let mut attr = create.attr(self.token())?;
        // SAFETY: the hash is read for as long as `excl_prog_hash_size` says; a map's descriptor comes back.
        let fd = unsafe { self.call_fd(Cmd::MAP_CREATE, &mut attr, 0, &[])? };
        if sizes_may_differ(create.map_type) {
            return MapFd::with_info(self, fd).map(|(map, _)| map);
        }
        let info = BpfMapInfo {
            type_: attr.map_type,
            key_size: attr.key_size,
            value_size: attr.value_size,
            map_flags: attr.map_flags,
            ..BpfMapInfo::default()
        };
        MapFd::from_info(fd, &info)
    }

    /// `BPF_MAP_LOOKUP_ELEM`: copies the value of `key` out.
    ///
    /// The value is that of all CPUs where the map is per CPU, see [`MapShape::element_size`]. A bloom filter
    /// reads `value` and says whether it may be in it.
    ///
    /// # Errors
    ///
    /// `ENOENT` if the key is not there; `ENOTSUPP` (524) if the type has no look-up.
    #[inline]
    pub fn map_lookup(
        &self,
        map: &MapFd,
        key: &[u8],
        value: &mut [u8],
        flags: u64,
    ) -> Result<(), Errno> {
        self.map_read(Cmd::MAP_LOOKUP_ELEM, map, key, value, flags)
    }

    /// `BPF_MAP_LOOKUP_AND_DELETE_ELEM`: copies the value of `key` out and deletes it. Queues and stacks have no
    /// key: it is empty.
    ///
    /// # Kernel
    ///
    /// Queues and stacks since 4.20, hashes since 5.14.
    ///
    /// # Errors
    ///
    /// As for [`map_lookup`](Self::map_lookup).
    #[inline]
    pub fn map_lookup_and_delete(
        &self,
        map: &MapFd,
        key: &[u8],
        value: &mut [u8],
        flags: u64,
    ) -> Result<(), Errno> {
        self.map_read(Cmd::MAP_LOOKUP_AND_DELETE_ELEM, map, key, value, flags)
    }

    /// `BPF_MAP_UPDATE_ELEM`: writes the value of `key`; `flags` is `BPF_ANY`, `BPF_NOEXIST` or `BPF_EXIST`,
    /// and others.
    ///
    /// # Errors
    ///
    /// `EEXIST` under `BPF_NOEXIST`, `ENOENT` under `BPF_EXIST`, `E2BIG` if the map is full, `EPERM` if it is
    /// frozen or read-only.
    #[inline]
    pub fn map_update(
        &self,
        map: &MapFd,
        key: &[u8],
        value: &[u8],
        flags: u64,
    ) -> Result<(), Errno> {
        let shape = map.shape();
        check(shape, key, value.len(), flags)?;
        let mut attr = MapElemAttr {
            map_fd: fd::raw(map),
            key: ptr::read(key),
            value: ptr::read(value),
            flags,
            ..MapElemAttr::default()
        };
        // SAFETY: the kernel reads a key and a value, whose lengths were checked.
        unsafe { self.elem(Cmd::MAP_UPDATE_ELEM, &mut attr) }
    }

    /// `BPF_MAP_DELETE_ELEM`: deletes the element of `key`.
    ///
    /// # Errors
    ///
    /// `ENOENT` if the key is not there, `EINVAL` if elements of the type cannot be deleted.
    #[inline]
    pub fn map_delete(&self, map: &MapFd, key: &[u8]) -> Result<(), Errno> {
        check_key(map.shape(), key)?;
        let mut attr =
            MapElemAttr { map_fd: fd::raw(map), key: ptr::read(key), ..MapElemAttr::default() };
        // SAFETY: the kernel reads a key, whose length was checked.
        unsafe { self.elem(Cmd::MAP_DELETE_ELEM, &mut attr) }
    }

    /// `BPF_MAP_GET_NEXT_KEY`: writes the key after `key` to `next`, the first one if there is none given or if
    /// it is not in the map.
    ///
    /// # Kernel
    ///
    /// No `key` (the first one) since 4.12.
    ///
    /// # Errors
    ///
    /// `ENOENT` after the last key.
    #[inline]
    pub fn map_next_key(
        &self,
        map: &MapFd,
        key: Option<&[u8]>,
        next: &mut [u8],
    ) -> Result<(), Errno> {
        let shape = map.shape();
        known(shape)?;
        check_key(shape, next)?;
        key.map_or(Ok(()), |key| check_key(shape, key))?;
        let mut attr = MapElemAttr {
            map_fd: fd::raw(map),
            key: key.map_or(0, ptr::read),
            value: ptr::write(next),
            ..MapElemAttr::default()
        };
        // SAFETY: the kernel reads and writes a key, whose lengths were checked.
        unsafe { self.elem(Cmd::MAP_GET_NEXT_KEY, &mut attr) }
    }

    /// `BPF_MAP_FREEZE`: no system call may change the map from now on; programs still may, unless it is
    /// read-only for them.
    ///
    /// # Kernel
    ///
    /// Since 5.2.
    ///
    /// # Errors
    ///
    /// `EBUSY` if it is frozen, or mapped for writing.
    pub fn map_freeze(&self, map: impl AsFd) -> Result<(), Errno> {
        let mut attr = MapElemAttr { map_fd: fd::raw(&map), ..MapElemAttr::default() };
        // SAFETY: there are no pointers.
        unsafe { self.call(Cmd::MAP_FREEZE, &mut attr, offset_of!(MapElemAttr, key), &[]) }?;
        Ok(())
    }

    fn map_read(
        &self,
        cmd: Cmd,
        map: &MapFd,
        key: &[u8],
        value: &mut [u8],
        flags: u64,
    ) -> Result<(), Errno> {
        let shape = map.shape();
        known(shape)?;
        check(shape, key, value.len(), flags)?;
        let mut attr = MapElemAttr {
            map_fd: fd::raw(map),
            key: ptr::read(key),
            value: ptr::write(value),
            flags,
            ..MapElemAttr::default()
        };
        // SAFETY: the kernel reads a key and writes a value, whose lengths were checked.
        unsafe { self.elem(cmd, &mut attr) }
    }

    /// # Safety
    ///
    /// As for [`Bpf::call`].
    #[inline]
    unsafe fn elem(&self, cmd: Cmd, attr: &mut MapElemAttr) -> Result<(), Errno> {
        // SAFETY: the caller vouches for the pointers.
        unsafe { self.call(cmd, attr, size_of::<MapElemAttr>(), &[]) }?;
        Ok(())
    }
}

/// Refuses to let the kernel write elements of a type whose sizes this build cannot know.
pub(crate) fn known(shape: &MapShape) -> Result<(), Errno> {
    if shape.is_known() { Ok(()) } else { Err(Errno::OPNOTSUPP) }
}

fn check(shape: &MapShape, key: &[u8], value_len: usize, flags: u64) -> Result<(), Errno> {
    check_key(shape, key)?;
    if value_len == shape.element_size(flags) { Ok(()) } else { Err(Errno::INVAL) }
}

fn check_key(shape: &MapShape, key: &[u8]) -> Result<(), Errno> {
    if key.len() == shape.key_size() { Ok(()) } else { Err(Errno::INVAL) }
}
