// Measurements over Osmia. One JSON line per run.
use common::*;
use osmia::{HashMap, Kernel, Object, PerfBuffer, PerfEventArray, RingBuf};
use osmia_btf::{Btf, Kind};
use std::os::fd::AsRawFd;
use std::time::Duration;

const ME: &str = "osmia";

fn btf(args: &[String]) {
    let t0 = now();
    let kernel = Kernel::running().unwrap();
    let btf: &Btf = kernel.btf().unwrap();
    let t1 = now();
    let task = btf.find(Kind::Struct, "task_struct").unwrap().unwrap();
    let pid = task.members().map(Result::unwrap).find(|m| m.name == "pid").unwrap();
    let t2 = now();
    btf.index_names().unwrap();
    let t3 = now();
    let hwm = hwm_kb();
    let (mut asked, mut found, mut lookup) = (0, 0, 0);
    if let Some(file) = args.get(2) {
        let text = std::fs::read_to_string(file).unwrap();
        let names: Vec<_> = text.lines().collect();
        let t = now();
        for name in &names {
            found += btf.find(Kind::Struct, name).unwrap().is_some() as usize;
        }
        lookup = now() - t;
        asked = names.len();
    }
    println!(
        "{{\"peer\":\"{ME}\",\"parse_us\":{:.1},\"find_us\":{:.1},\"index_us\":{:.1},\"off\":{},\"asked\":{asked},\"found\":{found},\"lookup_ns\":{:.1},\"hwm_kb\":{hwm}}}",
        (t1 - t0) as f64 / 1e3,
        (t2 - t1) as f64 / 1e3,
        (t3 - t0) as f64 / 1e3,
        pid.offset.byte(),
        if asked > 0 { lookup as f64 / asked as f64 } else { 0.0 },
    );
}

fn open(path: &str) -> osmia::ObjectSpec {
    osmia::open_file(path).unwrap()
}

/// Each load has a kernel value of its own, as a fresh process would, unless SHARED=1.
fn load(args: &[String]) {
    let n: usize = args.get(3).map_or(1, |n| n.parse().unwrap());
    let (mut o, mut l, mut c) = (vec![], vec![], vec![]);
    let u0 = cpu_us();
    let shared = std::env::var_os("SHARED").map(|_| Kernel::running().unwrap());
    for _ in 0..n {
        let a = now();
        let spec = open(&args[2]);
        let b = now();
        let kernel = shared.clone().unwrap_or_else(|| Kernel::running().unwrap());
        let object = Object::load(&spec, &kernel).unwrap();
        let d = now();
        drop((object, spec, kernel));
        let e = now();
        o.push((b - a) as f64 / 1e3);
        l.push((d - b) as f64 / 1e3);
        c.push((e - d) as f64 / 1e3);
    }
    report_load(ME, &mut o, &mut l, &mut c, u0);
}

#[derive(osmia::zerocopy::FromBytes, osmia::zerocopy::Immutable, osmia::zerocopy::KnownLayout)]
#[repr(C)]
#[zerocopy(crate = "osmia::zerocopy")]
struct Event {
    seq: u64,
    word: [u64; 7],
}

fn rb(args: &[String]) {
    let (mode, n): (&str, u64) = (&args[3], args[4].parse().unwrap());
    let object = Object::load(&open(&args[2]), &Kernel::running().unwrap()).unwrap();
    let prog = |name| object.program(name).unwrap().fd().unwrap().as_raw_fd();
    let (push, quiet) = (prog("push"), prog("push_quiet"));
    let stat = object.map("stat").unwrap().fd().unwrap().as_raw_fd();
    let ring: RingBuf<Event> = object.map("rb").unwrap().clone().try_into().unwrap();
    let mut reader = ring.reader().unwrap();
    let spin = mode.ends_with('q');
    let r = Run::new(n, mode.starts_with("flow"));
    let (mut got, mut sum, mut t_end) = (0u64, 0u64, 0u64);
    pin(1);
    if mode == "drain" {
        let (mut t, mut p) = (0, 0);
        while got < n {
            let a = now();
            test_run(quiet, CAP);
            let b = now();
            got += reader.drain(|event| sum = sum.wrapping_add(event.seq)).unwrap();
            reader.release();
            t += now() - b;
            p += b - a;
        }
        return report_drain(ME, got, t, p, sum);
    }
    let r2 = r.clone();
    let th = std::thread::spawn(move || r2.produce(if spin { quiet } else { push }, stat));
    let cpu = thread_cpu();
    let mut polls = 0;
    while got < r.expected.load(std::sync::atomic::Ordering::SeqCst) {
        if !spin {
            reader.wait(Some(Duration::from_millis(10))).unwrap();
        }
        reader
            .drain(|event| {
                sum = sum.wrapping_add(event.seq);
                got += 1;
                if r.count(got) {
                    t_end = now();
                }
            })
            .unwrap();
        polls += 1;
    }
    let cpu = thread_cpu() - cpu;
    th.join().unwrap();
    r.report(ME, mode, got, t_end, cpu, polls, sum);
}

/// As `rb`, through a perf event array of 1024 pages a CPU.
fn pb(args: &[String]) {
    let (mode, n): (&str, u64) = (&args[3], args[4].parse().unwrap());
    let object = Object::load(&open(&args[2]), &Kernel::running().unwrap()).unwrap();
    let push = object.program("push").unwrap().fd().unwrap().as_raw_fd();
    let stat = object.map("stat").unwrap().fd().unwrap().as_raw_fd();
    let array: PerfEventArray<Event> = object.map("pb").unwrap().clone().try_into().unwrap();
    let mut reader = array.reader_of(&PerfBuffer::new().pages(PAGES)).unwrap();
    let r = Run::new(n, mode.starts_with("flow"));
    let (mut got, mut sum, mut t_end) = (0u64, 0u64, 0u64);
    pin(1);
    let r2 = r.clone();
    let th = std::thread::spawn(move || r2.produce(push, stat));
    let cpu = thread_cpu();
    let mut polls = 0;
    while got < r.expected.load(std::sync::atomic::Ordering::SeqCst) {
        reader.wait(Some(Duration::from_millis(10))).unwrap();
        reader
            .drain(|event| {
                sum = sum.wrapping_add(event.seq);
                got += 1;
                if r.count(got) {
                    t_end = now();
                }
            })
            .unwrap();
        polls += 1;
    }
    let cpu = thread_cpu() - cpu;
    th.join().unwrap();
    r.report(ME, mode, got, t_end, cpu, polls, sum);
}

fn map(args: &[String]) {
    let n: u64 = args[3].parse().unwrap();
    let object = Object::load(&open(&args[2]), &Kernel::running().unwrap()).unwrap();
    let map: HashMap<u64, u64> = object.map("big").unwrap().clone().try_into().unwrap();
    let keys: Vec<u64> = (0..n).map(key_of).collect();
    let per = |t: u64| (now() - t) as f64 / n as f64;
    let t = now();
    for (i, key) in keys.iter().enumerate() {
        map.set(key, &(i as u64)).unwrap();
    }
    let up = per(t);
    let t = now();
    for key in &keys {
        assert!(map.get(key).unwrap().is_some());
    }
    let lk = per(t);
    let t = now();
    let (mut got, mut sum) = (0u64, 0u64);
    for entry in map.iter() {
        sum += entry.unwrap().1;
        got += 1;
    }
    let it = per(t);
    assert_eq!((got, sum), (n, n * (n - 1) / 2));
    let t = now();
    assert_eq!(map.count().unwrap(), n);
    let count = per(t);
    println!(
        "{{\"peer\":\"{ME}\",\"n\":{n},\"update_ns\":{up:.1},\"lookup_ns\":{lk:.1},\"iter_ns\":{it:.1},\"count_ns\":{count:.1},\"hwm_kb\":{}}}",
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
        _ => std::process::exit(2),
    }
}
