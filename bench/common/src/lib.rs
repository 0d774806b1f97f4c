// SPDX-License-Identifier: MIT
// Helpers shared by the Rust programs of this folder (clocks, memory, pinning,
// the producer side of the ring measurements, raw BPF_PROG_TEST_RUN).
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::*};

pub const CAP: u64 = 58_000;
/// The pages of each CPU's ring of a perf event array.
pub const PAGES: usize = 1024;

fn clk(c: libc::clockid_t) -> u64 {
    let mut t = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    unsafe { libc::clock_gettime(c, &mut t) };
    t.tv_sec as u64 * 1_000_000_000 + t.tv_nsec as u64
}
pub fn now() -> u64 {
    clk(libc::CLOCK_MONOTONIC)
}
pub fn thread_cpu() -> u64 {
    clk(libc::CLOCK_THREAD_CPUTIME_ID)
}
pub fn cpu_us() -> (u64, u64) {
    let mut r: libc::rusage = unsafe { std::mem::zeroed() };
    unsafe { libc::getrusage(libc::RUSAGE_SELF, &mut r) };
    let f = |t: libc::timeval| t.tv_sec as u64 * 1_000_000 + t.tv_usec as u64;
    (f(r.ru_utime), f(r.ru_stime))
}
pub fn hwm_kb() -> u64 {
    let s = std::fs::read_to_string("/proc/self/status").unwrap();
    let l = s.lines().find(|l| l.starts_with("VmHWM:")).unwrap();
    l.split_whitespace().nth(1).unwrap().parse().unwrap()
}
pub fn pin(cpu: usize) {
    unsafe {
        let mut s: libc::cpu_set_t = std::mem::zeroed();
        libc::CPU_SET(cpu, &mut s);
        libc::sched_setaffinity(0, std::mem::size_of_val(&s), &s);
    }
}
pub fn med(v: &mut [f64]) -> f64 {
    v.sort_by(f64::total_cmp);
    v[v.len() / 2]
}
fn bpf(cmd: i32, attr: &mut [u64; 18]) {
    let r = unsafe { libc::syscall(libc::SYS_bpf, cmd, attr.as_mut_ptr(), 144usize) };
    assert!(r >= 0, "bpf({cmd}): {}", std::io::Error::last_os_error());
}
/// Run a socket filter `repeat` times on a 64-byte packet.
pub fn test_run(fd: i32, repeat: u64) {
    static PKT: [u8; 64] = [0; 64];
    let mut a = [0u64; 18];
    a[0] = fd as u32 as u64; // prog_fd, retval
    a[1] = 64; // data_size_in, data_size_out
    a[2] = PKT.as_ptr() as u64; // data_in
    a[4] = repeat; // repeat, duration
    bpf(10, &mut a);
}
pub fn array_get(fd: i32, key: u32) -> u64 {
    let (mut a, mut v) = ([0u64; 18], 0u64);
    a[0] = fd as u32 as u64;
    a[1] = &key as *const u32 as u64;
    a[2] = &mut v as *mut u64 as u64;
    bpf(1, &mut a);
    unsafe { std::ptr::read_volatile(&v) }
}

pub struct Run {
    pub n: u64,
    pub flow: bool,
    pub consumed: AtomicU64,
    pub expected: AtomicU64,
    pub t_start: AtomicU64,
    pub t_done: AtomicU64,
    pub lost: AtomicU64,
}
impl Run {
    pub fn new(n: u64, flow: bool) -> Arc<Self> {
        Arc::new(Run {
            n,
            flow,
            consumed: 0.into(),
            expected: u64::MAX.into(),
            t_start: 0.into(),
            t_done: 0.into(),
            lost: 0.into(),
        })
    }
    pub fn produce(&self, prog: i32, stat: i32) {
        pin(0);
        let (mut made, chunk) = (0, if self.flow { 2048 } else { 65536 });
        self.t_start.store(now(), Relaxed);
        while made < self.n {
            let k = (self.n - made).min(chunk);
            while self.flow && made + k - self.consumed.load(Acquire) > CAP {
                std::hint::spin_loop();
            }
            test_run(prog, k);
            made += k;
        }
        self.t_done.store(now(), Relaxed);
        let lost = array_get(stat, 1);
        self.lost.store(lost, Relaxed);
        self.expected.store(self.n - lost, SeqCst);
    }
    /// Count one event; true when it was the last.
    #[inline]
    pub fn count(&self, got: u64) -> bool {
        self.consumed.store(got, Release);
        got == self.expected.load(Acquire)
    }
    pub fn report(
        &self,
        peer: &str,
        mode: &str,
        got: u64,
        t_end: u64,
        cpu: u64,
        polls: u64,
        sum: u64,
    ) {
        let t0 = self.t_start.load(Relaxed);
        let done = self.t_done.load(Relaxed);
        let end = if t_end != 0 { t_end } else { done };
        println!(
            "{{\"peer\":\"{peer}\",\"mode\":\"{mode}\",\"offered\":{},\"got\":{got},\"lost\":{},\"mev_s\":{:.3},\"offer_ns\":{:.1},\"cpu_ns_ev\":{:.2},\"polls\":{polls},\"sum\":{sum},\"hwm_kb\":{}}}",
            self.n,
            self.lost.load(Relaxed),
            got as f64 / ((end - t0) as f64 / 1e9) / 1e6,
            (done - t0) as f64 / self.n as f64,
            cpu as f64 / got as f64,
            hwm_kb()
        );
    }
}
pub fn report_drain(peer: &str, got: u64, t: u64, p: u64, sum: u64) {
    println!(
        "{{\"peer\":\"{peer}\",\"mode\":\"drain\",\"got\":{got},\"ns_ev\":{:.2},\"produce_ns\":{:.2},\"sum\":{sum},\"hwm_kb\":{}}}",
        t as f64 / got as f64,
        p as f64 / got as f64,
        hwm_kb()
    );
}
pub fn report_load(peer: &str, o: &mut [f64], l: &mut [f64], c: &mut [f64], u0: (u64, u64)) {
    let (n, fo, fl, u1) = (o.len(), o[0], l[0], cpu_us());
    println!(
        "{{\"peer\":\"{peer}\",\"iters\":{n},\"first_open_us\":{fo:.1},\"first_load_us\":{fl:.1},\"open_us\":{:.1},\"load_us\":{:.1},\"close_us\":{:.1},\"user_us\":{:.1},\"sys_us\":{:.1},\"hwm_kb\":{}}}",
        med(o),
        med(l),
        med(c),
        (u1.0 - u0.0) as f64 / n as f64,
        (u1.1 - u0.1) as f64 / n as f64,
        hwm_kb()
    );
}
pub fn report_btf(
    peer: &str,
    parse: u64,
    find: u64,
    off: i64,
    asked: usize,
    found: usize,
    lookup: u64,
    hwm: u64,
) {
    println!(
        "{{\"peer\":\"{peer}\",\"parse_us\":{:.1},\"find_us\":{:.1},\"off\":{off},\"asked\":{asked},\"found\":{found},\"lookup_ns\":{:.1},\"hwm_kb\":{hwm}}}",
        parse as f64 / 1e3,
        find as f64 / 1e3,
        if asked > 0 { lookup as f64 / asked as f64 } else { 0.0 },
    );
}
pub fn hold() {
    use std::io::Read;
    println!("ready");
    let _ = std::io::stdin().read(&mut [0u8; 1]);
}
pub fn key_of(i: u64) -> u64 {
    i.wrapping_mul(0x9e3779b97f4a7c15)
}
