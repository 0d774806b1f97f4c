//! Errors of specs as errors of this crate.

use osmia_object::Error as ObjectError;

use crate::error::Error;
use crate::error::kind::ErrorKind;
use crate::kernel::feature::Feature;

impl From<ObjectError> for Error {
    /// What a spec says, of the kind that it is: names that do not exist, values that do not fit,
    /// bytes that are wrong.
    fn from(error: ObjectError) -> Self {
        let kind = match error {
            ObjectError::NoSuchProgram { .. }
            | ObjectError::NoSuchVariable { .. }
            | ObjectError::NoSuchExtern { .. } => ErrorKind::NotFound,
            ObjectError::Fold { .. } => Feature::GlobalData.lacking(),
            ObjectError::Extern { .. } | ObjectError::Value { .. } | ObjectError::Link { .. } => {
                ErrorKind::Invalid
            }
            _ => ErrorKind::Malformed,
        };
        Self::new(kind, error.to_string())
    }
}
