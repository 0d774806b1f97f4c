//! The kernel's BPF ABI as data: open enums and one attribute struct per bpf(2) command.
