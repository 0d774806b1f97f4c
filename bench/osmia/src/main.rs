// Measurements over Osmia. One JSON line per run.
use common::*;
use osmia_btf::{Btf, Kind};

const ME: &str = "osmia";

fn btf(args: &[String]) {
    let t0 = now();
    let kernel = osmia::Kernel::running().unwrap();
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

fn main() {
    let args: Vec<String> = std::env::args().collect();
    match args.get(1).map(String::as_str) {
        Some("noop") => {}
        Some("btf") => btf(&args),
        _ => std::process::exit(2),
    }
}
