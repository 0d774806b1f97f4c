//! Where arguments are.

use crate::usdt::error::UsdtError;
use crate::usdt::{aarch64, x86_64};

/// The machines whose registers are known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Machine {
    /// x86-64.
    X86_64,
    /// arm64.
    Aarch64,
    /// Another one, as ELF numbers it.
    Other(u16),
}

/// An argument of a mark.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Argument {
    /// Its bytes: 1, 2, 4 or 8.
    pub size: u8,
    /// Whether it is signed.
    pub signed: bool,
    /// Where it is.
    pub location: Location,
}

/// Where an argument is. Registers are told by their offset in the kernel's `struct pt_regs`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Location {
    /// It is this number.
    Constant(i64),
    /// In a register.
    Register(u16),
    /// In memory, so many bytes behind where a register points.
    Memory {
        /// The register.
        register: u16,
        /// Bytes behind.
        offset: i64,
    },
    /// In memory, at an element of a list.
    Indexed {
        /// The register that points to the list.
        register: u16,
        /// Bytes behind.
        offset: i64,
        /// The register with the element's number.
        index: u16,
        /// By how many bits the number is shifted: 0 to 3.
        scale: u8,
    },
}

impl Argument {
    /// Reads what a note says of all arguments: `-4@%esi 8@-24(%rbp) 2@$7`.
    ///
    /// # Errors
    /// The machine is not known, or one of them is not understood.
    ///
    /// # Examples
    /// ```
    /// use osmia_object::usdt::{Argument, Location, Machine};
    ///
    /// let found = Argument::parse_all("-4@$-9 8@16(%rsp)", Machine::X86_64)?;
    /// assert!(found[0].signed);
    /// assert_eq!(found[1].location, Location::Memory { register: 152, offset: 16 });
    /// # Ok::<(), osmia_object::usdt::UsdtError>(())
    /// ```
    pub fn parse_all(text: &str, machine: Machine) -> Result<Vec<Self>, UsdtError> {
        let parse = |(number, text): (usize, &str)| {
            let location = match machine {
                Machine::X86_64 => x86_64::location,
                Machine::Aarch64 => aarch64::location,
                Machine::Other(machine) => return Err(UsdtError::Machine { machine }),
            };
            parse(text, location).map_err(|problem| {
                let text = text.to_owned();
                UsdtError::Argument { number, text, problem }
            })
        };
        split(text).enumerate().map(parse).collect()
    }
}

fn parse(
    text: &str,
    location: fn(&str) -> Result<Location, &'static str>,
) -> Result<Argument, &'static str> {
    let (size, operand) = text.split_once('@').ok_or("its size is missing (`8@`)")?;
    let (signed, digits) = match size.strip_prefix('-') {
        Some(digits) => (true, digits),
        None => (false, size),
    };
    let size = match digits {
        "1" => 1,
        "2" => 2,
        "4" => 4,
        "8" => 8,
        _ if digits.ends_with('f') => return Err("floating-point arguments are not supported"),
        _ => return Err("its size is not 1, 2, 4 or 8 bytes"),
    };
    Ok(Argument { size, signed, location: location(operand.trim())? })
}

/// The arguments in what a note says; spaces in brackets are of one: `8@[sp, 16]`.
pub fn split(text: &str) -> impl Iterator<Item = &str> {
    let mut depth = 0_usize;
    let ends = move |letter: char| {
        match letter {
            '(' | '[' => depth = depth.saturating_add(1),
            ')' | ']' => depth = depth.saturating_sub(1),
            _ => {}
        }
        depth == 0 && letter.is_ascii_whitespace()
    };
    text.split(ends).filter(|part| !part.is_empty())
}

#[cfg(test)]
mod tests {
    use super::{Argument, Location, Machine};
    use crate::usdt::error::UsdtError;

    fn one(text: &str, machine: Machine) -> (u8, bool, Location) {
        let [argument] = Argument::parse_all(text, machine).unwrap()[..] else { panic!("{text}") };
        (argument.size, argument.signed, argument.location)
    }

    #[test]
    fn operands_of_x86_64() {
        let memory = |register, offset| Location::Memory { register, offset };
        let indexed = |offset, scale| Location::Indexed { register: 32, offset, index: 80, scale };
        for (text, size, signed, location) in [
            ("-4@$-9", 4, true, Location::Constant(-9)),
            ("8@$0x10", 8, false, Location::Constant(16)),
            ("8@%rax", 8, false, Location::Register(80)),
            ("-4@%r10d", 4, true, Location::Register(56)),
            ("1@%sil", 1, false, Location::Register(104)),
            ("1@%ah", 1, false, Location::Register(81)),
            ("-4@-1204(%rbp)", 4, true, memory(32, -1204)),
            ("2@(%rsp)", 2, false, memory(152, 0)),
            ("-1@-96(%rbp,%rax,8)", 1, true, indexed(-96, 3)),
            ("8@(%rbp, %rax)", 8, false, indexed(0, 0)),
        ] {
            assert_eq!(one(text, Machine::X86_64), (size, signed, location), "{text}");
        }
    }

    #[test]
    fn operands_of_arm64() {
        for (text, size, signed, location) in [
            ("-4@5", 4, true, Location::Constant(5)),
            ("8@#-5", 8, false, Location::Constant(-5)),
            ("8@x30", 8, false, Location::Register(240)),
            ("-4@w3", 4, true, Location::Register(24)),
            ("8@sp", 8, false, Location::Register(248)),
            ("4@wzr", 4, false, Location::Constant(0)),
            ("8@[x2]", 8, false, Location::Memory { register: 16, offset: 0 }),
            ("-4@[sp, 60]", 4, true, Location::Memory { register: 248, offset: 60 }),
            ("1@[x29,#-8]", 1, false, Location::Memory { register: 232, offset: -8 }),
        ] {
            assert_eq!(one(text, Machine::Aarch64), (size, signed, location), "{text}");
        }
    }

    #[test]
    fn spaces_in_brackets_do_not_part_arguments() {
        let found = Argument::parse_all(" 8@[sp, 16]\t-4@x1 ", Machine::Aarch64).unwrap();
        assert_eq!(found.len(), 2);
        assert!(Argument::parse_all("", Machine::X86_64).unwrap().is_empty());
    }

    #[test]
    fn what_is_not_understood_is_named() {
        for (text, word) in [
            ("%rax", "size"),
            ("3@%rax", "size"),
            ("8f@%xmm0", "floating-point"),
            ("8@%xmm0", "floating-point"),
            ("8@%r16", "no such register"),
            ("8@rax", "neither"),
            ("8@$here", "no number"),
            ("8@counter(%rip)", "symbol"),
            ("8@8(%rip)", "relative"),
            ("8@8(%rax", "not closed"),
            ("8@(,%rax,8)", "base"),
            ("8@(%rax,%rbx,3)", "scale"),
            ("8@(%rax,%rbx,2,4)", "more"),
            ("8@", "neither"),
            ("@", "size"),
        ] {
            let error = Argument::parse_all(&format!("8@%rax {text}"), Machine::X86_64);
            let error = error.unwrap_err();
            assert!(
                matches!(&error, UsdtError::Argument { number: 1, text: told, .. } if told == text)
            );
            assert!(error.to_string().contains(word), "{error}");
        }
        for text in ["8@x31", "8@[x0, x1]", "8@[x0", "8@x", "8@d0", "8@x+1"] {
            assert!(Argument::parse_all(text, Machine::Aarch64).is_err(), "{text}");
        }
        let error = Argument::parse_all("8@%r1", Machine::Other(22)).unwrap_err();
        assert_eq!(error, UsdtError::Machine { machine: 22 });
    }
}
