//! The machine that programs are compiled for.

use std::fmt;
use std::str::FromStr;

use osmia_btf::Endian;

/// A processor architecture, as far as BPF programs see it: it decides the registers that
/// `PT_REGS_PARM1` and its like read, and the byte order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Target {
    /// The architecture by its name in `__TARGET_ARCH_x`.
    arch: &'static str,
    /// The byte order.
    pub endian: Endian,
}

/// Rust's name, the name in `__TARGET_ARCH_x`, Debian's folder of `asm/*.h`.
const ARCHES: &[(&str, &str, &str)] = &[
    ("x86_64", "x86", "x86_64-linux-gnu"),
    ("x86", "x86", "i386-linux-gnu"),
    ("aarch64", "arm64", "aarch64-linux-gnu"),
    ("arm", "arm", "arm-linux-gnueabihf"),
    ("riscv64", "riscv", "riscv64-linux-gnu"),
    ("s390x", "s390", "s390x-linux-gnu"),
    ("powerpc64", "powerpc", "powerpc64le-linux-gnu"),
    ("loongarch64", "loongarch", "loongarch64-linux-gnu"),
    ("mips", "mips", "mipsel-linux-gnu"),
    ("mips64", "mips", "mips64el-linux-gnuabi64"),
    ("sparc64", "sparc", "sparc64-linux-gnu"),
];

impl Target {
    /// The machine that this runs on.
    pub fn host() -> Self {
        let arch = Self::named(std::env::consts::ARCH).map_or(std::env::consts::ARCH, Self::arch);
        Self { arch, endian: Endian::host() }
    }

    /// The machine that cargo builds the package for; only build scripts are told.
    pub(crate) fn of_cargo() -> Option<Self> {
        let arch = std::env::var("CARGO_CFG_TARGET_ARCH").ok()?;
        let endian = match std::env::var("CARGO_CFG_TARGET_ENDIAN").ok()?.as_str() {
            "big" => Endian::Big,
            _ => Endian::Little,
        };
        Some(Self::named(&arch)?.with_endian(endian))
    }

    /// The architecture of this name: Rust's (`aarch64`) or the kernel's (`arm64`), in its
    /// usual byte order.
    pub fn named(name: &str) -> Option<Self> {
        let (_, arch, _) =
            ARCHES.iter().find(|(rust, kernel, _)| name == *rust || name == *kernel)?;
        let endian = if *arch == "s390" || *arch == "sparc" { Endian::Big } else { Endian::Little };
        Some(Self { arch, endian })
    }

    /// The same architecture in this byte order.
    #[must_use]
    pub const fn with_endian(self, endian: Endian) -> Self {
        Self { endian, ..self }
    }

    /// The architecture's name in `__TARGET_ARCH_x`.
    pub const fn arch(self) -> &'static str {
        self.arch
    }

    /// clang's name of the BPF target in this byte order.
    pub(crate) const fn triple(self) -> &'static str {
        match self.endian {
            Endian::Little => "bpfel",
            Endian::Big => "bpfeb",
        }
    }

    /// Where Debian keeps the architecture's `asm/*.h`, the likeliest first; clang does not
    /// look there for BPF.
    ///
    /// This machine's own ones come last: they are the same but for the byte order and for
    /// what BPF programs cannot use.
    pub(crate) fn asm_dirs(self) -> Vec<String> {
        let arches = [Some(self.arch), (self.endian == Endian::host()).then(|| Self::host().arch)];
        let of = |arch| ARCHES.iter().filter(move |(_, kernel, _)| *kernel == arch);
        let names = arches.into_iter().flatten().flat_map(of).map(|(_, _, dir)| dir);
        names
            .flat_map(|dir| [format!("/usr/include/{dir}"), format!("/usr/{dir}/include")])
            .collect()
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.arch, self.triple())
    }
}

impl FromStr for Target {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        Self::named(name).ok_or_else(|| {
            let known: Vec<_> = ARCHES.iter().map(|(rust, ..)| *rust).collect();
            format!("there is no architecture `{name}`; there are {}", known.join(", "))
        })
    }
}

#[cfg(test)]
mod tests {
    use osmia_btf::Endian;

    use super::Target;

    #[test]
    fn rust_and_the_kernel_name_the_same_machines() {
        let arm = Target::named("aarch64").unwrap();
        assert_eq!(arm.arch(), "arm64");
        assert_eq!(Target::named("arm64"), Some(arm));
        assert_eq!(arm.triple(), "bpfel");
        assert_eq!(Target::named("s390x").unwrap().triple(), "bpfeb");
        assert_eq!(arm.with_endian(Endian::Big).triple(), "bpfeb");
        assert!("pdp11".parse::<Target>().unwrap_err().contains("x86_64"));
    }
}
