//! Maps: many elements in one call.
#![allow(unsafe_code)]

use osmia_abi::{Cmd, MapBatchAttr};
use rustix::io::Errno;

use crate::bpf::Bpf;
use crate::map::known;
use crate::map_fd::MapFd;
use crate::{fd, ptr};

/// The least room for a position: hashes and arrays use four bytes of it, other types a whole key.
const LEAST_CURSOR: usize = 64;

/// Where a walk by batches stands. It is the kernel's own and belongs to one map.
#[derive(Clone, Debug)]
pub struct BatchCursor {
    position: Vec<u8>,
    started: bool,
}

/// What became of a batch: the elements that were done, and why there were no more.
///
/// The kernel answers both at once: a look-up that reaches the end of the map gives its last elements together
/// with `ENOENT`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Batched {
    /// How many elements from the start of the slices were read, written or deleted.
    pub count: usize,
    /// How the call ended. For look-ups `ENOENT` is the end of the map, `ENOSPC` says that the slices are too
    /// short for the next bucket of a hash, and that larger ones are needed to go on; `EINTR` that elements vanished
    /// meanwhile, and that the next call goes on.
    pub end: Result<(), Errno>,
}

impl BatchCursor {
    /// Before the first element of `map`.
    pub fn new(map: &MapFd) -> Self {
        let position = vec![0; map.shape().key_size().max(LEAST_CURSOR)];
        Self { position, started: false }
    }
}

/// Batch commands of a map: `keys` and `values` hold elements side by side, of the sizes of the map's
/// [`MapShape`](crate::MapShape).
///
/// # Kernel
///
/// Since 5.6 for hashes, arrays and LPM tries, per-CPU arrays since 5.13, and more types later; a type without
/// them answers `ENOTSUPP` (524), an older kernel `EINVAL`.
impl Bpf {
    /// `BPF_MAP_LOOKUP_BATCH`: copies the next elements out, as many as there is room for.
    ///
    /// The kernel gives whole buckets of a hash, so a batch may be short long before the end of the map.
    pub fn map_lookup_batch(
        &self,
        map: &MapFd,
        cursor: &mut BatchCursor,
        keys: &mut [u8],
        values: &mut [u8],
        elem_flags: u64,
    ) -> Batched {
        self.walk(Cmd::MAP_LOOKUP_BATCH, map, cursor, (keys, values), elem_flags)
    }

    /// `BPF_MAP_LOOKUP_AND_DELETE_BATCH`: the same, and deletes what it copies.
    pub fn map_lookup_and_delete_batch(
        &self,
        map: &MapFd,
        cursor: &mut BatchCursor,
        keys: &mut [u8],
        values: &mut [u8],
        elem_flags: u64,
    ) -> Batched {
        self.walk(Cmd::MAP_LOOKUP_AND_DELETE_BATCH, map, cursor, (keys, values), elem_flags)
    }

    /// `BPF_MAP_UPDATE_BATCH`: writes the elements in their order, up to the first that fails.
    pub fn map_update_batch(
        &self,
        map: &MapFd,
        keys: &[u8],
        values: &[u8],
        elem_flags: u64,
    ) -> Batched {
        let count = match count(map, keys.len(), Some(values.len()), elem_flags) {
            Ok(count) => count,
            Err(errno) => return Batched { count: 0, end: Err(errno) },
        };
        let mut attr = MapBatchAttr {
            keys: ptr::read(keys),
            values: ptr::read(values),
            count,
            map_fd: fd::raw(map),
            elem_flags,
            ..MapBatchAttr::default()
        };
        // SAFETY: the kernel reads `count` keys and values, which is what the slices hold.
        let end = unsafe { self.batch(Cmd::MAP_UPDATE_BATCH, &mut attr) };
        Batched { count: done(&attr, count, end), end }
    }

    /// `BPF_MAP_DELETE_BATCH`: deletes the elements of the keys in their order, up to the first that fails.
    pub fn map_delete_batch(&self, map: &MapFd, keys: &[u8], elem_flags: u64) -> Batched {
        let count = match count(map, keys.len(), None, elem_flags) {
            Ok(count) => count,
            Err(errno) => return Batched { count: 0, end: Err(errno) },
        };
        let mut attr = MapBatchAttr {
            keys: ptr::read(keys),
            count,
            map_fd: fd::raw(map),
            elem_flags,
            ..MapBatchAttr::default()
        };
        // SAFETY: the kernel reads `count` keys, which is what the slice holds.
        let end = unsafe { self.batch(Cmd::MAP_DELETE_BATCH, &mut attr) };
        Batched { count: done(&attr, count, end), end }
    }

    fn walk(
        &self,
        cmd: Cmd,
        map: &MapFd,
        cursor: &mut BatchCursor,
        (keys, values): (&mut [u8], &mut [u8]),
        elem_flags: u64,
    ) -> Batched {
        let checked = known(map.shape())
            .and_then(|()| count(map, keys.len(), Some(values.len()), elem_flags))
            .and_then(|count| {
                let room = cursor.position.len() >= map.shape().key_size().max(LEAST_CURSOR);
                if room { Ok(count) } else { Err(Errno::INVAL) }
            });
        let count = match checked {
            Ok(count) => count,
            Err(errno) => return Batched { count: 0, end: Err(errno) },
        };
        let position = ptr::write(&mut cursor.position);
        let mut attr = MapBatchAttr {
            in_batch: if cursor.started { position } else { 0 },
            out_batch: position,
            keys: ptr::write(keys),
            values: ptr::write(values),
            count,
            map_fd: fd::raw(map),
            elem_flags,
            ..MapBatchAttr::default()
        };
        // SAFETY: the kernel writes at most `count` keys and values, which is what the slices hold, and a
        // position, which is four bytes or a key; the cursor has room for both. It reads the old position before
        // it writes the new one.
        let end = unsafe { self.batch(cmd, &mut attr) };
        let done = done(&attr, count, end);
        // An interrupted call moves on behind what it did.
        cursor.started |= end.is_ok() || (end == Err(Errno::INTR) && done > 0);
        Batched { count: done, end }
    }

    /// # Safety
    ///
    /// As for [`Bpf::call`].
    unsafe fn batch(&self, cmd: Cmd, attr: &mut MapBatchAttr) -> Result<(), Errno> {
        // SAFETY: the caller vouches for the pointers.
        unsafe { self.call(cmd, attr, size_of::<MapBatchAttr>(), &[]) }?;
        Ok(())
    }
}

/// How many elements the slices hold.
fn count(
    map: &MapFd,
    keys_len: usize,
    values_len: Option<usize>,
    flags: u64,
) -> Result<u32, Errno> {
    let shape = map.shape();
    let count = keys_len.checked_div(shape.key_size()).ok_or(Errno::INVAL)?;
    let values = count.checked_mul(shape.element_size(flags));
    let whole = count.checked_mul(shape.key_size()) == Some(keys_len);
    if !whole || values_len.is_some_and(|len| values != Some(len)) {
        return Err(Errno::INVAL);
    }
    u32::try_from(count).map_err(|_| Errno::TOOBIG)
}

/// How many elements were done. The kernel writes the count back, but not where it refuses the call as a whole:
/// then it still reads as what was asked for, which no call that did part of the work can have reached, save for
/// a look-up that found the end of the map.
fn done(attr: &MapBatchAttr, asked: u32, end: Result<(), Errno>) -> usize {
    let refused = !matches!(end, Ok(()) | Err(Errno::NOENT)) && attr.count == asked;
    if refused { 0 } else { attr.count.min(asked) as usize }
}
