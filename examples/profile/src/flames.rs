//! Stacks as a flame graph: each function a bar as wide as it was found often, on those that called it.

use std::collections::BTreeMap;
use std::fmt::Write as _;

/// The picture's width and the bars' height.
const WIDTH: f64 = 1200.0;
const HEIGHT: usize = 17;
/// Narrower bars are left out.
const NARROW: f64 = 0.4;
/// A letter's width.
const LETTER: f64 = 7.0;

/// A function, and what it called.
#[derive(Default)]
struct Frame<'a> {
    count: u64,
    called: BTreeMap<&'a str, Frame<'a>>,
}

/// The picture of stacks whose functions are joined by semicolons, as SVG.
pub fn draw(folded: &BTreeMap<String, u64>) -> String {
    let mut root = Frame::default();
    let mut depth = 1;
    for (stack, count) in folded {
        let mut frame = &mut root;
        frame.count += count;
        for name in stack.split(';') {
            frame = frame.called.entry(name).or_default();
            frame.count += count;
        }
        depth = depth.max(stack.split(';').count() + 1);
    }
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{WIDTH}\" height=\"{}\" \
         font-family=\"monospace\" font-size=\"12\">\n",
        depth * HEIGHT
    );
    let scale = WIDTH / number(root.count.max(1));
    // What is still to be drawn: a name, a frame, where it begins, and how deep it is.
    let mut rest = vec![("all", &root, 0.0, 1)];
    while let Some((name, frame, start, level)) = rest.pop() {
        let width = number(frame.count) * scale;
        if width < NARROW {
            continue;
        }
        bar(&mut svg, name, frame.count, [start, width], (depth - level) * HEIGHT);
        let mut start = start;
        for (name, called) in &frame.called {
            rest.push((*name, called, start, level + 1));
            start += number(called.count) * scale;
        }
    }
    svg.push_str("</svg>\n");
    svg
}

fn number(count: u64) -> f64 {
    f64::from(u32::try_from(count).unwrap_or(u32::MAX))
}

fn bar(svg: &mut String, name: &str, count: u64, [start, width]: [f64; 2], top: usize) {
    let name = name.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    let letters: String = name.chars().take((width / LETTER) as usize).collect();
    // The same name has the same colour.
    let hue =
        name.bytes().fold(0u32, |hue, byte| hue.wrapping_mul(31).wrapping_add(u32::from(byte)))
            % 50;
    // Writing to a string does not fail.
    let _ = writeln!(
        svg,
        "<g><title>{name}: {count} samples</title><rect x=\"{start:.1}\" y=\"{top}\" width=\"{width:.1}\" height=\"{}\" \
         fill=\"hsl({hue},80%,65%)\"/><text x=\"{:.1}\" y=\"{}\">{letters}</text></g>",
        HEIGHT - 1,
        start + 2.0,
        top + HEIGHT - 5,
    );
}
