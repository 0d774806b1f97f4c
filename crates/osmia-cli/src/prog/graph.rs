//! The control flow of a program as a graph.

use std::fmt::Write as _;

use layout::core::base::Orientation;
use layout::core::geometry::Point;
use layout::core::style::{LineStyleKind, StyleAttr};
use layout::std_shapes::shapes::{Arrow, Element, LineEndKind, ShapeKind};
use layout::topo::layout::VisualGraph;
use osmia_insn::{Cfg, Target};

use crate::prog::code::Code;
use crate::prog::svg::{LETTER, Svg, times};
use crate::prog::xlated::{Xlated, XlatedInsn};

/// The control flow of a program: blocks of instructions, and where they lead.
pub struct Graph {
    functions: Vec<FunctionGraph>,
}

struct FunctionGraph {
    name: String,
    blocks: Vec<BlockText>,
    /// From block to block of this function; whether it is a jump.
    edges: Vec<(usize, usize, bool)>,
}

/// A block's number in the whole program, and its instructions.
struct BlockText {
    at: usize,
    lines: Vec<String>,
}

impl Graph {
    /// The graph of a listing.
    pub fn new(listing: &Xlated, code: &Code) -> Self {
        let cfg = Cfg::new(&code.insns);
        let functions =
            (0..cfg.functions().len()).map(|at| FunctionGraph::new(at, &cfg, listing, code));
        Self { functions: functions.collect() }
    }

    /// For Graphviz.
    pub fn dot(&self) -> String {
        let mut text =
            "digraph \"program\" {\n\tnode [shape=box, fontname=monospace];\n".to_owned();
        for (at, function) in self.functions.iter().enumerate() {
            let name = escape(&function.name);
            let _ = writeln!(text, "subgraph \"cluster_{at}\" {{\n\tlabel=\"{name}\";");
            for block in &function.blocks {
                let lines = block.lines.iter().flat_map(|line| [escape(line), "\\l".to_owned()]);
                let lines: String = lines.collect();
                let _ = writeln!(text, "\tb{} [label=\"{lines}\"];", block.at);
            }
            for (from, to, jumps) in &function.edges {
                let style = if *jumps { "" } else { " [style=bold]" };
                let _ = writeln!(text, "\tb{from} -> b{to}{style};");
            }
            text.push_str("}\n");
        }
        text.push_str("}\n");
        text
    }

    /// As a picture: all functions side by side.
    pub fn svg(&self) -> String {
        let mut graph = VisualGraph::new(Orientation::TopToBottom);
        for function in &self.functions {
            let mut handles = Vec::new();
            for (number, block) in function.blocks.iter().enumerate() {
                let mut lines = block.lines.clone();
                if number == 0 {
                    lines.insert(0, format!("{}:", function.name));
                }
                let longest = lines.iter().map(|line| line.chars().count()).max().unwrap_or(0);
                let size = Point::new(
                    times(longest, LETTER.0) + 20.0,
                    times(lines.len(), LETTER.1) + 14.0,
                );
                let text = lines.join("\n");
                let element = Element::create(
                    ShapeKind::new_box(&text),
                    StyleAttr::simple(),
                    Orientation::TopToBottom,
                    size,
                );
                handles.push((block.at, graph.add_node(element)));
            }
            let handle = |wanted: usize| {
                handles.iter().find(|(at, _)| *at == wanted).map(|(_, handle)| *handle)
            };
            for (from, to, jumps) in &function.edges {
                if let (Some(from), Some(to)) = (handle(*from), handle(*to)) {
                    let line = if *jumps { LineStyleKind::Dashed } else { LineStyleKind::Normal };
                    let heads = (LineEndKind::None, LineEndKind::Arrow);
                    let (look, none) = (StyleAttr::simple(), None);
                    let arrow = Arrow::new(heads.0, heads.1, line, "", &look, &none, &none);
                    graph.add_edge(arrow, from, to);
                }
            }
        }
        let mut picture = Svg::default();
        graph.do_it(false, false, false, &mut picture);
        picture.finish()
    }
}

impl FunctionGraph {
    fn new(function: usize, cfg: &Cfg, listing: &Xlated, code: &Code) -> Self {
        let start = cfg.functions().get(function).copied().unwrap_or(0);
        let name = code.function(start).map_or("", |function| function.name.as_str());
        let name = if name.is_empty() { format!("func#{function}") } else { name.to_owned() };
        let (mut blocks, mut edges) = (Vec::new(), Vec::new());
        for (at, block) in cfg.blocks().iter().enumerate() {
            if block.function != function {
                continue;
            }
            let insns = listing.insns.iter().filter(|insn| block.slots.contains(&insn.at));
            let line = |insn: &XlatedInsn| match insn.note.as_str() {
                "" => format!("{:>4}: {}", insn.at, insn.disasm),
                note => format!("{:>4}: {} ; {note}", insn.at, insn.disasm),
            };
            blocks.push(BlockText { at, lines: insns.map(line).collect() });
            for (edge, jumps) in [(block.next, false), (block.jump, true)] {
                if let Some(Target::Block(to)) = edge {
                    edges.push((at, to, jumps));
                }
            }
        }
        Self { name, blocks, edges }
    }
}

fn escape(text: &str) -> String {
    text.replace('\\', "\\\\").replace('"', "\\\"")
}
