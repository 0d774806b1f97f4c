//! BPF instructions: decode, encode, assemble, and print in the verifier's syntax.
