//! Writing into text.

/// Appends to a `String` as `write!` does, which does not fail there.
macro_rules! put {
    ($text:expr, $($parts:tt)+) => {{
        use std::fmt::Write as _;
        let written = write!($text, $($parts)+);
        debug_assert!(written.is_ok());
    }};
}

pub(crate) use put;
