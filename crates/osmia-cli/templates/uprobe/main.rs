//! Prints which programs call a function of a library, and how often.

use std::time::Duration;

use osmia::{Kernel, Uprobe};

osmia::include_bpf!(@module@);
#[cfg(test)]
mod tests;

fn main() -> Result<(), osmia::Error> {
    let mut args = std::env::args().skip(1);
    let file = args.next().unwrap_or("libc.so.6".to_owned());
    let function = args.next().unwrap_or("open".to_owned());
    let seconds = args.next().and_then(|text| text.parse().ok());

    let bpf = @module@::open()?.load(&Kernel::running()?)?;
    let place = Uprobe::function(file, function);
    let link = bpf.progs.on_call.attach_uprobe(&place)?;
    std::thread::sleep(Duration::from_secs(seconds.unwrap_or(10)));
    link.detach()?;
    for entry in &bpf.maps.calls {
        let (program, count) = entry?;
        println!("{:<15} {count}", program.comm());
    }
    Ok(())
}
