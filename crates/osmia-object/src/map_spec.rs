//! A map as data.

use std::fmt;

use bytes::Bytes;
use osmia_abi::MapType;
use osmia_btf::TypeId;

/// A map: how to create it, and what is in it at first.
#[derive(Clone, Debug)]
pub struct MapSpec {
    /// Its name in the object. The kernel keeps the first 15 bytes.
    pub name: String,
    /// The name to give it in the kernel, if that is another one; data sections are
    /// called after the object, as other loaders do.
    pub kernel_name: Option<String>,
    /// Its type.
    pub map_type: MapType,
    /// The size of a key in bytes.
    pub key_size: u32,
    /// The size of a value in bytes.
    pub value_size: u32,
    /// How many entries it can hold; 0 where loading decides (a perf event array gets
    /// one per possible CPU).
    pub max_entries: u32,
    /// `BPF_F_*` flags of `BPF_MAP_CREATE`.
    pub flags: u32,
    /// What a type makes of it: a bloom filter's count of hashes, an arena's address.
    pub map_extra: u64,
    /// The NUMA node to allocate on.
    pub numa_node: Option<u32>,
    /// The interface that an offloaded map is for, 0 otherwise.
    pub ifindex: u32,
    /// The type of a key in the object's BTF.
    pub key_type: Option<TypeId>,
    /// The type of a value in the object's BTF.
    pub value_type: Option<TypeId>,
    /// Whether it is shared by a pin named after it.
    pub pinning: Pinning,
    /// Whether loading the object creates it; false for tables of callbacks whose section begins
    /// with `?`. Programs that refer to a map which is not created cannot be loaded.
    pub autocreate: bool,
    /// For maps of maps: how the inner maps look.
    pub inner: Option<Box<MapSpec>>,
    /// For arrays of maps or programs: what the C initialiser puts in which slot.
    pub values: Vec<(u32, SlotValue)>,
    /// What it is to the object: a map that the C declares, or a data section.
    pub role: MapRole,
    /// For data sections: the initial value. Where it is shorter than `value_size`, zeros
    /// follow; for `.bss` it is empty until a variable is set. For arenas: what they begin with,
    /// their variables (`.addr_space.1`).
    pub contents: Bytes,
    /// Addresses that the C initialiser of a data section or of `.struct_ops` asks for.
    /// Nobody fills them in: in data sections the bytes stay as they are in the file.
    pub pointers: Vec<Pointer>,
    /// Members of the C definition that have no meaning here; creating the map is refused
    /// if there are any.
    pub unknown_fields: Vec<String>,
    /// What is wrong with the C definition, if it could not be read to its end; creating the
    /// map is refused then. The fields hold what was read by then.
    pub problem: Option<String>,
}

impl MapSpec {
    /// A map of this type, all else left empty.
    ///
    /// # Examples
    /// ```
    /// use osmia_abi::MapType;
    /// use osmia_object::MapSpec;
    ///
    /// let mut counts = MapSpec::new("counts", MapType::HASH);
    /// counts.key_size = 4;
    /// counts.value_size = 8;
    /// counts.max_entries = 1024;
    /// ```
    pub fn new(name: impl Into<String>, map_type: MapType) -> Self {
        Self {
            name: name.into(),
            kernel_name: None,
            map_type,
            key_size: 0,
            value_size: 0,
            max_entries: 0,
            flags: 0,
            map_extra: 0,
            numa_node: None,
            ifindex: 0,
            key_type: None,
            value_type: None,
            pinning: Pinning::None,
            autocreate: true,
            inner: None,
            values: Vec::new(),
            role: MapRole::Declared,
            contents: Bytes::new(),
            pointers: Vec::new(),
            unknown_fields: Vec::new(),
            problem: None,
        }
    }
}

impl MapSpec {
    /// How many bytes of variables it has room for: those of an arena are what its section has.
    pub(crate) fn room(&self) -> u32 {
        match self.map_type {
            MapType::ARENA => self.contents.len() as u32,
            _ => self.value_size,
        }
    }
}

/// An address in initialised data.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pointer {
    /// Where in the value it stands.
    pub offset: u32,
    /// The name of the function, variable or map whose address it is; `of section NAME` for
    /// what has no name, such as text.
    pub symbol: String,
    /// Bytes behind what has that name.
    pub added: i64,
}

impl fmt::Display for Pointer {
    /// As C writes it: `&symbol`, `&symbol + 4`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.symbol.strip_prefix("of section "), self.added) {
            (Some(section), added) => write!(f, "&{section}[{added}]"),
            (None, 0) => write!(f, "&{}", self.symbol),
            (None, added) => write!(f, "&{} + {added}", self.symbol),
        }
    }
}

/// Whether a map is shared by a pin.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Pinning {
    /// It is the object's own.
    #[default]
    None,
    /// `LIBBPF_PIN_BY_NAME`: found at, or pinned to, a file of its name.
    ByName,
    /// A value that nobody has defined; refused when the map is created.
    Unknown(u32),
}

/// What an initialiser names for a slot.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SlotValue {
    /// A map of the object, by name.
    Map(String),
    /// A program of the object, by name.
    Program(String),
}

/// What a map is to its object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum MapRole {
    /// A map that the C declares.
    Declared,
    /// `.rodata*`: constants, frozen before the programs are verified.
    Constants,
    /// `.data*`: variables with initial values.
    Data,
    /// `.bss*`: variables that begin as zero.
    Bss,
    /// `.kconfig`: values of the kernel's configuration, filled in at load.
    Kconfig,
    /// `.struct_ops*`: a table of callbacks for the kernel.
    StructOps,
}

impl MapRole {
    /// Whether the map is the value of a data section.
    pub const fn is_data_section(self) -> bool {
        matches!(self, Self::Constants | Self::Data | Self::Bss | Self::Kconfig)
    }
}
