//! What an iterator's program writes, as records.

use std::io::Read as _;
use std::marker::PhantomData;

use zerocopy::{FromBytes, IntoBytes};

use crate::error::Error;
use crate::error::kind::ErrorKind;
use crate::link::iteration::IterationOutput;

/// As many bytes are read at a time.
const CHUNK: usize = 1 << 15;

/// The records of one type that an iterator's program writes with `bpf_seq_write`, as they come; see
/// [`IterationOutput::records`].
#[derive(Debug)]
pub struct IterationRecords<T> {
    output: IterationOutput,
    /// What was read and not given out: the bytes from `start` on.
    bytes: Vec<u8>,
    start: usize,
    is_over: bool,
    record: PhantomData<fn() -> T>,
}

impl IterationOutput {
    /// What the program writes, as records of one type.
    ///
    /// # Examples
    /// ```no_run
    /// # fn show(output: osmia::IterationOutput) -> Result<(), osmia::Error> {
    /// // The program writes a pid and a count for each task.
    /// for record in output.records::<[u32; 2]>() {
    ///     let [pid, count] = record?;
    ///     println!("{pid}: {count}");
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn records<T: FromBytes + IntoBytes>(self) -> IterationRecords<T> {
        IterationRecords {
            output: self,
            bytes: Vec::new(),
            start: 0,
            is_over: false,
            record: PhantomData,
        }
    }
}

impl<T: FromBytes + IntoBytes> IterationRecords<T> {
    fn try_next(&mut self) -> Result<Option<T>, Error> {
        loop {
            let rest = self.bytes.get(self.start..).unwrap_or_default();
            if let (true, Ok((record, _))) = (size_of::<T>() > 0, T::read_from_prefix(rest)) {
                self.start += size_of::<T>();
                return Ok(Some(record));
            }
            if self.is_over {
                return if rest.is_empty() { Ok(None) } else { Err(broken::<T>(rest.len())) };
            }
            self.bytes.drain(..self.start);
            self.start = 0;
            self.read_more()?;
        }
    }

    fn read_more(&mut self) -> Result<(), Error> {
        let had = self.bytes.len();
        self.bytes.resize(had + CHUNK, 0);
        let read = self.output.read(self.bytes.get_mut(had..).unwrap_or_default());
        self.bytes.truncate(had + read.as_ref().map_or(0, |read| *read));
        let read = read.map_err(|error| {
            Error::new(ErrorKind::System, "read an iterator's output").caused_by(error)
        })?;
        self.is_over = read == 0;
        Ok(())
    }
}

#[cold]
fn broken<T>(rest: usize) -> Error {
    let (name, size) = (std::any::type_name::<T>(), size_of::<T>());
    Error::new(
        ErrorKind::Malformed,
        format!(
            "an iterator's output ends in {rest} bytes, but `{name}` takes {size}: does the program write something \
             else too?"
        ),
    )
}

impl<T: FromBytes + IntoBytes> Iterator for IterationRecords<T> {
    type Item = Result<T, Error>;

    fn next(&mut self) -> Option<Self::Item> {
        let next = self.try_next();
        if next.is_err() {
            // What is left makes no sense any more.
            (self.start, self.is_over) = (0, true);
            self.bytes.clear();
        }
        next.transpose()
    }
}
