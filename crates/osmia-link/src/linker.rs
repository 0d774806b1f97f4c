//! All steps in their order.

use osmia_btf::Endian;

use crate::budget::Budget;
use crate::error::Error;
use crate::jump_table;
use crate::layout::Layout;
use crate::object_file::ObjectFile;
use crate::relocation;
use crate::source::Source;
use crate::symbols::Symbols;
use crate::types;
use crate::write;

/// Links objects into one; the order matters where weak definitions compete.
///
/// A single object comes out with its types merged, and without debug information.
///
/// # Errors
/// A file is no BPF object or is malformed; a name is defined twice, or is not what another
/// file declares; licences, kernel versions or byte orders differ.
///
/// # Examples
/// ```no_run
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use osmia_link::{ObjectFile, link};
///
/// let open = |path: &str| Ok::<_, std::io::Error>(ObjectFile::new(path, std::fs::read(path)?));
/// let linked = link(&[open("parse.bpf.o")?, open("count.bpf.o")?])?;
/// std::fs::write("both.bpf.o", linked)?;
/// # Ok(())
/// # }
/// ```
pub fn link(objects: &[ObjectFile]) -> Result<Vec<u8>, Error> {
    let sources = objects.iter().map(Source::open).collect::<Result<Vec<_>, _>>()?;
    let endian = byte_order(&sources)?;
    let budget = Budget::for_files(objects.iter().map(|object| object.bytes.len() as u64).sum());
    let mut layout = Layout::of(&sources, &budget)?;
    let symbols = Symbols::of(&sources, &layout)?;
    relocation::link(&sources, &mut layout, &symbols)?;
    jump_table::link(&sources, &mut layout)?;
    let types = types::link(&sources, &layout, &symbols, endian, &budget)?;
    write::object(endian, &layout, &symbols, types.as_ref())
}

fn byte_order(sources: &[Source<'_>]) -> Result<Endian, Error> {
    let first = sources.first().ok_or(Error::Nothing)?;
    let endian = first.elf.endian;
    match sources.iter().find(|source| source.elf.endian != endian) {
        None => Ok(endian),
        Some(other) => Err(Error::Conflict {
            what: "the byte orders".to_owned(),
            first: first.file.to_owned(),
            second: other.file.to_owned(),
            problem: "compile all files for bpfel, or all for bpfeb".to_owned(),
        }),
    }
}
