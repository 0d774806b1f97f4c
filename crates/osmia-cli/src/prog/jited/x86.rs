//! Machine code of x86-64.

use iced_x86::{
    Decoder, DecoderOptions, Formatter as _, GasFormatter, Instruction, SymbolResolver,
    SymbolResult,
};

use crate::prog::jited::Piece;

/// Disassembles a function's code that is at this address; `name` names what is jumped to and called.
pub fn disassemble(
    bytes: &[u8],
    address: u64,
    name: impl Fn(u64) -> Option<String> + 'static,
) -> Vec<Piece> {
    let mut decoder = Decoder::with_ip(64, bytes, address, DecoderOptions::NONE);
    let mut formatter = GasFormatter::with_options(Some(Box::new(Names(name))), None);
    formatter.options_mut().set_uppercase_hex(false);
    let (mut pieces, mut insn) = (Vec::new(), Instruction::default());
    while decoder.can_decode() {
        decoder.decode_out(&mut insn);
        let mut text = String::new();
        formatter.format(&insn, &mut text);
        let at = insn.ip().wrapping_sub(address) as usize;
        pieces.push(Piece { at, len: insn.len(), text });
    }
    pieces
}

/// The addresses that a function's code jumps to and calls.
pub fn targets(bytes: &[u8], address: u64) -> Vec<u64> {
    let decoder = Decoder::with_ip(64, bytes, address, DecoderOptions::NONE);
    let targets = decoder.into_iter().map(|insn| insn.near_branch_target());
    targets.filter(|target| *target != 0).collect()
}

/// Names the targets of jumps.
struct Names<F>(F);

impl<F: Fn(u64) -> Option<String>> SymbolResolver for Names<F> {
    fn symbol(
        &mut self,
        insn: &Instruction,
        _: u32,
        _: Option<u32>,
        address: u64,
        _: u32,
    ) -> Option<SymbolResult<'_>> {
        if insn.near_branch_target() != address || address == 0 {
            return None;
        }
        (self.0)(address).map(|name| SymbolResult::with_string(address, name))
    }
}
