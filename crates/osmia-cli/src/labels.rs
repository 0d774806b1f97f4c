//! Labels for the places that instructions jump to.

use osmia_insn::{Cfg, Label, Line, Target};

/// The label in front of an instruction, if others jump to it.
pub fn label(cfg: &Cfg, slot: usize) -> Option<String> {
    match cfg.label(slot) {
        Some(label @ Label::Slot(_)) => Some(label.to_string()),
        _ => None,
    }
}

/// Where an instruction jumps, if it is a block's last.
pub fn jump(cfg: &Cfg, line: Line) -> Option<String> {
    let block = cfg.blocks().get(cfg.block_of(line.index)?)?;
    if block.slots.end != line.next_index() {
        return None;
    }
    match block.jump? {
        Target::Block(to) => Some(cfg.label(cfg.blocks().get(to)?.slots.start)?.to_string()),
        Target::Nowhere(_) => Some("nowhere".to_owned()),
    }
}
