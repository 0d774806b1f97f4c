//! Helpers that read memory, and what they were before.

use osmia_abi::FuncId;

/// The helper of kernels before 5.5 that does what a newer one does; both by number.
pub(super) fn older(helper: i32) -> Option<i32> {
    let older = match FuncId(u32::try_from(helper).ok()?) {
        FuncId::PROBE_READ_KERNEL | FuncId::PROBE_READ_USER => FuncId::PROBE_READ,
        FuncId::PROBE_READ_KERNEL_STR | FuncId::PROBE_READ_USER_STR => FuncId::PROBE_READ_STR,
        _ => return None,
    };
    i32::try_from(older.0).ok()
}
