//! Files that are not BPF objects: what they are instead.

use object::elf;

use crate::error::Error;

/// Objects for BPF say so, or say nothing: compilers before 2016 wrote 0.
const NONE: u16 = 0;

/// Refuses what is not a 64-bit ELF file.
pub(crate) fn check(bytes: &[u8]) -> Result<(), Error> {
    if !bytes.starts_with(b"\x7fELF") {
        return Err(Error::NotElf { found: looks_like(bytes).to_owned() });
    }
    if bytes.get(4) == Some(&elf::ELFCLASS32) {
        return Err(Error::Machine { machine: "a 32-bit processor".to_owned() });
    }
    let header = size_of::<elf::FileHeader64<object::Endianness>>() as u64;
    let len = bytes.len() as u64;
    if len < header {
        let what = "the ELF header".to_owned();
        return Err(Error::Truncated { what, start: 0, end: header, len });
    }
    Ok(())
}

/// Refuses other processors' objects, and what a linker made of objects.
pub(crate) fn check_machine(machine: u16, kind: u16) -> Result<(), Error> {
    if !matches!(machine, NONE | elf::EM_BPF) {
        return Err(Error::Machine { machine: machine_name(machine) });
    }
    let what = match kind {
        elf::ET_REL => return Ok(()),
        elf::ET_EXEC | elf::ET_DYN => "a linked program or library",
        elf::ET_CORE => "a core dump",
        _ => "of an unknown kind",
    };
    Err(Error::NotElf { found: format!("the ELF file is {what}; compile with -c") })
}

fn looks_like(bytes: &[u8]) -> &'static str {
    match bytes {
        [] => "the file is empty",
        [b'B', b'C', 0xc0, 0xde, ..] => {
            "it is LLVM bitcode; compile without -emit-llvm and without -flto"
        }
        [b'!', b'<', b'a', b'r', b'c', b'h', b'>', ..] => {
            "it is an archive; take the object out of it"
        }
        [0x9f, 0xeb, ..] | [0xeb, 0x9f, ..] => "it is bare BTF, without programs",
        [0x1f, 0x8b, ..] => "it is compressed with gzip",
        [0x28, 0xb5, 0x2f, 0xfd, ..] => "it is compressed with zstd",
        [0xfd, b'7', b'z', b'X', b'Z', ..] => "it is compressed with xz",
        _ if is_text(bytes) => "it is text; compile it with clang -target bpf -g -O2 -c",
        _ => "it does not begin with \\x7fELF",
    }
}

fn is_text(bytes: &[u8]) -> bool {
    let head = bytes.get(..512).unwrap_or(bytes);
    head.iter().all(|&byte| byte.is_ascii_graphic() || byte.is_ascii_whitespace())
}

fn machine_name(machine: u16) -> String {
    let name = match machine {
        elf::EM_386 => "i386",
        elf::EM_X86_64 => "x86-64",
        elf::EM_ARM => "32-bit ARM",
        elf::EM_AARCH64 => "AArch64",
        elf::EM_RISCV => "RISC-V",
        elf::EM_S390 => "s390",
        elf::EM_PPC64 => "64-bit PowerPC",
        elf::EM_PPC => "PowerPC",
        elf::EM_MIPS => "MIPS",
        elf::EM_LOONGARCH => "LoongArch",
        elf::EM_SPARCV9 => "SPARC",
        elf::EM_CUDA => "CUDA",
        other => return format!("the processor with ELF number {other}"),
    };
    name.to_owned()
}

#[cfg(test)]
mod tests {
    use super::{check, check_machine};

    #[test]
    fn files_are_called_by_what_they_are() {
        let error = |bytes: &[u8]| check(bytes).unwrap_err().to_string();
        assert_eq!(error(b""), "not an ELF object: the file is empty");
        assert!(error(b"#include <vmlinux.h>\n").contains("compile it with clang"));
        assert!(error(b"BC\xc0\xde1234").contains("-emit-llvm"));
        assert!(error(b"!<arch>\n").contains("archive"));
        assert!(error(b"\x00\x01\x02").contains("\\x7fELF"));
        assert!(error(b"\x7fELF\x02\x01\x01").contains("cut short"));
    }

    #[test]
    fn other_processors_are_named() {
        let error = check_machine(62, 1).unwrap_err().to_string();
        assert_eq!(error, "this is an object for x86-64: compile with -target bpf");
        assert!(check_machine(247, 1).is_ok());
        assert!(check_machine(0, 1).is_ok());
        assert!(check_machine(247, 3).unwrap_err().to_string().contains("linked program"));
        assert!(check_machine(9999, 1).unwrap_err().to_string().contains("9999"));
    }
}
