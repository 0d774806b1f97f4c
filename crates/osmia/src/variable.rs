//! Global variables of loaded programs.

use std::fmt;
use std::marker::PhantomData;

use osmia_abi::MapType;
use osmia_abi::flags::BPF_F_RDONLY_PROG;
use osmia_sys::{Errno, SharedMemory};

use crate::error::Error;
use crate::map::Map;
use crate::map::refusal::Operation;
use crate::map::update::UpdateFlags;
use crate::plain::Plain;
use crate::shared;

mod array;
mod atomic;

/// A global variable of loaded programs.
///
/// It is read and written in mapped memory, without system calls; where the kernel cannot map it
/// (before 5.5) by look-ups and updates of the whole section that holds it, in which a program's
/// change at the same moment can be lost. Values of 1, 2, 4 or 8 bytes are loaded and stored
/// whole; longer ones are copied word by word, so that a copy may hold some of what somebody else
/// wrote meanwhile. Integers that programs change at the same time are had as [atomics](Variable::atomic),
/// arrays by [elements](Variable::at) and [slices](Variable::get_slice) as well, structs by [members](Variable::part).
///
/// `Variable<[u8]>` is one whose type is not known: its value is bytes.
///
/// # Kernel
/// Global variables came with 5.2.
///
/// # Examples
/// ```no_run
/// # fn example(object: osmia::Object) -> Result<(), osmia::Error> {
/// let hits = object.variable("hits")?.typed::<u64>()?;
/// hits.set(&0)?;
/// println!("{}", hits.get()?);
/// # Ok(())
/// # }
/// ```
pub struct Variable<T: ?Sized = [u8]> {
    place: Place,
    types: PhantomData<fn() -> Box<T>>,
}

/// Where a variable is.
#[derive(Clone, Debug)]
struct Place {
    name: String,
    section: Map,
    offset: usize,
    size: usize,
    constant: bool,
}

impl Variable<[u8]> {
    /// The variable at this place in a map of variables; the name is for messages. The object's types tell the place:
    /// the map's values are a data section. In an arena it is counted from its start.
    ///
    /// # Errors
    /// `Invalid`: the map is neither an arena nor an array of one element, or the place is not within it.
    pub fn in_map(map: &Map, name: &str, offset: usize, size: usize) -> Result<Self, Error> {
        let shape = map.shape();
        let room = match shape.map_type {
            MapType::ARENA => osmia_sys::page_size().checked_mul(shape.max_entries as usize),
            MapType::ARRAY if shape.max_entries == 1 => Some(shape.value_size),
            _ => None,
        };
        let end = offset.checked_add(size);
        if end.zip(room).is_none_or(|(end, room)| end > room) {
            return Err(Error::invalid(format!(
                "map `{}` has no place for a variable `{name}` of {size} bytes at {offset}",
                map.name()
            )));
        }
        Ok(Self::new(name, map, offset, size, shape.flags & BPF_F_RDONLY_PROG != 0))
    }

    pub(crate) fn new(
        name: &str,
        section: &Map,
        offset: usize,
        size: usize,
        constant: bool,
    ) -> Self {
        let (name, section) = (name.to_owned(), section.clone());
        let place = Place { name, section, offset, size, constant };
        Self { place, types: PhantomData }
    }

    /// The same as a variable of this type.
    ///
    /// # Errors
    /// `Invalid`: the variable has another size.
    pub fn typed<T: Plain>(&self) -> Result<Variable<T>, Error> {
        let Place { name, size, .. } = &self.place;
        if *size != size_of::<T>() {
            return Err(Error::invalid(format!(
                "variable `{name}` has {size} bytes; {} has {}",
                std::any::type_name::<T>(),
                size_of::<T>()
            )));
        }
        Ok(Variable { place: self.place.clone(), types: PhantomData })
    }

    /// The same as a constant of this type.
    ///
    /// # Errors
    /// `Invalid`: it has another size, or is a variable that programs may change.
    pub fn constant<T: Plain>(&self) -> Result<Constant<T>, Error> {
        if !self.place.constant {
            let name = &self.place.name;
            return Err(Error::invalid(format!("`{name}` is a variable, not a constant")));
        }
        self.typed().map(|variable| Constant { variable })
    }

    /// Its bytes.
    ///
    /// # Errors
    /// `System`: its section cannot be read.
    pub fn read(&self) -> Result<Vec<u8>, Error> {
        let mut bytes = vec![0; self.place.size];
        self.place.read(&mut bytes)?;
        Ok(bytes)
    }

    /// Sets its bytes.
    ///
    /// # Errors
    /// `Invalid`: it is of another size; `Permission`: it is a constant.
    pub fn write(&self, bytes: &[u8]) -> Result<(), Error> {
        let Place { name, size, .. } = &self.place;
        if bytes.len() != *size {
            let given = bytes.len();
            let message = format!("variable `{name}` has {size} bytes, {given} are given");
            return Err(Error::invalid(message));
        }
        self.place.write(bytes)
    }
}

impl<T: Plain> Variable<T> {
    /// Its value.
    ///
    /// # Errors
    /// `System`: its section cannot be read, which does not happen in mapped memory.
    #[inline]
    pub fn get(&self) -> Result<T, Error> {
        let mut value = T::new_zeroed();
        self.place.read(value.as_mut_bytes())?;
        Ok(value)
    }

    /// Sets its value.
    ///
    /// # Errors
    /// `Permission`: it is a constant, whose value is set before loading.
    #[inline]
    pub fn set(&self, value: &T) -> Result<(), Error> {
        self.place.write(value.as_bytes())
    }

    /// A part of it as a variable of its own: the member of a struct at this offset.
    ///
    /// # Errors
    /// `Invalid`: a `U` at this offset is not within it.
    ///
    /// # Examples
    /// ```no_run
    /// use osmia::zerocopy::{FromBytes, Immutable, IntoBytes};
    ///
    /// #[derive(Clone, Copy, FromBytes, IntoBytes, Immutable)]
    /// #[zerocopy(crate = "osmia::zerocopy")]
    /// #[repr(C)]
    /// struct Totals {
    ///     packets: u64,
    ///     bytes: u64,
    /// }
    ///
    /// # fn bytes(totals: &osmia::Variable<Totals>) -> Result<u64, osmia::Error> {
    /// use std::sync::atomic::Ordering::Relaxed;
    ///
    /// let bytes = totals.part::<u64>(std::mem::offset_of!(Totals, bytes))?;
    /// Ok(bytes.atomic()?.swap(0, Relaxed))
    /// # }
    /// ```
    pub fn part<U: Plain>(&self, offset: usize) -> Result<Variable<U>, Error> {
        let Place { name, size, .. } = &self.place;
        let part_size = size_of::<U>();
        if offset.checked_add(part_size).is_none_or(|end| end > *size) {
            return Err(Error::invalid(format!(
                "variable `{name}` has {size} bytes: there are no {part_size} at {offset}"
            )));
        }
        Ok(self.place.part(format!("{name}+{offset}"), offset, part_size))
    }
}

impl<T: ?Sized> Variable<T> {
    /// Its name.
    pub fn name(&self) -> &str {
        &self.place.name
    }

    /// Its size in bytes.
    pub fn size(&self) -> usize {
        self.place.size
    }

    /// Whether it is a constant, which nobody can change after loading.
    pub fn is_constant(&self) -> bool {
        self.place.constant
    }

    /// Whether it is read and written in mapped memory, without system calls.
    pub fn is_mapped(&self) -> bool {
        self.place.memory().is_some()
    }
}

/// A constant of loaded programs: its value is set before loading, by
/// [`ObjectSpec::set`](crate::ObjectSpec::set) or a generated module's spec.
pub struct Constant<T> {
    variable: Variable<T>,
}

impl<T: Plain> Constant<T> {
    /// Its value.
    ///
    /// # Errors
    /// As for [`Variable::get`].
    pub fn get(&self) -> Result<T, Error> {
        self.variable.get()
    }

    /// Its name.
    pub fn name(&self) -> &str {
        self.variable.name()
    }
}

impl Place {
    /// A part, which must be within it.
    fn part<U>(&self, name: String, offset: usize, size: usize) -> Variable<U> {
        let (section, offset) = (self.section.clone(), self.offset + offset);
        let place = Self { name, section, offset, size, constant: self.constant };
        Variable { place, types: PhantomData }
    }

    #[inline]
    fn memory(&self) -> Option<&SharedMemory> {
        self.section.place().kernel().and_then(|kernel| kernel.memory())
    }

    #[inline]
    fn read(&self, bytes: &mut [u8]) -> Result<(), Error> {
        self.read_at(0, bytes)
    }

    #[inline]
    fn write(&self, bytes: &[u8]) -> Result<(), Error> {
        self.write_at(0, bytes)
    }

    /// Reads what begins `from` bytes behind its start.
    #[inline]
    fn read_at(&self, from: usize, bytes: &mut [u8]) -> Result<(), Error> {
        let offset = self.offset + from;
        match self.memory() {
            Some(memory) => shared::load_into(memory, offset, bytes)
                .map_err(|errno| self.failed(Operation::Lookup, errno)),
            None => self.read_by_lookup(offset, bytes),
        }
    }

    #[inline]
    fn write_at(&self, from: usize, bytes: &[u8]) -> Result<(), Error> {
        if self.constant {
            return Err(constant(&self.name));
        }
        let offset = self.offset + from;
        match self.memory() {
            Some(memory) if memory.is_writable() => shared::store_from(memory, offset, bytes)
                .map_err(|errno| self.failed(Operation::Update(UpdateFlags::ANY), errno)),
            _ => self.write_by_update(offset, bytes),
        }
    }

    #[cold]
    fn read_by_lookup(&self, offset: usize, bytes: &mut [u8]) -> Result<(), Error> {
        let value = self.whole_section()?;
        let part = value.get(offset..).and_then(|tail| tail.get(..bytes.len()));
        let part = part.ok_or_else(|| self.failed(Operation::Lookup, Errno::FAULT))?;
        bytes.copy_from_slice(part);
        Ok(())
    }

    #[cold]
    fn write_by_update(&self, offset: usize, bytes: &[u8]) -> Result<(), Error> {
        let mut value = self.whole_section()?;
        let part = value.get_mut(offset..).and_then(|tail| tail.get_mut(..bytes.len()));
        let part = part.ok_or_else(|| self.failed(Operation::Lookup, Errno::FAULT))?;
        part.copy_from_slice(bytes);
        self.section
            .update(&[0; 4], &value, UpdateFlags::ANY)
            .map(drop)
            .map_err(|error| error.during(format!("set variable `{}`", self.name)))
    }

    fn whole_section(&self) -> Result<Vec<u8>, Error> {
        let value = self.section.lookup(&[0; 4]);
        let value = value.map_err(|error| error.during(format!("read `{}`", self.name)))?;
        value.ok_or_else(|| self.failed(Operation::Lookup, Errno::NOENT))
    }

    #[cold]
    fn failed(&self, operation: Operation, errno: Errno) -> Error {
        self.section.refused(operation, errno).during(format!("variable `{}`", self.name))
    }
}

#[cold]
fn constant(name: &str) -> Error {
    Error::new(
        crate::error::kind::ErrorKind::Permission,
        format!("`{name}` is a constant: its value is set before loading"),
    )
}

impl<T: ?Sized> Clone for Variable<T> {
    fn clone(&self) -> Self {
        Self { place: self.place.clone(), types: PhantomData }
    }
}

impl<T: ?Sized> fmt::Debug for Variable<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Variable")
            .field("name", &self.place.name)
            .field("size", &self.place.size)
            .field("constant", &self.place.constant)
            .finish_non_exhaustive()
    }
}

impl<T> Clone for Constant<T> {
    fn clone(&self) -> Self {
        Self { variable: self.variable.clone() }
    }
}

impl<T> fmt::Debug for Constant<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.variable.fmt(f)
    }
}
