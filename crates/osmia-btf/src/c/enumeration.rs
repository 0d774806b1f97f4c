//! Enums in C.

use crate::c::base::{write_number, write_to};
use crate::c::writer::{Writer, indent};
use crate::error::Error;
use crate::kind::Kind;
use crate::ty::{Enumerator, Type};

impl<'a> Writer<'a> {
    /// Writes ` { A = 0, ... }` and what makes C give the enum its size.
    pub(super) fn enum_body(&mut self, ty: &Type<'a>, level: usize) -> Result<(), Error> {
        self.text.push_str(" {\n");
        let mut size = 4;
        for value in ty.enumerators() {
            let value = value?;
            indent(&mut self.text, level + 1);
            self.enumerator_name(value.name);
            self.text.push_str(" = ");
            write_value(&mut self.text, &value, ty.kind());
            self.text.push_str(",\n");
            size = size.max(natural_size(&value));
            self.check_size(ty.id())?;
        }
        indent(&mut self.text, level);
        self.text.push('}');
        let own = ty.own_size().unwrap_or_default();
        if own != size {
            let mode = match own {
                1 => "QI",
                2 => "HI",
                4 => "SI",
                8 => "DI",
                _ => return Ok(()),
            };
            write_to(&mut self.text, format_args!(" __attribute__((mode({mode})))"));
        }
        Ok(())
    }
}

/// The bytes that C gives an enum for the sake of this value.
fn natural_size(value: &Enumerator<'_>) -> u32 {
    let fits = match value.value() {
        negative @ ..0 => i32::try_from(negative).is_ok(),
        positive => u32::try_from(positive).is_ok(),
    };
    if fits { 4 } else { 8 }
}

fn write_value(out: &mut String, value: &Enumerator<'_>, kind: Kind) {
    match (kind, value.signed) {
        // The least number of all is no literal in C: it would be read as a minus
        // in front of one too large.
        (Kind::Enum64, true) if value.bits == 1 << 63 => {
            out.push_str("-9223372036854775807LL - 1");
        }
        (Kind::Enum64, true) => write_to(out, format_args!("{}LL", value.bits as i64)),
        (Kind::Enum64, false) => write_to(out, format_args!("{}ULL", value.bits)),
        (_, true) if (value.bits as i64) < 0 => {
            out.push('-');
            write_number(out, (value.bits as i64).unsigned_abs());
        }
        _ => write_number(out, value.bits),
    }
}
