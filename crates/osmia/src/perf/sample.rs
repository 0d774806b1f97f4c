//! Samples as events.

use zerocopy::{
    ConvertError, FromBytes, Immutable, IntoBytes as _, KnownLayout, PointerMetadata as _,
};

use crate::error::Error;
use crate::error::kind::ErrorKind;

/// The kernel makes a sample's length, and the 4 bytes in front of it, a multiple of this.
const ROUND: usize = 8;

/// Where a sample is put whose place does not suit its type: in the ring it is 4 bytes behind a multiple of 8.
#[derive(Debug, Default)]
pub(crate) struct Scratch(Vec<u128>);

impl Scratch {
    #[inline]
    fn copy(&mut self, sample: &[u8]) -> &[u8] {
        let words = sample.len().div_ceil(size_of::<u128>());
        if self.0.len() < words {
            self.0.resize(words, 0);
        }
        let (copy, _) = self.0.as_mut_bytes().split_at_mut(sample.len());
        copy.copy_from_slice(sample);
        copy
    }
}

/// A sample as an event; what is behind the event must be no more than padding.
#[inline]
pub(crate) fn typed<'a, T>(
    sample: &'a [u8],
    scratch: &'a mut Scratch,
    name: &str,
) -> Result<&'a T, Error>
where
    T: ?Sized + FromBytes + Immutable + KnownLayout,
{
    let cast = match T::ref_from_prefix(sample) {
        Err(ConvertError::Alignment(_)) => T::ref_from_prefix(scratch.copy(sample)),
        cast => cast,
    };
    match cast {
        Ok((event, rest)) if rest.len() < ROUND => Ok(event),
        _ => Err(misfit::<T>(sample.len(), name)),
    }
}

#[cold]
fn misfit<T: ?Sized + KnownLayout>(len: usize, name: &str) -> Error {
    let event = std::any::type_name::<T>();
    let wanted = match T::size_for_metadata(<T as KnownLayout>::PointerMetadata::from_elem_count(0))
    {
        Some(size) => format!("{size} bytes"),
        None => "another size".to_owned(),
    };
    Error::new(
        ErrorKind::Malformed,
        format!(
            "perf event array `{name}`: an event of {len} bytes came, up to 7 of them padding, but `{event}` takes \
             {wanted}; read events of several types as bytes"
        ),
    )
}

#[cfg(test)]
mod tests {
    use super::{Scratch, typed};

    #[test]
    fn padding_is_no_part_of_an_event() {
        let mut scratch = Scratch::default();
        // A sample of 8 bytes of data has 12: with the 4 bytes of its length they are a multiple of 8.
        let sample: Vec<u8> = (1..=12).collect();
        let event = *typed::<u64>(&sample, &mut scratch, "events").unwrap();
        assert_eq!(event.to_ne_bytes(), [1, 2, 3, 4, 5, 6, 7, 8]);
        assert_eq!(
            *typed::<[u8; 7]>(&sample, &mut scratch, "events").unwrap(),
            [1, 2, 3, 4, 5, 6, 7]
        );
        assert_eq!(typed::<[u8]>(&sample, &mut scratch, "events").unwrap(), sample);
        for error in [
            typed::<[u8; 4]>(&sample, &mut scratch, "events").map(drop).unwrap_err(),
            typed::<[u64; 2]>(&sample, &mut scratch, "events").map(drop).unwrap_err(),
        ] {
            assert!(error.to_string().contains("12 bytes"), "{error}");
        }
    }

    #[test]
    fn any_alignment_is_met() {
        let mut scratch = Scratch::default();
        let bytes = [7; 64];
        for at in 0..16 {
            let event = typed::<u128>(&bytes[at..at + 20], &mut scratch, "events").unwrap();
            assert_eq!(event.to_ne_bytes(), [7; 16]);
        }
    }
}
