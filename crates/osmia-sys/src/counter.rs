//! Counting the calls of bpf(2).

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use osmia_abi::Cmd;
use rustix::io::Errno;

use crate::bpf::{Call, Returned, Syscalls};

/// A layer that counts calls by command, those that failed included.
///
/// # Examples
///
/// ```
/// use std::sync::Arc;
/// use osmia_abi::{Cmd, MapType};
/// use osmia_sys::{Bpf, CallCounter, MapCreate};
///
/// let counter = Arc::new(CallCounter::default());
/// let bpf = Bpf::kernel().with(counter.clone());
/// let _ = bpf.map_create(&MapCreate { map_type: MapType::ARRAY, ..MapCreate::default() });
/// assert_eq!(counter.of(Cmd::MAP_CREATE), 1);
/// assert_eq!(counter.total(), 1);
/// ```
#[derive(Debug, Default)]
pub struct CallCounter {
    calls: Mutex<BTreeMap<Cmd, usize>>,
}

impl CallCounter {
    /// How many calls there were of this command.
    pub fn of(&self, cmd: Cmd) -> usize {
        self.by_command().get(&cmd).copied().unwrap_or(0)
    }

    /// How many calls there were.
    pub fn total(&self) -> usize {
        self.by_command().values().sum()
    }

    /// How many calls there were, of each command that was called.
    pub fn by_command(&self) -> BTreeMap<Cmd, usize> {
        self.calls.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Starts again from zero.
    pub fn reset(&self) {
        self.calls.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }
}

impl Syscalls for CallCounter {
    fn bpf(&self, call: Call<'_>) -> Result<Returned, Errno> {
        let mut calls = self.calls.lock().unwrap_or_else(PoisonError::into_inner);
        *calls.entry(call.cmd()).or_insert(0) += 1;
        drop(calls);
        call.proceed()
    }
}
