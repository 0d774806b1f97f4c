//! Makes a Rust module of the BPF C file.

fn main() {
    osmia_build::compile("src/bpf/minisched.bpf.c");
}
