//! The running program, as it runs in a machine.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

use object::read::elf::{Dyn as _, FileHeader as _, ProgramHeader as _};
use object::{Endianness, elf};

use crate::cpio::Cpio;
use crate::error::Error;

const EXE: &str = "/proc/self/exe";
const MAPS: &str = "/proc/self/maps";

/// The running program and all that it needs to run elsewhere.
#[derive(Debug)]
pub struct Guest {
    program: Vec<u8>,
    /// What loads its libraries, if it has any.
    interpreter: Option<String>,
    /// Its libraries, by name.
    libraries: BTreeMap<String, PathBuf>,
}

impl Guest {
    /// The running program.
    ///
    /// # Errors
    /// `/proc` cannot be read, or the program's file is damaged.
    pub fn running() -> Result<Self, Error> {
        let program = fs::read(EXE).map_err(|error| Error::file(EXE, error))?;
        let maps = fs::read_to_string(MAPS).map_err(|error| Error::file(MAPS, error))?;
        let interpreter = interpreter(&program)
            .map_err(|problem| Error::Program { path: EXE.into(), problem: problem.to_string() })?;
        let itself = fs::read_link(EXE).map_err(|error| Error::file(EXE, error))?;
        let mut libraries = libraries(&maps);
        libraries.retain(|_, path| *path != itself);
        Ok(Self { program, interpreter, libraries })
    }

    /// Packs it as the first process.
    ///
    /// # Errors
    /// One of its libraries cannot be read.
    pub fn pack(&self, cpio: &mut Cpio) -> Result<(), Error> {
        // The kernel opens it for the first process before anything is mounted.
        cpio.device("dev/console", (5, 1));
        cpio.file("init", &self.program);
        let Some(interpreter) = &self.interpreter else { return Ok(()) };
        let read = |path: &PathBuf| fs::read(path).map_err(|error| Error::file(path, error));
        cpio.file(interpreter.trim_start_matches('/'), &read(&interpreter.into())?);
        for (file, path) in &self.libraries {
            let bytes = read(path)?;
            // It is asked for by the name that it has for linkers, which a file may not have.
            let name = own_name(&bytes).ok().flatten();
            cpio.file(&format!("{LIBRARIES}/{}", name.as_ref().unwrap_or(file)), &bytes);
        }
        Ok(())
    }

    /// What the kernel is to be told so that it runs there.
    pub fn words(&self) -> String {
        // What the kernel does not know goes to the first process's environment.
        format!("rdinit=/init LD_LIBRARY_PATH=/{LIBRARIES}")
    }
}

const LIBRARIES: &str = "libraries";

fn interpreter(program: &[u8]) -> Result<Option<String>, object::Error> {
    let header = elf::FileHeader64::<Endianness>::parse(program)?;
    let endian = header.endian()?;
    for segment in header.program_headers(endian, program)? {
        if let Some(path) = segment.interpreter(endian, program)? {
            return Ok(Some(String::from_utf8_lossy(path).into_owned()));
        }
    }
    Ok(None)
}

/// The name that a library has for linkers.
fn own_name(library: &[u8]) -> Result<Option<String>, object::Error> {
    let header = elf::FileHeader64::<Endianness>::parse(library)?;
    let endian = header.endian()?;
    let sections = header.sections(endian, library)?;
    let Some((entries, link)) = sections.dynamic(endian, library)? else { return Ok(None) };
    let strings = sections.strings(endian, library, link)?;
    let entry = entries.iter().find(|entry| entry.d_tag(endian) == u64::from(elf::DT_SONAME));
    let name = entry.map(|entry| entry.string(endian, strings)).transpose()?;
    Ok(name.map(|name| String::from_utf8_lossy(name).into_owned()))
}

/// The files of which code is mapped, by name.
fn libraries(maps: &str) -> BTreeMap<String, PathBuf> {
    let code = maps.lines().filter_map(|line| {
        let (head, path) = line.split_once('/')?;
        let is_code = head.split_whitespace().nth(1)?.contains('x');
        let name = path.rsplit('/').next().unwrap_or(path);
        is_code.then(|| (name.to_owned(), PathBuf::from(format!("/{path}"))))
    });
    code.collect()
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::{Guest, libraries, own_name};
    use crate::cpio::Cpio;

    #[test]
    fn code_is_found_among_what_is_mapped() {
        let maps = "55d0-55d1 r-xp 00000000 08:01 1 /usr/bin/osmia\n\
                    7f00-7f01 r--p 00000000 08:01 2 /usr/lib/locale/C.utf8/LC_CTYPE\n\
                    7f02-7f03 r-xp 00001000 08:01 3 /usr/lib/libc.so.6\n\
                    7f04-7f05 rw-p 00000000 00:00 0 [stack]\n";
        let found = libraries(maps);
        assert_eq!(found.keys().collect::<Vec<_>>(), ["libc.so.6", "osmia"]);
        assert_eq!(found["libc.so.6"], PathBuf::from("/usr/lib/libc.so.6"));
    }

    #[test]
    fn the_running_program_is_packed_with_what_it_needs() {
        let guest = Guest::running().unwrap();
        let mut cpio = Cpio::default();
        guest.pack(&mut cpio).unwrap();
        let bytes = cpio.finish();
        assert!(bytes.len() > guest.program.len());
        if let Some(interpreter) = &guest.interpreter {
            assert!(interpreter.starts_with('/'), "{interpreter}");
            let libraries: Vec<_> = guest.libraries.values().collect();
            let names =
                libraries.iter().map(|path| own_name(&std::fs::read(path).unwrap()).unwrap());
            let names: Vec<_> = names.flatten().collect();
            assert!(names.iter().any(|name| name.starts_with("libc.")), "{names:?}");
        }
    }
}
