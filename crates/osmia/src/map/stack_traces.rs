//! Stacks of calls.

use osmia_abi::MapType;
use osmia_abi::flags::BPF_F_STACK_BUILD_ID;

use crate::error::Error;
use crate::map::Map;
use crate::map::typed::{TypedMap, check_type, typed_map};

/// A map of stacks (`BPF_MAP_TYPE_STACK_TRACE`), which `bpf_get_stackid` fills and gives numbers.
///
/// # Kernel
/// Since 4.6.
///
/// # Examples
/// ```no_run
/// # fn show(stacks: &osmia::StackTraces, id: u32) -> Result<(), osmia::Error> {
/// let kernel = osmia::Kernel::running()?;
/// let symbols = kernel.symbols()?;
/// for address in stacks.get(id)?.unwrap_or_default() {
///     match symbols.find(address) {
///         Some(symbol) => println!("{symbol}"),
///         None => println!("{address:#x}"),
///     }
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct StackTraces {
    map: Map,
}

typed_map!([] StackTraces);

impl TypedMap for StackTraces {
    fn from_map(map: Map) -> Result<Self, Error> {
        check_type(&map, "StackTraces", &[MapType::STACK_TRACE])?;
        if map.shape().flags & BPF_F_STACK_BUILD_ID != 0 {
            return Err(Error::invalid(format!(
                "map `{}` has places in files (BPF_F_STACK_BUILD_ID), not addresses; read it as a Map",
                map.name()
            )));
        }
        Ok(Self { map })
    }
}

impl StackTraces {
    /// The addresses of a stack, the innermost first, if there is a stack of this number.
    ///
    /// # Errors
    /// As for [`Map::lookup`].
    pub fn get(&self, id: u32) -> Result<Option<Vec<u64>>, Error> {
        let Some(value) = self.map.lookup(&id.to_ne_bytes())? else { return Ok(None) };
        let words = value.chunks_exact(8).filter_map(|word| word.try_into().ok());
        let addresses = words.map(u64::from_ne_bytes).take_while(|address| *address != 0);
        Ok(Some(addresses.collect()))
    }

    /// Forgets a stack; whether there was one of this number. The number is then given to others.
    ///
    /// # Errors
    /// As for [`Map::delete`].
    pub fn remove(&self, id: u32) -> Result<bool, Error> {
        self.map.delete(&id.to_ne_bytes())
    }

    /// The most addresses of a stack.
    pub fn depth(&self) -> usize {
        self.map.value_size() / 8
    }
}
