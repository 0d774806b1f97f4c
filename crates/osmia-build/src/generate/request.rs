//! What is asked of the generator beside the object.

/// How to generate a module.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Options {
    /// The file name of the object, beside the module's.
    pub object_file: String,
    /// That of the object for big-endian machines, if the other one is for the others only.
    pub big_endian_file: Option<String>,
    /// The name of the C file, for the module's first line.
    pub source: String,
    /// Types that no map and no variable uses: `struct event`, `enum kind`, `my_typedef`.
    pub types: Vec<String>,
    /// Types of events.
    pub events: Vec<EventType>,
    /// The texts of the C file and its headers: what their comments say of programs, maps,
    /// variables and types becomes documentation.
    pub sources: Vec<String>,
}

/// The type of the events in a ring buffer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EventType {
    /// The ring buffer's name; `None` if there is one only.
    pub map: Option<String>,
    /// The type, as C writes it: `struct event`.
    pub ty: String,
}
