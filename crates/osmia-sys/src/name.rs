//! Names of objects, as the kernel takes them.

use std::fmt;

use osmia_abi::flags::BPF_OBJ_NAME_LEN;

/// The name of a program or map: at most 15 bytes of letters, digits, `_` and `.`.
///
/// Longer names are cut and other bytes become `_`, because the kernel refuses them; the name is a label for
/// people, and nothing is found by it.
///
/// # Kernel
///
/// Names came with 4.15 (of programs and maps), dots in them with 5.2.
///
/// # Examples
///
/// ```
/// use osmia_sys::ObjName;
///
/// assert_eq!(ObjName::from("events").to_string(), "events");
/// assert_eq!(ObjName::from("a-name-of-many-letters").to_string(), "a_name_of_many_");
/// ```
#[derive(Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct ObjName([u8; BPF_OBJ_NAME_LEN]);

impl ObjName {
    /// No name.
    pub const NONE: Self = Self([0; BPF_OBJ_NAME_LEN]);

    /// Whether there is no name.
    pub fn is_empty(&self) -> bool {
        *self == Self::NONE
    }

    /// The bytes of the attribute.
    pub(crate) const fn bytes(self) -> [u8; BPF_OBJ_NAME_LEN] {
        self.0
    }
}

impl From<&str> for ObjName {
    fn from(name: &str) -> Self {
        let mut bytes = [0; BPF_OBJ_NAME_LEN];
        let kept = bytes.iter_mut().take(BPF_OBJ_NAME_LEN - 1).zip(name.bytes());
        kept.for_each(|(to, from)| {
            let allowed = from.is_ascii_alphanumeric() || from == b'_' || from == b'.';
            *to = if allowed { from } else { b'_' };
        });
        Self(bytes)
    }
}

impl fmt::Display for ObjName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name: String =
            self.0.iter().take_while(|byte| **byte != 0).map(|byte| char::from(*byte)).collect();
        f.pad(&name)
    }
}

impl fmt::Debug for ObjName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.to_string())
    }
}
