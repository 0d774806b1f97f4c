//! Values of global variables before loading.

use osmia_object::{MapRole, ObjectSpec, VariableSpec};
use zerocopy::{FromBytes, Immutable, IntoBytes};

use crate::error::Error;
use crate::near::instead_of;

/// The value that a global variable or constant will have when `object` is loaded. It may be
/// larger than a stack.
///
/// # Errors
/// `NotFound`: there is no such variable. `Invalid`: it has another size than `T`, or there is
/// not enough memory for it.
pub fn get<T>(object: &ObjectSpec, name: &str) -> Result<Box<T>, Error>
where
    T: FromBytes + IntoBytes,
{
    let variable = variable(object, name)?;
    check_size::<T>(object, variable)?;
    let bytes = object.variable(name).map_err(|error| refused(object, &error))?.bytes();
    let mut value = T::new_box_zeroed().map_err(|_| {
        let size = size_of::<T>();
        Error::invalid(format!("object `{}`: no memory for `{name}`, {size} bytes", object.name))
    })?;
    if let Some(place) = value.as_mut_bytes().get_mut(..bytes.len()) {
        place.copy_from_slice(&bytes);
    }
    Ok(value)
}

/// Sets the value that a global variable or constant will have when `object` is loaded.
///
/// # Errors
/// As for [`get`]; nothing has changed then.
pub fn set<T>(object: &mut ObjectSpec, name: &str, value: &T) -> Result<(), Error>
where
    T: IntoBytes + Immutable + ?Sized,
{
    let found = variable(object, name)?.clone();
    let value = value.as_bytes();
    if value.len() != found.size as usize {
        return Err(size_error(object, &found, value.len()));
    }
    object.set_bytes(name, value).map_err(|error| refused(object, &error))
}

fn variable<'a>(object: &'a ObjectSpec, name: &str) -> Result<&'a VariableSpec, Error> {
    object.variables.get(name).ok_or_else(|| absent(object, name))
}

fn refused(object: &ObjectSpec, error: &osmia_object::Error) -> Error {
    Error::invalid(format!("object `{}`: {error}", object.name))
}

fn check_size<T>(object: &ObjectSpec, variable: &VariableSpec) -> Result<(), Error> {
    if size_of::<T>() == variable.size as usize {
        return Ok(());
    }
    Err(size_error(object, variable, size_of::<T>()))
}

fn size_error(object: &ObjectSpec, variable: &VariableSpec, given: usize) -> Error {
    Error::invalid(format!(
        "object `{}`: variable `{}` has {} bytes{}, the value given has {given}",
        object.name,
        variable.name,
        variable.size,
        declared(object, variable)
    ))
}

/// How the C declares the variable, where its type has a name.
fn declared(object: &ObjectSpec, variable: &VariableSpec) -> String {
    let named = || {
        let btf = object.btf.as_ref()?;
        let name = btf.unqualified(variable.ty?).ok()?.name();
        (!name.is_empty()).then(|| format!(" ({name})"))
    };
    named().unwrap_or_default()
}

fn absent(object: &ObjectSpec, name: &str) -> Error {
    let constant = |variable: &&VariableSpec| {
        let map = object.maps.get(&variable.map);
        map.is_some_and(|map| map.role == MapRole::Constants)
    };
    let names = object.variables.keys().map(String::as_str);
    let near = instead_of(name, "variables", names);
    let constants: Vec<&str> =
        object.variables.values().filter(constant).map(|v| v.name.as_str()).collect();
    let constants = match constants.as_slice() {
        [] => String::new(),
        names => format!(" (constants: {})", names.join(", ")),
    };
    Error::not_found(format!(
        "object `{}` has no variable `{name}`; {near}{constants}. A variable that no code uses is \
         dropped by the compiler",
        object.name
    ))
}

#[cfg(test)]
mod tests {
    use super::{get, set};
    use crate::error::kind::ErrorKind;
    use crate::handmade;

    #[test]
    fn a_value_is_set_in_its_place() {
        let mut object = handmade::basic();
        let before = object.maps[".rodata"].contents.clone();
        assert_eq!(*get::<u32>(&object, "const_u32").unwrap(), 50);
        set(&mut object, "const_u32", &12u32).unwrap();
        assert_eq!(*get::<u32>(&object, "const_u32").unwrap(), 12);
        assert_eq!(object.maps[".rodata"].contents[..], [0xff, 0xff, 0xff, 0xff, 12, 0, 0, 0]);
        assert_eq!(before[4], 50, "what others share does not change");
    }

    #[test]
    fn a_wrong_size_is_refused_with_both_sizes() {
        let mut object = handmade::basic();
        let error = set(&mut object, "const_u32", &12u64).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Invalid);
        let text = error.to_string();
        assert!(text.contains("`const_u32` has 4 bytes, the value given has 8"), "{text}");
        assert!(get::<u8>(&object, "const_u32").is_err());
        assert_eq!(*get::<u32>(&object, "const_u32").unwrap(), 50);
    }

    #[test]
    fn an_absent_name_lists_what_exists() {
        let error = get::<u32>(&handmade::basic(), "const_u23").unwrap_err();
        assert_eq!(error.kind(), ErrorKind::NotFound);
        let text = error.to_string();
        assert!(text.contains("did you mean `const_u32`?"), "{text}");
        assert!(text.contains("(constants: const_u32)"), "{text}");
        assert!(text.contains("dropped by the compiler"), "{text}");
    }

    #[test]
    fn a_variable_outside_of_its_section_is_refused() {
        let mut object = handmade::basic();
        for name in ["outside", "nowhere"] {
            assert_eq!(get::<u32>(&object, name).unwrap_err().kind(), ErrorKind::Invalid);
            assert!(set(&mut object, name, &1u32).is_err());
        }
    }
}
