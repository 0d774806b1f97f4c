//! BPF ELF objects as data: programs, maps and variables, linked and relocated without I/O.
