//! Values for global variables, from the command line.

use osmia_btf::value::Input;
use osmia_object::{ObjectSpec, ValueKind, ValueType};

use crate::failure::Failure;

/// Sets the variables that the command line names.
///
/// # Errors
/// There is no such variable, or its type cannot hold the value.
pub fn set_variables(spec: &mut ObjectSpec, values: &[(String, String)]) -> Result<(), Failure> {
    for (name, text) in values {
        set(spec, name, text)?;
    }
    Ok(())
}

fn set(spec: &mut ObjectSpec, name: &str, text: &str) -> Result<(), Failure> {
    let variable = spec.variable(name)?;
    // What cannot be read as a value is text without quotes.
    let input = Input::parse(text).unwrap_or_else(|_| Input::Text(text.as_bytes().to_vec()));
    if is_text(&variable.ty()) {
        let text = match &input {
            Input::Text(bytes) => std::str::from_utf8(bytes).ok(),
            Input::List(_) | Input::Fields(_) | Input::Null => None,
            // Digits and words are text as well, if that is what the variable holds.
            _ => Some(text),
        };
        if let Some(text) = text {
            return Ok(spec.set(name, text)?);
        }
    }
    let attempt = || format!("set variable {name} ({}) to {text}", variable.ty().title());
    let Some((btf, ty)) = spec.btf.as_ref().zip(variable.spec().ty) else {
        let why = "the object does not tell its type: compile with -g";
        return Err(Failure::new(why).during(attempt()));
    };
    let bytes = if let Input::Fields(_) = input {
        // What is not mentioned stays as it is in C.
        let mut bytes = variable.bytes().into_owned();
        input.write(btf, ty, &mut bytes).map(|()| bytes)
    } else {
        input.encode(btf, ty)
    };
    let bytes = bytes.map_err(|error| Failure::because(attempt(), &error))?;
    Ok(spec.set_bytes(name, &bytes)?)
}

/// Whether a type is an array of characters or bytes.
fn is_text(ty: &ValueType<'_>) -> bool {
    let element = |element: ValueType<'_>| {
        element.size() == 1 && matches!(element.kind(), ValueKind::Int { .. })
    };
    matches!(ty.kind(), ValueKind::Array(_)) && ty.element().is_some_and(element)
}
