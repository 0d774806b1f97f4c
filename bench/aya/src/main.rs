// SPDX-License-Identifier: MIT
// Measurements over aya. One JSON line per run.

use aya::maps::{HashMap, MapData, RingBuf};
use aya::programs::Program;
use aya::{Btf, Ebpf, EbpfLoader};
use aya_obj::btf::BtfKind;
use common::*;
use std::os::fd::{AsFd, AsRawFd};

const ME: &str = "aya";

/// tp_btf programs of big.bpf.c and the tracepoint each names.
const TP_BTF: &[(&str, &str)] = &[
    ("b_switch", "sched_switch"),
    ("b_wakeup", "sched_wakeup"),
    ("b_fork", "sched_process_fork"),
    ("b_exec", "sched_process_exec"),
    ("b_exit", "sched_process_exit"),
    ("b_new", "task_newtask"),
    ("b_kfree", "kfree_skb"),
    ("b_state", "inet_sock_set_state"),
    ("b_sysenter", "sys_enter"),
    ("b_sysexit", "sys_exit"),
];

/// With SHARED=1 the kernel's BTF is parsed once and handed to the loader too.
fn load_all(x: &mut Ebpf, mut btf: Option<Btf>) {
    for (name, p) in x.programs_mut() {
        match p {
            Program::BtfTracePoint(p) => {
                let b = btf.get_or_insert_with(|| Btf::from_sys_fs().unwrap());
                let tp = TP_BTF.iter().find(|t| t.0 == name).unwrap().1;
                p.load(tp, b).unwrap()
            }
            Program::RawTracePoint(p) => p.load().unwrap(),
            Program::TracePoint(p) => p.load().unwrap(),
            Program::SocketFilter(p) => p.load().unwrap(),
            _ => panic!("unexpected program kind"),
        }
    }
}
fn btf(args: &[String]) {
    let t0 = now();
    let b = Btf::from_sys_fs().unwrap();
    let t1 = now();
    // The id is what the public interface gives; members stay private.
    let id = b.id_by_type_name_kind("task_struct", BtfKind::Struct).unwrap();
    let t2 = now();
    let hwm = hwm_kb();
    let (mut asked, mut found, mut lk) = (0, 0, 0);
    if let Some(f) = args.get(2) {
        let s = std::fs::read_to_string(f).unwrap();
        let names: Vec<_> = s.lines().collect();
        let t = now();
        for n in &names {
            found += b.id_by_type_name_kind(n, BtfKind::Struct).is_ok() as usize;
        }
        lk = now() - t;
        asked = names.len();
    }
    report_btf(ME, t1 - t0, t2 - t1, -(id as i64), asked, found, lk, hwm);
}
fn load(args: &[String]) {
    let n: usize = args.get(3).map_or(1, |s| s.parse().unwrap());
    let (mut o, mut l, mut c) = (vec![], vec![], vec![]);
    let share = std::env::var_os("SHARED").is_some();
    let u0 = cpu_us();
    for _ in 0..n {
        let a = now();
        // parses, creates the maps and relocates
        let mut shared = None;
        let mut x = if share {
            let b = shared.insert(Btf::from_sys_fs().unwrap());
            EbpfLoader::new().btf(Some(b)).load_file(&args[2]).unwrap()
        } else {
            Ebpf::load_file(&args[2]).unwrap()
        };
        let b = now();
        load_all(&mut x, shared);
        let d = now();
        drop(x);
        let e = now();
        o.push((b - a) as f64 / 1e3);
        l.push((d - b) as f64 / 1e3);
        c.push((e - d) as f64 / 1e3);
    }
    report_load(ME, &mut o, &mut l, &mut c, u0);
}
fn map_fd(x: &Ebpf, name: &str) -> i32 {
    use aya::maps::Map::*;
    match x.map(name).unwrap() {
        Array(m) | HashMap(m) | RingBuf(m) => m.fd().as_fd().as_raw_fd(),
        _ => panic!("unexpected map kind"),
    }
}
fn rb(args: &[String]) {
    let (mode, n): (&str, u64) = (&args[3], args[4].parse().unwrap());
    let mut x = Ebpf::load_file(&args[2]).unwrap();
    load_all(&mut x, None);
    let prog = |s: &str| x.program(s).unwrap().fd().unwrap().as_fd().as_raw_fd();
    let (push, quiet) = (prog("push"), prog("push_quiet"));
    let stat = map_fd(&x, "stat");
    let mut ring = RingBuf::try_from(x.take_map("rb").unwrap()).unwrap();
    let (mut got, mut sum, mut t_end) = (0u64, 0u64, 0u64);
    let spin = mode.ends_with('q');
    let val = |d: &[u8]| u64::from_ne_bytes(d[..8].try_into().unwrap());
    pin(1);
    if mode == "drain" {
        let (mut t, mut p) = (0, 0);
        while got < n {
            let a = now();
            test_run(quiet, CAP);
            let b = now();
            while let Some(e) = ring.next() {
                sum = sum.wrapping_add(val(&e));
                got += 1;
            }
            t += now() - b;
            p += b - a;
        }
        return report_drain(ME, got, t, p, sum);
    }
    let r = Run::new(n, mode.starts_with("flow"));
    let r2 = r.clone();
    let ep = unsafe { libc::epoll_create1(0) };
    let mut ev = libc::epoll_event { events: libc::EPOLLIN as u32, u64: 0 };
    assert_eq!(0, unsafe { libc::epoll_ctl(ep, libc::EPOLL_CTL_ADD, ring.as_raw_fd(), &mut ev) });
    let th = std::thread::spawn(move || r2.produce(if spin { quiet } else { push }, stat));
    let cpu = thread_cpu();
    let mut polls = 0;
    while got < r.expected.load(std::sync::atomic::Ordering::SeqCst) {
        if !spin {
            unsafe { libc::epoll_wait(ep, &mut ev, 1, 10) };
        }
        while let Some(e) = ring.next() {
            sum = sum.wrapping_add(val(&e));
            got += 1;
            if r.count(got) {
                t_end = now();
            }
        }
        polls += 1;
    }
    let cpu = thread_cpu() - cpu;
    th.join().unwrap();
    r.report(ME, mode, got, t_end, cpu, polls, sum);
}
fn map(args: &[String]) {
    let n: u64 = args[3].parse().unwrap();
    let mut x = Ebpf::load_file(&args[2]).unwrap();
    let mut m: HashMap<MapData, u64, u64> = HashMap::try_from(x.take_map("big").unwrap()).unwrap();
    let k: Vec<u64> = (0..n).map(key_of).collect();
    let per = |t: u64| (now() - t) as f64 / n as f64;
    let t = now();
    for i in 0..n {
        m.insert(&k[i as usize], &i, 0).unwrap();
    }
    let up = per(t);
    let t = now();
    for i in 0..n {
        assert_eq!(i, m.get(&k[i as usize], 0).unwrap());
    }
    let lk = per(t);
    let t = now();
    let (mut got, mut sum) = (0u64, 0u64);
    for kv in m.iter() {
        sum += kv.unwrap().1;
        got += 1;
    }
    let it = per(t);
    assert_eq!((got, sum), (n, n * (n - 1) / 2));
    println!(
        "{{\"peer\":\"{ME}\",\"n\":{n},\"chunk\":0,\"update_ns\":{up:.1},\"lookup_ns\":{lk:.1},\"iter_ns\":{it:.1},\"update_batch_ns\":null,\"lookup_batch_ns\":null,\"lookup_del_batch_ns\":null,\"hwm_kb\":{}}}",
        hwm_kb()
    );
}
fn main() {
    let args: Vec<String> = std::env::args().collect();
    match args.get(1).map(String::as_str) {
        Some("noop") => {}
        Some("btf") => btf(&args),
        Some("load") => load(&args),
        Some("rb") => rb(&args),
        Some("map") => map(&args),
        Some("hold") => {
            let mut all = vec![];
            for _ in 0..args[3].parse().unwrap() {
                let mut x = Ebpf::load_file(&args[2]).unwrap();
                load_all(&mut x, None);
                all.push(x);
            }
            hold();
        }
        _ => std::process::exit(2),
    }
}
