//! Arrays as variables.

use zerocopy::IntoBytes as _;

use crate::error::Error;
use crate::plain::Plain;
use crate::variable::Variable;

impl<T: Plain, const N: usize> Variable<[T; N]> {
    /// How many elements it has.
    pub const fn len(&self) -> usize {
        N
    }

    /// Whether it has no elements.
    pub const fn is_empty(&self) -> bool {
        N == 0
    }

    /// An element as a variable of its own.
    ///
    /// # Errors
    /// `Invalid`: the index is beyond the end.
    ///
    /// # Examples
    /// ```no_run
    /// # fn take(by_state: &osmia::Variable<[u64; 12]>) -> Result<u64, osmia::Error> {
    /// use std::sync::atomic::Ordering::Relaxed;
    ///
    /// Ok(by_state.at(10)?.atomic()?.swap(0, Relaxed))
    /// # }
    /// ```
    pub fn at(&self, index: usize) -> Result<Variable<T>, Error> {
        let from = self.offset_of(index, 1)?;
        let name = format!("{}[{index}]", self.name());
        Ok(self.place.part(name, from, size_of::<T>()))
    }

    /// Copies elements from `index` on into a slice: only those are read, so that an array may be larger than
    /// a stack.
    ///
    /// # Errors
    /// `Invalid`: the array ends before the slice does.
    pub fn get_slice(&self, index: usize, values: &mut [T]) -> Result<(), Error> {
        let from = self.offset_of(index, values.len())?;
        self.place.read_at(from, values.as_mut_bytes())
    }

    /// Copies a slice into the elements from `index` on; the others stay as they are.
    ///
    /// # Errors
    /// `Invalid`: the array ends before the slice does; `Permission`: it is a constant.
    pub fn set_slice(&self, index: usize, values: &[T]) -> Result<(), Error> {
        let from = self.offset_of(index, values.len())?;
        self.place.write_at(from, values.as_bytes())
    }

    /// All elements, each read when it comes.
    pub fn iter(&self) -> impl Iterator<Item = Result<T, Error>> + '_ {
        (0..N).map(|index| {
            let mut value = T::new_zeroed();
            self.place.read_at(index * size_of::<T>(), value.as_mut_bytes())?;
            Ok(value)
        })
    }

    /// Where `count` elements from `index` on begin.
    fn offset_of(&self, index: usize, count: usize) -> Result<usize, Error> {
        if index.checked_add(count).is_some_and(|end| end <= N) {
            return Ok(index * size_of::<T>());
        }
        let (name, ones) = (self.name(), if count == 1 { "is none" } else { "are not so many" });
        Err(Error::invalid(format!(
            "array `{name}` has {N} elements: there {ones} from {index} on"
        )))
    }
}
