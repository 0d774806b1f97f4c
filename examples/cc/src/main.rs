//! Sends some megabytes over the loopback of the network namespace that it is run in, by a congestion control in BPF, and
//! tells what it decided.
//!
//! `cc [MEGABYTES]`, as root.

use std::error::Error;
use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::thread;
use std::time::Instant;

use osmia::Kernel;
use rustix::net::sockopt::{set_tcp_congestion, tcp_congestion};

osmia::include_bpf!(cc);

/// What the control is called where sockets ask for one.
const NAME: &str = "osmia_reno";

fn main() -> Result<(), Box<dyn Error>> {
    let megabytes = std::env::args().nth(1).and_then(|text| text.parse().ok()).unwrap_or(8);
    let bpf = cc::open()?.load(&Kernel::running()?)?;
    let links = bpf.attach()?;
    println!("TCP has the congestion controls {}", available()?);

    let began = Instant::now();
    let received = transfer(megabytes)?;
    println!("{received} bytes were sent in {:.1?} by {NAME}", began.elapsed());
    let vars = &bpf.vars;
    println!(
        "{} connections used it; a window grew {} times, up to {} packets, and was halved {} times",
        vars.begun.get()?,
        vars.grown.get()?,
        vars.most.get()?,
        vars.halved.get()?
    );
    drop(links);
    println!("now it has {}", available()?);
    Ok(())
}

/// The names of all congestion controls that the kernel has now.
fn available() -> std::io::Result<String> {
    let names = std::fs::read_to_string("/proc/sys/net/ipv4/tcp_available_congestion_control")?;
    Ok(names.trim_end().to_owned())
}

/// Sends so much over the loopback; returns what was received.
fn transfer(megabytes: usize) -> std::io::Result<usize> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let mut client = TcpStream::connect(listener.local_addr()?)?;
    set_tcp_congestion(&client, NAME)?;
    println!("a connection has {}", tcp_congestion(&client)?);
    let receiver = thread::spawn(move || {
        let (mut server, _) = listener.accept()?;
        let (mut bytes, mut received) = (vec![0; 1 << 16], 0);
        loop {
            match server.read(&mut bytes)? {
                0 => return std::io::Result::Ok(received),
                count => received += count,
            }
        }
    });
    let megabyte = vec![7; 1_000_000];
    for _ in 0..megabytes {
        client.write_all(&megabyte)?;
    }
    drop(client);
    receiver.join().unwrap_or_else(|payload| std::panic::resume_unwind(payload))
}
