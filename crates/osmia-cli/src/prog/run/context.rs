//! The context of a run by hand.

use std::borrow::Cow;

use osmia::Kernel;
use osmia_abi::ProgType;
use osmia_btf::value::Input;
use osmia_btf::{Btf, Kind, Type, TypeId, c};

use crate::failure::Failure;
use crate::prog::packets;
use crate::select::names::read;
use crate::select::progs::Prog;
use crate::written::{integer_bytes, write};

/// The bytes of an argument of a raw tracepoint.
const ARGUMENT: usize = 8;

/// The context's bytes.
pub struct Context {
    bytes: Vec<u8>,
    /// Whether its `data_end`, the second member, is to be the packet's length.
    ends_with_packet: bool,
}

impl Context {
    /// Reads what is written so: bytes as packets are, or JSON of the type that the program takes.
    ///
    /// # Errors
    /// It cannot be read, does not fit the type, or the type is not known.
    pub fn read(written: Option<&str>, kernel: &Kernel, prog: &Prog) -> Result<Self, Failure> {
        let plain = |bytes| Ok(Self { bytes, ends_with_packet: false });
        let Some(written) = written else { return plain(Vec::new()) };
        if !written.trim_start().starts_with(['{', '[']) {
            return plain(packets::bytes(written)?);
        }
        let ty = prog.info.type_;
        match ty {
            ProgType::RAW_TRACEPOINT | ProgType::RAW_TRACEPOINT_WRITABLE => {
                match arguments(written)? {
                    Some(bytes) => plain(bytes),
                    None => plain(own(written, kernel, prog)?),
                }
            }
            ProgType::SYSCALL => plain(own(written, kernel, prog)?),
            _ => {
                let bytes = kernels(written, kernel, ty)?;
                Ok(Self { bytes, ends_with_packet: ty == ProgType::XDP })
            }
        }
    }

    /// The bytes for a packet of this length.
    pub fn with_packet(&self, len: usize) -> Cow<'_, [u8]> {
        let end = self.bytes.get(4..8).filter(|end| self.ends_with_packet && **end == [0; 4]);
        if end.is_none() {
            return Cow::Borrowed(&self.bytes);
        }
        let mut bytes = self.bytes.clone();
        if let Some(end) = bytes.get_mut(4..8) {
            end.copy_from_slice(&(len as u32).to_ne_bytes());
        }
        Cow::Owned(bytes)
    }
}

/// The arguments of a raw tracepoint, from a list or the `args` of `struct bpf_raw_tracepoint_args`;
/// nothing if something else is written.
fn arguments(written: &str) -> Result<Option<Vec<u8>>, Failure> {
    let attempt = "read the context as arguments of a raw tracepoint";
    let input =
        Input::parse(written).map_err(|error| Failure::usage(format!("{attempt}: {error}")))?;
    let list = match input {
        Input::List(list) => list,
        Input::Fields(fields) => match fields.as_slice() {
            [(name, Input::List(list))] if name == "args" => list.clone(),
            _ => return Ok(None),
        },
        _ => return Ok(None),
    };
    let bytes = |(at, input): (usize, &Input)| match input {
        Input::Integer(integer) => integer_bytes(integer, ARGUMENT).ok_or_else(|| {
            Failure::usage(format!("{attempt}: [{at}]: {integer} does not fit {ARGUMENT} bytes"))
        }),
        _ => Err(Failure::usage(format!("{attempt}: [{at}]: a number is expected"))),
    };
    let bytes: Vec<Vec<u8>> = list.iter().enumerate().map(bytes).collect::<Result<_, _>>()?;
    Ok(Some(bytes.concat()))
}

/// The struct that the program's parameter points to, as its own types say.
fn own(written: &str, kernel: &Kernel, prog: &Prog) -> Result<Vec<u8>, Failure> {
    let unknown = |what: &str| {
        let hint = match prog.info.type_ {
            ProgType::SYSCALL => "give its bytes",
            _ => "give a list of its arguments, [1, 2], or its bytes",
        };
        Failure::usage(format!("the context has no type that is known: {what}; {hint}"))
    };
    let Some((btf, entry)) = read(kernel.bpf(), prog.info.btf_id).zip(prog.entry) else {
        return Err(unknown("the program was loaded without BTF"));
    };
    let Some(parameter) = parameter(&btf, TypeId(entry)) else {
        return Err(unknown("the program has no parameter"));
    };
    let target = btf.resolve(parameter).ok().and_then(|ty| pointee(&btf, &ty));
    let Some(target) = target else {
        let title = c::title(&btf, parameter, "").unwrap_or_default();
        return Err(unknown(&format!("the program's parameter is `{title}`")));
    };
    encode(&btf, target, written)
}

/// The type of a function's first parameter.
fn parameter(btf: &Btf, function: TypeId) -> Option<TypeId> {
    let prototype = btf.ty(btf.ty(function).ok()?.target()?).ok()?;
    Some(prototype.params().next()?.ok()?.ty)
}

/// The struct, union or array that a pointer points to.
fn pointee(btf: &Btf, pointer: &Type<'_>) -> Option<TypeId> {
    let target = (pointer.kind() == Kind::Ptr).then(|| pointer.target()).flatten()?;
    let ty = btf.resolve(target).ok()?;
    let has_parts = matches!(ty.kind(), Kind::Struct | Kind::Union | Kind::Array);
    (has_parts && btf.size_of(target).ok()? > 0).then(|| ty.id())
}

/// A context that the kernel has a type for.
fn kernels(written: &str, kernel: &Kernel, ty: ProgType) -> Result<Vec<u8>, Failure> {
    let name = ty.context().ok_or_else(|| {
        Failure::unsupported(format!(
            "the context of programs of type {ty} has no type in the kernel's BTF that is known \
             here: give its bytes"
        ))
    })?;
    let btf = kernel.btf()?;
    let Some(found) = btf.find(Kind::Struct, name)? else {
        return Err(Failure::not_found(format!("the kernel's BTF has no struct {name}")));
    };
    encode(btf, found.id(), written)
}

fn encode(btf: &Btf, id: TypeId, written: &str) -> Result<Vec<u8>, Failure> {
    let mut bytes = vec![0; btf.size_of(id)? as usize];
    write(btf, id, "", written, &mut bytes).map_err(|why| {
        let title = c::title(btf, id, "").unwrap_or_default();
        Failure::usage(format!("read the context as {title}: {why}"))
    })?;
    Ok(bytes)
}
