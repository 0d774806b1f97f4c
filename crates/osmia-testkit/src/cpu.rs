//! Which CPU runs what.

use std::{panic, thread};

use rustix::thread::{CpuSet, sched_setaffinity};

/// Runs `inside` on a thread that keeps to this CPU. A panic goes through.
///
/// # Panics
/// If there is no such CPU, or it is offline.
pub fn on_cpu<T: Send>(cpu: usize, inside: impl FnOnce() -> T + Send) -> T {
    let outcome = thread::scope(|scope| {
        let pinned = move || {
            let mut cpus = CpuSet::new();
            cpus.set(cpu);
            sched_setaffinity(None, &cpus)
                .unwrap_or_else(|errno| panic!("keep a thread to CPU {cpu}: {errno}"));
            inside()
        };
        scope.spawn(pinned).join()
    });
    outcome.unwrap_or_else(|payload| panic::resume_unwind(payload))
}

#[cfg(test)]
mod tests {
    use super::on_cpu;

    #[test]
    fn a_thread_keeps_to_its_cpu() {
        let cpu = rustix::thread::sched_getcpu();
        assert_eq!(on_cpu(cpu, rustix::thread::sched_getcpu), cpu);
    }
}
