//! One member of a map's definition.

use osmia_btf::{Btf, Kind, Member, TypeId};

use crate::error::Error;

/// A member that is being read, and what an error says of it.
#[derive(Clone, Copy)]
pub(crate) struct Field<'a> {
    pub map: &'a str,
    pub btf: &'a Btf,
    pub member: Member<'a>,
}

impl Field<'_> {
    pub fn error(&self, problem: impl Into<String>) -> Error {
        Error::Map {
            map: self.map.to_owned(),
            field: self.member.name.to_owned(),
            problem: problem.into(),
        }
    }

    /// The number of `__uint(field, number)`: `int (*field)[number]`.
    pub fn number(&self) -> Result<u32, Error> {
        let pointee = self.pointee("__uint")?;
        let array = self.btf.resolve(pointee).map_err(|error| self.types(&error))?;
        let array = array.array().ok_or_else(|| {
            self.error(format!("is not a number; write __uint({}, ...)", self.member.name))
        })?;
        Ok(array.len)
    }

    /// The number of `__uint`, or of `__ulong(field, number)`: an enum with that one value.
    pub fn long_number(&self) -> Result<u64, Error> {
        let ty = self.btf.resolve(self.member.ty).map_err(|error| self.types(&error))?;
        if ty.kind() == Kind::Ptr {
            return self.number().map(u64::from);
        }
        let mut values = ty.enumerators();
        let (Some(value), 1) = (values.next(), ty.vlen()) else {
            return Err(self.error("is not a number; write __ulong(...)"));
        };
        Ok(value.map_err(|error| self.types(&error))?.bits)
    }

    /// The type of `__type(field, type)`: `typeof(type) *field`, and its size.
    pub fn type_and_size(&self) -> Result<(TypeId, u32), Error> {
        let id = self.pointee("__type")?;
        let size = self.btf.size_of(id).map_err(|error| self.types(&error))?;
        Ok((id, size))
    }

    /// The type of the elements of `__array(field, type)`: `typeof(type) *field[]`.
    pub fn element(&self) -> Result<TypeId, Error> {
        let wrong = || self.error("is not an array without a size; write __array(values, ...)");
        let array = self.btf.resolve(self.member.ty).map_err(|error| self.types(&error))?;
        let array = array.array().filter(|array| array.len == 0).ok_or_else(wrong)?;
        let pointer = self.btf.resolve(array.element).map_err(|error| self.types(&error))?;
        match (pointer.kind(), pointer.target()) {
            (Kind::Ptr, Some(target)) => Ok(target),
            _ => Err(wrong()),
        }
    }

    /// An error of the types, in the words of an error of this field.
    pub fn types(&self, error: &osmia_btf::Error) -> Error {
        self.error(error.to_string())
    }

    fn pointee(&self, written: &str) -> Result<TypeId, Error> {
        let ty = self.btf.resolve(self.member.ty).map_err(|error| self.types(&error))?;
        match (ty.kind(), ty.target()) {
            (Kind::Ptr, Some(target)) => Ok(target),
            (kind, _) => Err(self.error(format!(
                "is {kind}, not a pointer; write {written}({}, ...)",
                self.member.name
            ))),
        }
    }
}
