//! Text in lines that are no wider than a page.

use unicode_width::UnicodeWidthChar as _;
use unicode_width::UnicodeWidthStr as _;

/// How many columns text takes; what colours it takes none.
pub fn columns(text: &str) -> usize {
    if text.contains('\x1b') {
        anstream::adapter::strip_str(text).to_string().width()
    } else {
        text.width()
    }
}

/// Text in lines of at most so many columns, broken behind blanks, commas and slashes; what has
/// none of them is broken behind `_`, `-` and `.`, or anywhere.
pub fn wrapped(text: &str, room: usize) -> Vec<String> {
    text.split('\n').flat_map(|line| wrapped_line(line, room.max(1))).collect()
}

/// The width of the widest part of a text that is not broken if it can be helped.
pub fn widest_part(text: &str) -> usize {
    let parts = text.split('\n').flat_map(|line| line.split_inclusive(SOFT));
    parts.map(|part| columns(part.trim_end())).max().unwrap_or(0)
}

const SOFT: [char; 3] = [' ', ',', '/'];
const HARD: [char; 3] = ['_', '-', '.'];

fn wrapped_line(line: &str, room: usize) -> Vec<String> {
    if columns(line) <= room || line.contains('\x1b') {
        return vec![line.to_owned()];
    }
    let mut lines = vec![String::new()];
    for part in line.split_inclusive(SOFT) {
        let mut part = part;
        loop {
            let taken = lines.last().map_or(0, |last| columns(last));
            if taken + columns(part.trim_end()) <= room {
                break;
            }
            if taken > 0 {
                lines.push(String::new());
                continue;
            }
            let (head, rest) = part.split_at(cut(part, room));
            lines.pop();
            lines.extend([head.to_owned(), String::new()]);
            part = rest;
        }
        if let Some(last) = lines.last_mut() {
            last.push_str(part);
        }
    }
    if lines.len() > 1 && lines.last().is_some_and(String::is_empty) {
        lines.pop();
    }
    for line in &mut lines {
        line.truncate(line.trim_end().len());
    }
    lines
}

/// Where a text that is wider than the room is cut, in bytes: behind at least one character.
fn cut(text: &str, room: usize) -> usize {
    let (mut taken, mut end, mut good) = (0, 0, 0);
    for (at, character) in text.char_indices() {
        taken += character.width().unwrap_or(0);
        if taken > room && end > 0 {
            break;
        }
        end = at + character.len_utf8();
        if HARD.contains(&character) {
            good = end;
        }
    }
    // A line that would be nearly empty is not worth a good place.
    if good * 2 > end { good } else { end }
}

#[cfg(test)]
mod tests {
    use super::{columns, widest_part, wrapped};

    #[test]
    fn lines_are_broken_where_they_may() {
        assert_eq!(wrapped("one two three", 7), ["one two", "three"]);
        assert_eq!(
            wrapped("tracepoint/syscalls/sys_enter", 22),
            ["tracepoint/syscalls/", "sys_enter"]
        );
        assert_eq!(wrapped("count_by_destination", 10), ["count_by_", "destinatio", "n"]);
        assert_eq!(wrapped("abcdefgh x", 4), ["abcd", "efgh", "x"]);
        assert_eq!(wrapped("", 4), [""]);
        assert_eq!(wrapped("a\nb", 9), ["a", "b"]);
        assert_eq!(wrapped("漢字漢", 4), ["漢字", "漢"]);
        assert_eq!(wrapped("漢字", 1), ["漢", "字"]);
    }

    #[test]
    fn colours_take_no_room() {
        let text = "\x1b[32mloads\x1b[0m";
        assert_eq!(columns(text), 5);
        assert_eq!(wrapped(text, 2), [text]);
        assert_eq!(widest_part("a/bcd, ef"), 4);
    }
}
