//! BTF, the BPF Type Format: lazy reader, emitter, printers and CO-RE.
