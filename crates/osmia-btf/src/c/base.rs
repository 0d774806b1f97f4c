//! What C calls integers and floats.

use std::fmt::Write as _;

use crate::shape::scalar_align;
use crate::ty::{Int, Type};

/// Writes the C type of an integer: under its own name if C knows that, and else under
/// the name of the C type that has its size and sign.
pub(super) fn write_int(out: &mut String, ty: &Type<'_>) {
    let Some(int) = ty.int() else { return };
    if known_size(ty.name()) == Some(int.size) {
        out.push_str(ty.name());
    } else {
        write_bits(out, &int);
    }
}

/// Writes the unsigned integer of this size, or as many bytes.
pub(super) fn write_unsigned(out: &mut String, size: u32) {
    let int =
        Int { size, bits: size * 8, offset: 0, signed: false, is_char: false, is_bool: false };
    write_bits(out, &int);
}

/// Writes the C type of a floating-point number.
pub(super) fn write_float(out: &mut String, size: u32) {
    match size {
        4 => out.push_str("float"),
        8 => out.push_str("double"),
        // BPF has no other; what counts is the place it takes.
        _ => write_bytes(out, size),
    }
}

fn write_bits(out: &mut String, int: &Int) {
    let (signed, unsigned) = match int.size {
        1 if int.is_bool => ("_Bool", "_Bool"),
        1 => ("signed char", "unsigned char"),
        2 => ("short", "unsigned short"),
        4 => ("int", "unsigned int"),
        8 => ("long long", "unsigned long long"),
        16 => ("__int128", "unsigned __int128"),
        other => return write_bytes(out, other),
    };
    out.push_str(if int.signed { signed } else { unsigned });
}

/// A type of any size, aligned like a scalar of it.
fn write_bytes(out: &mut String, size: u32) {
    write_to(out, format_args!("struct {{ unsigned char bytes[{size}]; }}"));
    if scalar_align(size) > 1 {
        write_to(out, format_args!(" __attribute__((aligned({size})))"));
    }
}

/// Appends formatted text.
pub(super) fn write_to(out: &mut String, text: std::fmt::Arguments<'_>) {
    // Writing to a String does not fail.
    let written = out.write_fmt(text);
    debug_assert!(written.is_ok());
}

/// Appends a decimal number.
pub(super) fn write_number(out: &mut String, number: u64) {
    const TENS: [u64; 19] = {
        let mut tens = [10; 19];
        let mut rest: &mut [u64] = &mut tens;
        let mut ten = 10;
        while let [first, tail @ ..] = rest {
            *first = ten;
            ten = ten.wrapping_mul(10);
            rest = tail;
        }
        tens
    };
    let digits = TENS.iter().take_while(|&&ten| number >= ten).count();
    for ten in TENS.iter().take(digits).rev().chain(&[1]) {
        out.push(char::from(b'0' + (number / ten % 10) as u8));
    }
}

/// The size that C gives an integer type of this name on 64-bit machines.
fn known_size(name: &str) -> Option<u32> {
    Some(match name {
        "_Bool" | "char" | "signed char" | "unsigned char" => 1,
        "short" | "short int" | "unsigned short" | "short unsigned int" => 2,
        "int" | "unsigned int" | "unsigned" | "signed int" => 4,
        "long"
        | "long int"
        | "unsigned long"
        | "long unsigned int"
        | "long long"
        | "long long int"
        | "unsigned long long"
        | "long long unsigned int" => 8,
        "__int128" | "unsigned __int128" | "__int128 unsigned" => 16,
        _ => return None,
    })
}
