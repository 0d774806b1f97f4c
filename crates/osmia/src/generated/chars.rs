//! C's `char` arrays.

use std::borrow::Cow;
use std::ffi::CString;
use std::fmt;

use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout, Unaligned};

/// A C `char[N]`: text up to the first NUL, or `N` bytes of it if there is none.
///
/// It prints as that text. What stands behind the NUL takes part in no comparison.
///
/// # Examples
/// ```
/// use osmia::generated::Chars;
///
/// let comm: Chars<16> = Chars::new("cargo").expect("it fits");
/// assert_eq!(comm.to_str(), "cargo");
/// assert_eq!(comm, "cargo");
/// assert_eq!(format!("{comm} {comm:?}"), "cargo \"cargo\"");
/// assert!(Chars::<4>::new("cargo").is_none());
/// ```
#[derive(Clone, Copy, FromBytes, IntoBytes, Immutable, KnownLayout, Unaligned)]
#[repr(transparent)]
pub struct Chars<const N: usize>([u8; N]);

impl<const N: usize> Chars<N> {
    /// The text, padded with NULs; `None` if it and one NUL do not fit, or if it has a NUL in it.
    ///
    /// [`from_bytes`](Self::from_bytes) makes an array without a NUL at its end.
    pub fn new(text: &str) -> Option<Self> {
        let text = CString::new(text).ok()?;
        let mut bytes = [0; N];
        let terminated = text.as_bytes_with_nul();
        bytes.get_mut(..terminated.len())?.copy_from_slice(terminated);
        Some(Self(bytes))
    }

    /// The array with these bytes.
    pub const fn from_bytes(bytes: [u8; N]) -> Self {
        Self(bytes)
    }

    /// All bytes of the array.
    pub const fn bytes(&self) -> &[u8; N] {
        &self.0
    }

    /// All bytes of the array, to be changed.
    pub const fn bytes_mut(&mut self) -> &mut [u8; N] {
        &mut self.0
    }

    /// The bytes in front of the first NUL.
    pub fn text(&self) -> &[u8] {
        self.0.split(|&byte| byte == 0).next().unwrap_or_default()
    }

    /// The text; bytes that are no UTF-8 become the replacement character `\u{fffd}`.
    pub fn to_str(&self) -> Cow<'_, str> {
        String::from_utf8_lossy(self.text())
    }
}

impl<const N: usize> Default for Chars<N> {
    fn default() -> Self {
        Self([0; N])
    }
}

impl<const N: usize> From<[u8; N]> for Chars<N> {
    fn from(bytes: [u8; N]) -> Self {
        Self(bytes)
    }
}

impl<const N: usize> PartialEq for Chars<N> {
    fn eq(&self, other: &Self) -> bool {
        self.text() == other.text()
    }
}

impl<const N: usize> Eq for Chars<N> {}

impl<const N: usize> PartialEq<str> for Chars<N> {
    fn eq(&self, other: &str) -> bool {
        self.text() == other.as_bytes()
    }
}

impl<const N: usize> PartialEq<&str> for Chars<N> {
    fn eq(&self, other: &&str) -> bool {
        self == *other
    }
}

impl<const N: usize> std::hash::Hash for Chars<N> {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.text().hash(state);
    }
}

impl<const N: usize> fmt::Debug for Chars<N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.to_str(), f)
    }
}

impl<const N: usize> fmt::Display for Chars<N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.to_str())
    }
}
