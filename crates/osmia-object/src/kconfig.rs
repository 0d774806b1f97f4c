//! Values of the kernel's configuration: `extern int CONFIG_HZ __kconfig;`.
//!
//! An object lists such externs with their C types; [`Config`] is the configuration that a
//! kernel was built with; [`values`] makes of both the bytes of the object's `.kconfig` map.
//! Which file the configuration is in, and the answers to the virtual externs
//! (`LINUX_KERNEL_VERSION` and others), are the caller's to find: [`Needs`] tells which of
//! them an object asks for, [`Facts`] takes them.

mod config;
mod config_type;
mod encode;
mod facts;
mod map_value;

pub use crate::kconfig::config::Config;
pub use crate::kconfig::facts::{Facts, Needs};
pub use crate::kconfig::map_value::values;
