//! What the kernel is told of a program's functions and lines.

use osmia_btf::TypeId;
use osmia_object::LinkedProgram;

/// The bytes of a function's record, and of a line's.
pub(super) const FUNCTION: u32 = 8;
pub(super) const LINE: u32 = 16;

/// Records as the kernel takes them; empty where there are none.
#[derive(Debug, Default)]
pub(super) struct ProgramRecords {
    pub(super) functions: Vec<u8>,
    pub(super) lines: Vec<u8>,
}

impl ProgramRecords {
    /// Those of a program. The kernel wants all of its functions to have a type, and a line at the
    /// start of each; otherwise it is told nothing.
    ///
    /// `type_of` tells what the type of a function is in the kernel.
    pub(super) fn new(program: &LinkedProgram, type_of: impl Fn(TypeId) -> TypeId) -> Self {
        let Some(functions) = program.func_info() else { return Self::default() };
        let mut bytes = Vec::with_capacity(functions.len() * FUNCTION as usize);
        for (start, ty) in &functions {
            put(&mut bytes, [*start, type_of(*ty).0]);
        }
        Self { functions: bytes, lines: lines(program).unwrap_or_default() }
    }
}

fn lines(program: &LinkedProgram) -> Option<Vec<u8>> {
    let starts_with_line =
        |start: u32| program.lines.binary_search_by_key(&start, |line| line.at).is_ok();
    if !program.functions.iter().all(|function| starts_with_line(function.start)) {
        return None;
    }
    let mut bytes = Vec::with_capacity(program.lines.len() * LINE as usize);
    let mut last = None;
    for line in &program.lines {
        // Two lines for one instruction would be refused.
        if last.replace(line.at) == Some(line.at) {
            continue;
        }
        let info = &line.info;
        // The number has 22 bits, the column 10.
        let place = (info.line << 10) | (info.column & 0x3ff);
        put(&mut bytes, [line.at, info.file.0, info.text.0, place]);
    }
    Some(bytes)
}

fn put<const N: usize>(bytes: &mut Vec<u8>, words: [u32; N]) {
    for word in words {
        bytes.extend_from_slice(&word.to_ne_bytes());
    }
}
