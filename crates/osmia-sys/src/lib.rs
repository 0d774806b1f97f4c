//! The only door to the kernel: bpf(2), perf events, netlink, and mapped memory.
