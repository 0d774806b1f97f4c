//! The value of the `.kconfig` map.

use bytes::Bytes;
use osmia_btf::Endian;

use crate::error::Error;
use crate::extern_spec::{ExternKind, ExternSpec};
use crate::kconfig::config::Config;
use crate::kconfig::config_type::{ConfigType, LONGEST};
use crate::kconfig::encode;
use crate::kconfig::facts::{BPF_COOKIE, Facts, SYSCALL_WRAPPER, VERSION};
use crate::object_spec::ObjectSpec;

/// Makes the value of an object's `.kconfig` map for a kernel: that of each extern in `names`,
/// zeros for weak ones that the kernel does not know and for all others. Zeros at the end are left out.
///
/// Names that are no externs of the configuration are passed over, so that all externs which
/// a program refers to can be given.
///
/// # Errors
/// An extern that is not weak is unknown to the kernel, or its C type cannot hold the value.
///
/// # Examples
/// ```no_run
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use osmia_object::{ObjectSpec, kconfig::{Config, Facts, values}};
///
/// let spec = ObjectSpec::parse("basic", std::fs::read("basic.bpf.o")?.into())?;
/// let config = Config::parse("/proc/config.gz", &std::fs::read("/proc/config.gz")?)?;
/// let facts = Facts { config: Some(&config), version: Some(6 << 16 | 1 << 8), ..Facts::default() };
/// let names = spec.externs.keys().map(String::as_str);
/// println!("{:?}", values(&spec, names, &facts)?);
/// # Ok(())
/// # }
/// ```
pub fn values<'a>(
    object: &ObjectSpec,
    names: impl IntoIterator<Item = &'a str>,
    facts: &Facts<'_>,
) -> Result<Bytes, Error> {
    // No extern that can have a value is longer, which keeps places in bounds that a
    // damaged object gives.
    let room = object.externs.len().saturating_mul(LONGEST as usize);
    let mut value = Vec::new();
    for name in names {
        let Some(spec) = object.externs.get(name) else { continue };
        let ExternKind::Kconfig { offset, size } = spec.kind else { continue };
        let encoded = encode(object, spec, facts)
            .map_err(|problem| Error::Extern { name: name.to_owned(), problem })?;
        let bytes = match encoded {
            Some(bytes) => bytes,
            None if spec.weak => continue,
            None => return Err(unknown(name, facts.config)),
        };
        let bytes = bytes.get(..size as usize).unwrap_or(&bytes);
        put(&mut value, offset as usize, bytes, room)
            .map_err(|problem| Error::Extern { name: name.to_owned(), problem })?;
    }
    while value.last() == Some(&0) {
        value.pop();
    }
    Ok(value.into())
}

fn put(value: &mut Vec<u8>, offset: usize, bytes: &[u8], room: usize) -> Result<(), String> {
    if bytes.iter().all(|&byte| byte == 0) {
        return Ok(());
    }
    let end = offset.saturating_add(bytes.len());
    if end > room {
        return Err(format!("its place, {offset} bytes into `.kconfig`, cannot be right"));
    }
    if value.len() < end {
        value.resize(end, 0);
    }
    if let Some(place) = value.get_mut(offset..end) {
        place.copy_from_slice(bytes);
    }
    Ok(())
}

/// The bytes of an extern, if anything is known of it.
fn encode(
    object: &ObjectSpec,
    spec: &ExternSpec,
    facts: &Facts<'_>,
) -> Result<Option<Vec<u8>>, String> {
    let (Some(btf), Some(ty)) = (&object.btf, spec.ty) else {
        return Err("the object does not tell its type".to_owned());
    };
    let ty = ConfigType::of(btf, ty)?;
    known(&spec.name, ty, object.endian, facts)
}

fn known(
    name: &str,
    ty: ConfigType,
    endian: Endian,
    facts: &Facts<'_>,
) -> Result<Option<Vec<u8>>, String> {
    match name {
        VERSION => {
            let version = facts.version.map(i128::from);
            version.map(|value| encode::number(ty, endian, value)).transpose()
        }
        BPF_COOKIE => facts.bpf_cookie.map(|value| encode::truth(ty, endian, value)).transpose(),
        SYSCALL_WRAPPER => {
            facts.syscall_wrapper.map(|value| encode::truth(ty, endian, value)).transpose()
        }
        _ if name.starts_with("CONFIG_") => {
            let said = facts.config.and_then(|config| config.option(name).map(|x| (config, x)));
            let encoded = said.map(|(config, said)| {
                encode::option(ty, endian, said)
                    .map_err(|problem| format!("{problem} ({name}={said} in {})", config.origin()))
            });
            encoded.transpose()
        }
        _ => Ok(None),
    }
}

/// Why there is no value.
fn unknown(name: &str, config: Option<&Config>) -> Error {
    const OR_WEAK: &str = "declare it `__weak` if the program can do without, which makes it 0";
    let problem = match (name.starts_with("CONFIG_"), config) {
        (true, Some(config)) => format!(
            "the kernel's configuration ({}) says nothing of it; {OR_WEAK}",
            config.origin()
        ),
        (true, None) => format!("the kernel's configuration is not known; {OR_WEAK}"),
        (false, _) if [VERSION, BPF_COOKIE, SYSCALL_WRAPPER].contains(&name) => {
            format!("it is not known of this kernel; {OR_WEAK}")
        }
        (false, _) => format!(
            "there is no such `__kconfig` value: names begin with `CONFIG_`, or are {VERSION}, \
             {BPF_COOKIE} or {SYSCALL_WRAPPER}; {OR_WEAK}"
        ),
    };
    Error::NoSuchExtern { name: name.to_owned(), problem }
}
