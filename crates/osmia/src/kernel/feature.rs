//! Things that some kernels can do and others cannot.

use crate::error::kind::{ErrorKind, Release};

/// A thing that loading can do without, or that explains a refusal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Feature {
    /// Programs and maps have names.
    Names,
    /// Dots may stand in names.
    DotsInNames,
    /// Maps that programs read as global data.
    GlobalData,
    /// Array maps can be mapped into memory.
    MmapableArrays,
    /// BTF can be loaded.
    Btf,
    /// BTF has functions, and programs tell the types of theirs.
    BtfFunctions,
    /// BTF has data sections.
    BtfDataSections,
    /// BTF tells global functions from static ones.
    BtfGlobalFunctions,
    /// BTF has floating-point numbers.
    BtfFloats,
    /// BTF has declaration tags.
    BtfDeclTags,
    /// BTF has type tags.
    BtfTypeTags,
    /// BTF has enums of 64 bits.
    BtfEnum64,
    /// Memory of programs and maps is charged to the cgroup, not to the limit on locked memory.
    MemcgAccounting,
    /// Programs attach to perf events by links.
    PerfEventLinks,
    /// Helpers take functions as callbacks.
    Callbacks,
    /// Programs ask for the cookie of their attachment.
    AttachCookies,
    /// One link attaches to many places of a program, in one process if that is wanted.
    UprobeMulti,
    /// Arguments of global functions are told to be the context by a tag in BTF.
    ContextTags,
    /// Helpers tell reads of the kernel's memory from those of the user's.
    ReadsApart,
}

impl Feature {
    /// All of them, in the order of their numbers.
    pub(crate) const ALL: [Self; 19] = [
        Self::Names,
        Self::DotsInNames,
        Self::GlobalData,
        Self::MmapableArrays,
        Self::Btf,
        Self::BtfFunctions,
        Self::BtfDataSections,
        Self::BtfGlobalFunctions,
        Self::BtfFloats,
        Self::BtfDeclTags,
        Self::BtfTypeTags,
        Self::BtfEnum64,
        Self::MemcgAccounting,
        Self::PerfEventLinks,
        Self::Callbacks,
        Self::AttachCookies,
        Self::UprobeMulti,
        Self::ContextTags,
        Self::ReadsApart,
    ];

    /// What it is, and the first release with it.
    pub(crate) const fn described(self) -> (&'static str, Release) {
        match self {
            Self::Names => ("names of programs and maps", Release::new(4, 15)),
            Self::DotsInNames => ("dots in names", Release::new(5, 2)),
            Self::GlobalData => ("global variables", Release::new(5, 2)),
            Self::MmapableArrays => ("arrays in mapped memory", Release::new(5, 5)),
            Self::Btf => ("BTF", Release::new(4, 18)),
            Self::BtfFunctions => ("functions in BTF", Release::new(5, 0)),
            Self::BtfDataSections => ("data sections in BTF", Release::new(5, 2)),
            Self::BtfGlobalFunctions => ("global functions in BTF", Release::new(5, 6)),
            Self::BtfFloats => ("floating-point numbers in BTF", Release::new(5, 13)),
            Self::BtfDeclTags => ("declaration tags in BTF", Release::new(5, 16)),
            Self::BtfTypeTags => ("type tags in BTF", Release::new(5, 17)),
            Self::BtfEnum64 => ("64-bit enums in BTF", Release::new(6, 0)),
            Self::MemcgAccounting => ("memory accounting by cgroup", Release::new(5, 11)),
            Self::PerfEventLinks => ("links of perf events", Release::new(5, 15)),
            Self::Callbacks => ("callbacks", Release::new(5, 13)),
            Self::AttachCookies => ("cookies of attachments", Release::new(5, 15)),
            Self::UprobeMulti => ("links to many places of a program", Release::new(6, 6)),
            Self::ContextTags => ("arguments marked as contexts", Release::new(6, 8)),
            Self::ReadsApart => ("bpf_probe_read_kernel and _user", Release::new(5, 5)),
        }
    }

    /// The kind of an error that its absence causes.
    pub(crate) const fn lacking(self) -> ErrorKind {
        let (feature, since) = self.described();
        ErrorKind::Unsupported { feature, since }
    }
}
