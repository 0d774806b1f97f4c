//! The osmia command.
