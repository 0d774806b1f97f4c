//! Values for global variables, from the command line.

use osmia_object::ObjectSpec;

use crate::failure::Failure;
use crate::written::{name_and_path, write};

/// Sets the variables that the command line names, or parts of them.
///
/// # Errors
/// There is no such variable, or its type cannot hold the value.
pub fn set_variables(spec: &mut ObjectSpec, values: &[(String, String)]) -> Result<(), Failure> {
    for (name, text) in values {
        set(spec, name, text)?;
    }
    Ok(())
}

fn set(spec: &mut ObjectSpec, written: &str, text: &str) -> Result<(), Failure> {
    let (name, path) = name_and_path(written, |name| spec.variables.contains_key(name));
    let variable = spec.variable(name)?;
    let attempt = || format!("set variable {written} ({}) to {text}", variable.ty().title());
    let Some((btf, ty)) = spec.btf.as_ref().zip(variable.spec().ty) else {
        let why = "the object does not tell its type: compile with -g";
        return Err(Failure::new(why).during(attempt()));
    };
    let mut bytes = variable.bytes().into_owned();
    write(btf, ty, path, text, &mut bytes).map_err(|why| Failure::new(why).during(attempt()))?;
    Ok(spec.set_bytes(name, &bytes)?)
}
