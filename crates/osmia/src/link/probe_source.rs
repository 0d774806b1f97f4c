//! The sources of perf events that probe functions.

use crate::kernel::Kernel;

/// A source in sysfs: `kprobe` or `uprobe`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ProbeSource {
    /// Its number.
    pub(crate) number: u32,
    /// The bit of `config` that asks for the function's end.
    return_bit: u32,
}

impl ProbeSource {
    /// The source of this name; none on kernels before 4.17 or without such probes.
    pub(crate) fn find(kernel: &Kernel, name: &str) -> Option<Self> {
        let read = |file: &str| {
            kernel.files().read(&format!("/sys/bus/event_source/devices/{name}/{file}")).ok()
        };
        let number = read("type")?.trim().parse().ok()?;
        let return_bit = read("format/retprobe")?.trim().strip_prefix("config:")?.parse().ok()?;
        (return_bit < 32).then_some(Self { number, return_bit })
    }

    /// The bits of `config`.
    pub(crate) fn config(self, on_return: bool) -> u64 {
        u64::from(on_return) << self.return_bit
    }
}
