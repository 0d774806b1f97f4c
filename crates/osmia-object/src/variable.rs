//! A global variable before loading.

use std::borrow::Cow;

use bytes::BytesMut;
use osmia_btf::near::nearest;

use crate::error::Error;
use crate::map_spec::{MapRole, MapSpec, Pointer};
use crate::object_spec::ObjectSpec;
use crate::value_type::ValueType;
use crate::variable_spec::VariableSpec;
use crate::variable_value::{FromVariable, VariableValue};

/// A global variable of an object, with the value that it will have when it is loaded.
#[derive(Clone, Copy, Debug)]
pub struct Variable<'a> {
    object: &'a ObjectSpec,
    spec: &'a VariableSpec,
    map: &'a MapSpec,
}

impl<'a> Variable<'a> {
    /// Where it is.
    pub fn spec(&self) -> &'a VariableSpec {
        self.spec
    }

    /// Whether it is a constant of `.rodata*`, which programs cannot change.
    pub fn is_constant(&self) -> bool {
        self.map.role == MapRole::Constants
    }

    /// Its type.
    pub fn ty(&self) -> ValueType<'a> {
        let Self { object, spec, .. } = self;
        ValueType::new(object.btf.as_ref(), spec.ty, spec.size, object.endian)
    }

    /// Its bytes, in the byte order of the object.
    pub fn bytes(&self) -> Cow<'a, [u8]> {
        let (start, size) = (self.spec.offset as usize, self.spec.size as usize);
        let tail = self.map.contents.get(start..).unwrap_or_default();
        if let Some(bytes) = tail.get(..size) {
            return Cow::Borrowed(bytes);
        }
        let mut bytes = tail.to_vec();
        bytes.resize(size, 0);
        Cow::Owned(bytes)
    }

    /// The addresses that its C initialiser asks for, which nobody fills in; their offsets are
    /// counted from the variable's start.
    pub fn pointers(&self) -> impl Iterator<Item = Pointer> + use<'a> {
        let (start, size) = (self.spec.offset, self.spec.size);
        self.map.pointers.iter().filter_map(move |pointer| {
            let offset = pointer.offset.checked_sub(start).filter(|&offset| offset < size)?;
            Some(Pointer { offset, ..pointer.clone() })
        })
    }

    /// Its value.
    ///
    /// # Errors
    /// It holds no such value: its kind or its size is another one.
    pub fn get<T: FromVariable>(&self) -> Result<T, Error> {
        let value = T::decode(&self.ty(), &self.bytes());
        value.map_err(|problem| value_error(&self.spec.name, problem))
    }
}

impl ObjectSpec {
    /// The global variable of this name.
    ///
    /// # Errors
    /// There is none. The error lists those that there are.
    pub fn variable(&self, name: &str) -> Result<Variable<'_>, Error> {
        let spec = self.variables.get(name).ok_or_else(|| self.no_variable(name))?;
        let lost = |problem: &str| value_error(name, format!("its section {} {problem}", spec.map));
        let map = self.maps.get(&spec.map).ok_or_else(|| lost("is not there"))?;
        match spec.offset.checked_add(spec.size) {
            Some(end) if end <= map.room() => Ok(Variable { object: self, spec, map }),
            _ => Err(lost("ends in front of its end")),
        }
    }

    /// Sets the value that a global variable will have when the object is loaded.
    ///
    /// # Errors
    /// There is no such variable, or it cannot hold the value: the size or the kind is
    /// another one, or the number is out of its limits. Nothing has changed then.
    ///
    /// # Examples
    /// ```no_run
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use osmia_object::ObjectSpec;
    ///
    /// let file = std::fs::read("basic.bpf.o")?;
    /// let mut spec = ObjectSpec::parse("basic", file.into())?;
    /// spec.set("const_u32", 12)?;
    /// spec.set("greeting", "hello")?;
    /// spec.set("ports", [80_u16, 443, 8080, 8443])?;
    /// assert_eq!(spec.variable("const_u32")?.get::<u32>()?, 12);
    /// # Ok(())
    /// # }
    /// ```
    pub fn set(&mut self, name: &str, value: impl VariableValue) -> Result<(), Error> {
        let ty = self.variable(name)?.ty();
        let mut bytes = Vec::new();
        value.encode(&ty, &mut bytes).map_err(|problem| value_error(name, problem))?;
        self.set_bytes(name, &bytes)
    }

    /// Sets the bytes that a global variable will have when the object is loaded, in the
    /// byte order of the object; the way to set structs.
    ///
    /// # Errors
    /// There is no such variable, or it has another size. Nothing has changed then.
    pub fn set_bytes(&mut self, name: &str, bytes: &[u8]) -> Result<(), Error> {
        let variable = self.variable(name)?;
        let size = variable.spec.size as usize;
        if size != bytes.len() {
            let title = variable.ty().title();
            let problem =
                format!("it is {title} and has {size} bytes, the value has {}", bytes.len());
            return Err(value_error(name, problem));
        }
        let (section, start) = (variable.spec.map.clone(), variable.spec.offset as usize);
        let Some(map) = self.maps.get_mut(&section) else { return Ok(()) };
        // What was there is no address any more.
        map.pointers.retain(|one| !(start..start + size).contains(&(one.offset as usize)));
        let mut contents = BytesMut::from(std::mem::take(&mut map.contents));
        if contents.len() < start + size {
            contents.resize(start + size, 0);
        }
        if let Some(place) = contents.get_mut(start..start + size) {
            place.copy_from_slice(bytes);
        }
        map.contents = contents.freeze();
        Ok(())
    }

    fn no_variable(&self, name: &str) -> Error {
        // Variables inside of functions, and formats of bpf_printk, have a dot in their names.
        let plain = || self.variables.values().filter(|variable| !variable.name.contains('.'));
        let is_constant = |variable: &&VariableSpec| {
            let map = self.maps.get(&variable.map);
            map.is_some_and(|map| map.role == MapRole::Constants)
        };
        let (constants, variables): (Vec<_>, Vec<_>) = plain().partition(is_constant);
        let names = |list: Vec<&VariableSpec>| list.iter().map(|v| v.name.clone()).collect();
        Error::NoSuchVariable {
            name: name.to_owned(),
            near: nearest(name, plain().map(|variable| variable.name.as_str())).map(str::to_owned),
            constants: names(constants),
            variables: names(variables),
        }
    }
}

fn value_error(variable: &str, problem: String) -> Error {
    Error::Value { variable: variable.to_owned(), problem }
}
