//! Counts the packets that an interface receives, and lets them pass.
//!
//! `hello_xdp INTERFACE [SECONDS]`, as root.

use std::time::Duration;

use osmia::{Error, Kernel, XdpMode, interface_index};

osmia::include_bpf!(hello_xdp);

fn main() -> Result<(), Error> {
    let mut args = std::env::args().skip(1);
    let Some(interface) = args.next() else {
        eprintln!("usage: hello_xdp INTERFACE [SECONDS]");
        std::process::exit(2);
    };
    let seconds: u64 = args.next().and_then(|text| text.parse().ok()).unwrap_or(2);

    let bpf = hello_xdp::open()?.load(&Kernel::running()?)?;
    let link = bpf.progs.hello.attach(interface_index(&interface)?, XdpMode::Any)?;
    println!("attached to {}", link.place());
    for _ in 0..seconds * 2 {
        std::thread::sleep(Duration::from_millis(500));
        // Read from mapped memory, while the program counts on.
        println!("{} packets", bpf.vars.counter.get()?);
    }
    link.detach()
}
