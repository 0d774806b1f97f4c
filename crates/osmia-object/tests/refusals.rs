//! Files that are no BPF objects, and sizes that are made to hurt.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

use osmia_object::{Error, ObjectSpec};
use osmia_testkit::alloc::{Counting, peak};
use osmia_testkit::fixture::{Endian, Fixture};

#[global_allocator]
static ALLOCATOR: Counting = Counting;

fn object() -> Option<Vec<u8>> {
    Fixture::new("variables").endian(Endian::Little).bytes()
}

fn refusal(bytes: &[u8]) -> String {
    ObjectSpec::parse("object", bytes.to_vec().into()).unwrap_err().to_string()
}

fn word(bytes: &[u8], at: usize, width: usize) -> usize {
    bytes[at..at + width].iter().rev().fold(0, |value, &byte| value << 8 | usize::from(byte))
}

/// Where the header of the section of this name is.
fn header(bytes: &[u8], name: &str) -> usize {
    let (table, names) = (word(bytes, 40, 8), word(bytes, 62, 2));
    let strings = word(bytes, table + names * 64 + 24, 8);
    let headers = (0..word(bytes, 60, 2)).map(|number| table + number * 64);
    let named = |&at: &usize| {
        let text = &bytes[strings + word(bytes, at, 4)..];
        text.starts_with(name.as_bytes()) && text[name.len()] == 0
    };
    headers.into_iter().find(named).unwrap()
}

#[test]
fn foreign_files_are_called_by_what_they_are() {
    let Some(object) = object() else { return };
    assert!(refusal(b"int main;").contains("it is text"));
    let mut x86 = object.clone();
    x86[18..20].copy_from_slice(&[62, 0]);
    assert_eq!(refusal(&x86), "this is an object for x86-64: compile with -target bpf");
    let mut linked = object.clone();
    linked[16] = 3;
    assert!(refusal(&linked).contains("a linked program or library; compile with -c"));
    let half = refusal(&object[..object.len() / 2]);
    assert!(half.starts_with("the file is cut short: the table of sections"), "{half}");
}

#[test]
fn a_file_without_symbols_says_how_to_strip() {
    let Some(mut object) = object() else { return };
    let at = header(&object, ".symtab");
    object[at + 4] = 1;
    assert!(refusal(&object).contains("llvm-strip -g"), "{}", refusal(&object));
}

#[test]
fn a_huge_bss_takes_no_memory() {
    let Some(mut object) = object() else { return };
    let at = header(&object, ".bss") + 32;
    object[at..at + 8].copy_from_slice(&0x7fff_ffff_u64.to_le_bytes());
    let len = object.len();
    let (spec, most) = peak(|| ObjectSpec::parse("object", object.clone().into()));
    assert_eq!(spec.unwrap().maps[".bss"].value_size, 0x7fff_ffff);
    assert!(most < len * 16 + 256 * 1024, "{most} bytes for a file of {len}");

    object[at..at + 8].copy_from_slice(&0x8000_0000_u64.to_le_bytes());
    let error = refusal(&object);
    assert!(error.contains("section .bss") && error.contains("2147483648 bytes"), "{error}");
}

/// How many variables share the name.
const USES: usize = 5000;

#[test]
fn a_shared_name_is_paid_for_once_per_use() {
    // 4000 bytes of name for each of many variables come to more than the file may describe.
    let Some(mut object) = object() else { return };
    let (symbols, strings) = (header(&object, ".symtab"), header(&object, ".strtab"));
    let start = word(&object, symbols + 24, 8);
    let count = word(&object, symbols + 32, 8) / 24;
    let first = (0..count).map(|n| start + n * 24).find(|&at| object[at + 4] & 15 == 1).unwrap();
    let mut symbol = object[first..first + 24].to_vec();
    let (old, len) = (word(&object, strings + 24, 8), word(&object, strings + 32, 8));
    let names = object.len();
    object.extend_from_within(old..old + len);
    object.extend([b'x'; 4000]);
    object.push(0);
    symbol[0..4].copy_from_slice(&(len as u32).to_le_bytes());
    let table = object.len();
    object.extend(vec![0; 24]);
    (0..USES).for_each(|_| object.extend(&symbol));
    let mut put = |at: usize, value: usize| {
        object[at..at + 8].copy_from_slice(&(value as u64).to_le_bytes());
    };
    put(strings + 24, names);
    put(strings + 32, len + 4001);
    put(symbols + 24, table);
    put(symbols + 32, (1 + USES) * 24);
    // Without relocations, whose symbols are gone.
    let (table, count) = (word(&object, 40, 8), word(&object, 60, 2));
    for at in (0..count).map(|number| table + number * 64) {
        if word(&object, at + 4, 4) == 9 {
            object[at + 4] = 1;
        }
    }
    let (result, most) = peak(|| ObjectSpec::parse("object", object.clone().into()));
    assert!(matches!(result, Err(Error::Inflated { .. })), "{result:?}");
    let limit = object.len() * 48 + 256 * 1024;
    assert!(most <= limit, "{most} bytes for a file of {}", object.len());
}
