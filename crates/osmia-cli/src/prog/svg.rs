//! A picture of boxes with code in them, and of arrows between them.

use std::fmt::Write as _;

use layout::core::format::{ClipHandle, RenderBackend};
use layout::core::geometry::Point;
use layout::core::style::StyleAttr;

/// The width of a letter and the height of a line, in the picture's units.
pub const LETTER: (f64, f64) = (7.3, 15.0);

/// So many lengths.
pub fn times(count: usize, length: f64) -> f64 {
    f64::from(u32::try_from(count).unwrap_or(u32::MAX)) * length
}

/// The picture while it is drawn.
#[derive(Debug, Default)]
pub struct Svg {
    body: String,
    width: f64,
    height: f64,
}

impl Svg {
    /// The file.
    pub fn finish(self) -> String {
        let (width, height) = (self.width + 20.0, self.height + 20.0);
        format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width:.0}\" height=\"{height:.0}\" \
             viewBox=\"0 0 {width:.0} {height:.0}\">\n<style>\
             rect {{ fill: #fff; stroke: #555; }} \
             path {{ fill: none; stroke: #555; }} \
             text {{ font: 12px monospace; white-space: pre; }}</style>\n<defs><marker id=\"head\" \
             viewBox=\"0 0 8 8\" refX=\"8\" refY=\"4\" markerWidth=\"8\" markerHeight=\"8\" \
             orient=\"auto\"><path d=\"M0 0 L8 4 L0 8 z\" style=\"fill: #555\"/></marker></defs>\n\
             <rect width=\"100%\" height=\"100%\" style=\"stroke: none\"/>\n{}</svg>\n",
            self.body
        )
    }

    fn reach(&mut self, x: f64, y: f64) {
        self.width = self.width.max(x);
        self.height = self.height.max(y);
    }
}

impl RenderBackend for Svg {
    fn draw_rect(
        &mut self,
        xy: Point,
        size: Point,
        _: &StyleAttr,
        _: Option<String>,
        _: Option<ClipHandle>,
    ) {
        self.reach(xy.x + size.x, xy.y + size.y);
        let _ = writeln!(
            self.body,
            "<rect x=\"{:.1}\" y=\"{:.1}\" width=\"{:.1}\" height=\"{:.1}\" rx=\"3\"/>",
            xy.x, xy.y, size.x, size.y
        );
    }

    fn draw_line(&mut self, start: Point, stop: Point, _: &StyleAttr, _: Option<String>) {
        let _ = writeln!(
            self.body,
            "<path d=\"M{:.1} {:.1} L{:.1} {:.1}\"/>",
            start.x, start.y, stop.x, stop.y
        );
    }

    /// There are no round things in these pictures.
    fn draw_circle(&mut self, xy: Point, size: Point, look: &StyleAttr, _: Option<String>) {
        self.draw_rect(xy, size, look, None, None);
    }

    /// The text stands in the middle of its box, its lines begin one under the other.
    fn draw_text(&mut self, xy: Point, text: &str, _: &StyleAttr) {
        let lines: Vec<&str> = text.lines().collect();
        let longest = lines.iter().map(|line| line.chars().count()).max().unwrap_or(0);
        let left = xy.x - times(longest, LETTER.0) / 2.0;
        let top = xy.y - times(lines.len(), LETTER.1) / 2.0 + 11.0;
        for (at, line) in lines.iter().enumerate() {
            let y = top + times(at, LETTER.1);
            let _ = writeln!(
                self.body,
                "<text x=\"{left:.1}\" y=\"{y:.1}\" xml:space=\"preserve\">{}</text>",
                escape(line)
            );
        }
    }

    fn draw_arrow(
        &mut self,
        path: &[(Point, Point)],
        dashed: bool,
        _: (bool, bool),
        _: &StyleAttr,
        _: Option<String>,
        _: &str,
    ) {
        let Some(((start, control), rest)) = path.split_first() else { return };
        let mut line = format!("M{:.1} {:.1}", start.x, start.y);
        for (at, (first, second)) in rest.iter().enumerate() {
            self.reach(first.x.max(second.x), first.y.max(second.y));
            let _ = if at == 0 {
                write!(line, " C{:.1} {:.1}", control.x, control.y)
            } else {
                write!(line, " S")
            };
            let _ = write!(line, " {:.1} {:.1} {:.1} {:.1}", first.x, first.y, second.x, second.y);
        }
        let dash = if dashed { " stroke-dasharray=\"4\"" } else { "" };
        let _ = writeln!(self.body, "<path d=\"{line}\"{dash} marker-end=\"url(#head)\"/>");
    }

    fn create_clip(&mut self, _: Point, _: Point, _: usize) -> ClipHandle {
        0
    }
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}
