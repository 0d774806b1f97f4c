// SPDX-License-Identifier: MIT
// Measurements over libbpf-rs. One JSON line per run.

use common::*;
use libbpf_rs::btf::{Btf, types};
use libbpf_rs::{MapCore, MapFlags, ObjectBuilder, PerfBufferBuilder, RingBufferBuilder};
use std::cell::Cell;
use std::os::fd::{AsFd, AsRawFd};
use std::time::Duration;

const ME: &str = "libbpf-rs";

fn btf(args: &[String]) {
    let t0 = now();
    let b = Btf::from_vmlinux().unwrap();
    let t1 = now();
    let s = b.type_by_name::<types::Struct<'_>>("task_struct").unwrap();
    let mut off = -1;
    for m in s.iter() {
        if m.name.map(|n| n == "pid").unwrap_or(false) {
            if let types::MemberAttr::Normal { offset } = m.attr {
                off = offset as i64 / 8;
            }
        }
    }
    let t2 = now();
    let hwm = hwm_kb();
    let (mut asked, mut found, mut lk) = (0, 0, 0);
    if let Some(f) = args.get(2) {
        let s = std::fs::read_to_string(f).unwrap();
        let names: Vec<_> = s.lines().collect();
        let t = now();
        for n in &names {
            found += b.type_by_name::<types::Struct<'_>>(n).is_some() as usize;
        }
        lk = now() - t;
        asked = names.len();
    }
    report_btf(ME, t1 - t0, t2 - t1, off, asked, found, lk, hwm);
}
fn load(args: &[String]) {
    let n: usize = args.get(3).map_or(1, |s| s.parse().unwrap());
    let (mut o, mut l, mut c) = (vec![], vec![], vec![]);
    let u0 = cpu_us();
    for _ in 0..n {
        let a = now();
        let x = ObjectBuilder::default().open_file(&args[2]).unwrap();
        let b = now();
        let x = x.load().unwrap();
        let d = now();
        drop(x);
        let e = now();
        o.push((b - a) as f64 / 1e3);
        l.push((d - b) as f64 / 1e3);
        c.push((e - d) as f64 / 1e3);
    }
    report_load(ME, &mut o, &mut l, &mut c, u0);
}
fn rb(args: &[String]) {
    let (mode, n): (&str, u64) = (&args[3], args[4].parse().unwrap());
    let x = ObjectBuilder::default().open_file(&args[2]).unwrap().load().unwrap();
    let prog = |s: &str| x.progs_mut().find(|p| p.name() == s).unwrap().as_fd().as_raw_fd();
    let (push, quiet) = (prog("push"), prog("push_quiet"));
    let stat = x.maps().find(|m| m.name() == "stat").unwrap().as_fd().as_raw_fd();
    let rbm = x.maps().find(|m| m.name() == "rb").unwrap();
    let (got, sum, t_end) = (Cell::new(0u64), Cell::new(0u64), Cell::new(0u64));
    let spin = mode.ends_with('q');
    let r = Run::new(n, mode.starts_with("flow"));
    let drain = mode == "drain";
    let mut b = RingBufferBuilder::new();
    b.add(&rbm, |d: &[u8]| {
        sum.set(sum.get().wrapping_add(u64::from_ne_bytes(d[..8].try_into().unwrap())));
        got.set(got.get() + 1);
        if !drain && r.count(got.get()) {
            t_end.set(now());
        }
        0
    })
    .unwrap();
    let ring = b.build().unwrap();
    pin(1);
    if drain {
        let (mut t, mut p) = (0, 0);
        while got.get() < n {
            let a = now();
            test_run(quiet, CAP);
            let b = now();
            ring.consume().unwrap();
            t += now() - b;
            p += b - a;
        }
        return report_drain(ME, got.get(), t, p, sum.get());
    }
    let r2 = r.clone();
    let th = std::thread::spawn(move || r2.produce(if spin { quiet } else { push }, stat));
    let cpu = thread_cpu();
    let mut polls = 0;
    while got.get() < r.expected.load(std::sync::atomic::Ordering::SeqCst) {
        if spin {
            ring.consume().unwrap();
        } else {
            ring.poll(Duration::from_millis(10)).unwrap();
        }
        polls += 1;
    }
    let cpu = thread_cpu() - cpu;
    th.join().unwrap();
    r.report(ME, mode, got.get(), t_end.get(), cpu, polls, sum.get());
}
/// As `rb`, through a perf event array of 1024 pages a CPU.
fn pb(args: &[String]) {
    let (mode, n): (&str, u64) = (&args[3], args[4].parse().unwrap());
    let x = ObjectBuilder::default().open_file(&args[2]).unwrap().load().unwrap();
    let push = x.progs_mut().find(|p| p.name() == "push").unwrap().as_fd().as_raw_fd();
    let stat = x.maps().find(|m| m.name() == "stat").unwrap().as_fd().as_raw_fd();
    let array = x.maps().find(|m| m.name() == "pb").unwrap();
    let (got, sum, t_end) = (Cell::new(0u64), Cell::new(0u64), Cell::new(0u64));
    let r = Run::new(n, mode.starts_with("flow"));
    let buffer = PerfBufferBuilder::new(&array)
        .pages(PAGES)
        .sample_cb(|_, d: &[u8]| {
            sum.set(sum.get().wrapping_add(u64::from_ne_bytes(d[..8].try_into().unwrap())));
            got.set(got.get() + 1);
            if r.count(got.get()) {
                t_end.set(now());
            }
        })
        .build()
        .unwrap();
    pin(1);
    let r2 = r.clone();
    let th = std::thread::spawn(move || r2.produce(push, stat));
    let cpu = thread_cpu();
    let mut polls = 0;
    while got.get() < r.expected.load(std::sync::atomic::Ordering::SeqCst) {
        buffer.poll(Duration::from_millis(10)).unwrap();
        polls += 1;
    }
    let cpu = thread_cpu() - cpu;
    th.join().unwrap();
    r.report(ME, mode, got.get(), t_end.get(), cpu, polls, sum.get());
}
fn map(args: &[String]) {
    let n: u64 = args[3].parse().unwrap();
    let chunk: usize = args.get(4).map_or(4096, |s| s.parse().unwrap());
    let x = ObjectBuilder::default().open_file(&args[2]).unwrap().load().unwrap();
    let m = x.maps().find(|m| m.name() == "big").unwrap();
    let k: Vec<u64> = (0..n).map(key_of).collect();
    let v: Vec<u64> = (0..n).collect();
    let kb = unsafe { std::slice::from_raw_parts(k.as_ptr() as *const u8, k.len() * 8) };
    let vb = unsafe { std::slice::from_raw_parts(v.as_ptr() as *const u8, v.len() * 8) };
    let per = |t: u64| (now() - t) as f64 / n as f64;
    let num = |b: &[u8]| u64::from_ne_bytes(b.try_into().unwrap());

    let t = now();
    for i in 0..n as usize {
        m.update(&k[i].to_ne_bytes(), &v[i].to_ne_bytes(), MapFlags::ANY).unwrap();
    }
    let up = per(t);
    let t = now();
    let mut w = [0u8; 8];
    for i in 0..n as usize {
        assert!(m.lookup_into(&k[i].to_ne_bytes(), &mut w, MapFlags::ANY).unwrap());
    }
    let lk = per(t);
    let t = now();
    for (a, b) in kb.chunks(chunk * 8).zip(vb.chunks(chunk * 8)) {
        m.update_batch(a, b, (a.len() / 8) as u32, MapFlags::ANY, MapFlags::ANY).unwrap();
    }
    let ub = per(t);
    let t = now();
    let (mut got, mut sum) = (0u64, 0u64);
    for key in m.keys() {
        if let Some(v) = m.lookup(&key, MapFlags::ANY).unwrap() {
            sum += num(&v);
            got += 1;
        }
    }
    let it = per(t);
    assert_eq!((got, sum), (n, n * (n - 1) / 2));
    // How many of the n elements a chunked iterator yields before it ends
    // (0.27.2 takes any short batch for the last one).
    let seen = m.lookup_batch(chunk as u32, MapFlags::ANY, MapFlags::ANY).unwrap().count();
    // So time one batch that is large enough for the whole map.
    let (mut out, chunk_all) = ([0f64; 2], n as u32 + 1);
    for (pass, o) in out.iter_mut().enumerate() {
        let t = now();
        let (mut got, mut sum) = (0u64, 0u64);
        let it = if pass == 0 {
            m.lookup_batch(chunk_all, MapFlags::ANY, MapFlags::ANY)
        } else {
            m.lookup_and_delete_batch(chunk_all, MapFlags::ANY, MapFlags::ANY)
        };
        for (_k, v) in it.unwrap() {
            sum += num(&v);
            got += 1;
        }
        *o = per(t);
        assert_eq!((got, sum), (n, n * (n - 1) / 2));
    }
    println!(
        "{{\"peer\":\"{ME}\",\"n\":{n},\"chunk\":{chunk},\"seen_chunked\":{seen},\"update_ns\":{up:.1},\"lookup_ns\":{lk:.1},\"iter_ns\":{it:.1},\"update_batch_ns\":{ub:.1},\"lookup_batch_ns\":{:.1},\"lookup_del_batch_ns\":{:.1},\"hwm_kb\":{}}}",
        out[0],
        out[1],
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
        Some("pb") => pb(&args),
        Some("map") => map(&args),
        Some("hold") => {
            let _all: Vec<_> = (0..args[3].parse().unwrap())
                .map(|_| ObjectBuilder::default().open_file(&args[2]).unwrap().load().unwrap())
                .collect();
            hold();
        }
        _ => std::process::exit(2),
    }
}
