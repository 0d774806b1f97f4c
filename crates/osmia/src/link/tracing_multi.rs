//! Tracing programs on many functions of the kernel by one link: `fentry.multi`, `fexit.multi`, `fsession.multi`.

use std::os::fd::AsFd as _;

use osmia_abi::AttachType;
use osmia_btf::{Btf, Kind, Type, TypeId};
use osmia_sys::{Capability, Errno, LinkCreate, LinkTail, ProgFd};

use crate::error::Error;
use crate::error::kind::{ErrorKind, Release};
use crate::kernel::Kernel;
use crate::link::function_list::FunctionList;
use crate::link::refused::refused;
use crate::link::{Held, Link, attach_types, functions};

/// What such links are called, and since when there are any.
const FEATURE: (&str, Release) = ("tracing programs on many functions", Release::new(7, 2));

/// How many registers the arguments of a traced function take at most.
const MOST_REGISTERS: u32 = 12;

/// Functions of the kernel itself for a tracing program, by pattern or one by one.
///
/// One call attaches to all of them, or to none. The kernel takes their numbers in its BTF, where they are looked up.
///
/// # Kernel
/// Since 7.2.
///
/// # Examples
/// ```
/// use osmia::TracingMulti;
///
/// let all = TracingMulti::matching("tcp_*");
/// let some = TracingMulti::functions(["do_unlinkat", "do_rmdir"]).cookies([1, 2]);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TracingMulti {
    which: FunctionList,
    cookies: Vec<u64>,
}

impl TracingMulti {
    /// All functions that fit this pattern, in which `*` is any text and `?` any character, as far as they can be
    /// traced: those of modules, those that share their name with another one, and those whose arguments the kernel
    /// cannot hand to a program are left out.
    pub fn matching(pattern: impl Into<String>) -> Self {
        Self { which: FunctionList::pattern(pattern), cookies: Vec::new() }
    }

    /// These functions.
    pub fn functions<S: Into<String>>(names: impl IntoIterator<Item = S>) -> Self {
        Self { which: FunctionList::names(names), cookies: Vec::new() }
    }

    /// The numbers that `bpf_get_attach_cookie` returns, in the order of the functions that were given one by one.
    #[must_use]
    pub fn cookies(mut self, cookies: impl IntoIterator<Item = u64>) -> Self {
        self.cookies = cookies.into_iter().collect();
        self
    }

    /// The functions' numbers in the kernel's BTF.
    fn ids(&self, kernel: &Kernel) -> Result<Vec<u32>, Error> {
        let btf = kernel.own_btf()?;
        let (names, ids) = match &self.which {
            FunctionList::Patterns(patterns) => {
                if let Some(pattern) = patterns.iter().find(|pattern| pattern.contains(':')) {
                    return Err(of_module(pattern));
                }
                let names = functions::matching_one(kernel, patterns)?;
                let ids = suited(btf, &names)?;
                if ids.is_empty() {
                    return Err(Error::not_found(format!(
                        "none of the functions that fit {} can be traced by such programs",
                        patterns.join(", ")
                    )));
                }
                (names, ids)
            }
            FunctionList::Names(names) => {
                let ids = names.iter().map(|name| id(kernel, btf, name));
                (names.clone(), ids.collect::<Result<_, _>>()?)
            }
        };
        self.which.check(&names, &self.cookies)?;
        Ok(ids)
    }
}

fn of_module(name: &str) -> Error {
    Error::invalid(format!(
        "`{name}` is of a module; such programs are attached to functions of the kernel itself"
    ))
}

fn unreadable(error: osmia_btf::Error) -> Error {
    Error::new(ErrorKind::Malformed, "search the kernel's BTF").caused_by(error)
}

/// The numbers of those that such programs can be attached to.
fn suited(btf: &Btf, names: &[String]) -> Result<Vec<u32>, Error> {
    let mut ids = Vec::with_capacity(names.len());
    for name in names {
        let Some(function) = btf.find(Kind::Func, name).map_err(unreadable)? else { continue };
        if unsuited(&function).map_err(unreadable)?.is_none() {
            ids.push(function.id().0);
        }
    }
    Ok(ids)
}

/// The number of a function that must be there.
fn id(kernel: &Kernel, btf: &Btf, name: &str) -> Result<u32, Error> {
    if name.contains(':') {
        return Err(of_module(name));
    }
    let Some(function) = btf.find(Kind::Func, name).map_err(unreadable)? else {
        let absent = functions::explain(kernel, name);
        return Err(match absent.kind() {
            ErrorKind::NotFound => absent,
            _ => Error::not_found(format!("the kernel's BTF has no function `{name}`")),
        });
    };
    match unsuited(&function).map_err(unreadable)? {
        Some(why) => Err(Error::invalid(format!("`{name}` cannot be traced by programs: {why}"))),
        None => Ok(function.id().0),
    }
}

/// Why the kernel cannot hand a function's arguments and result to programs, if it cannot.
fn unsuited(function: &Type<'_>) -> Result<Option<&'static str>, osmia_btf::Error> {
    let btf = function.btf();
    let Some(prototype) = function.target() else { return Ok(Some("it has no prototype")) };
    let prototype = btf.ty(prototype)?;
    let mut registers = 0;
    for param in prototype.params() {
        let param = param?;
        if param.ty == TypeId(0) {
            return Ok(Some("it takes any number of arguments"));
        }
        let ty = btf.resolve(param.ty)?;
        let size = btf.size_of(param.ty)?;
        if !matches!(ty.kind(), Kind::Ptr | Kind::Int | Kind::Struct) && !ty.is_enum() || size > 16
        {
            return Ok(Some("an argument is neither a number, nor a pointer, nor a small struct"));
        }
        registers += size.div_ceil(8);
    }
    if registers > MOST_REGISTERS {
        return Ok(Some("it has too many arguments"));
    }
    let Some(returned) = prototype.target().filter(|ty| *ty != TypeId(0)) else { return Ok(None) };
    let returned = btf.resolve(returned)?;
    let plain = matches!(returned.kind(), Kind::Ptr | Kind::Int) || returned.is_enum();
    Ok((!plain).then_some("it returns neither a number nor a pointer"))
}

/// Attaches a program to many functions, as what it was loaded for.
pub(crate) fn attach(
    kernel: &Kernel,
    prog: &ProgFd,
    attach_type: AttachType,
    at: &TracingMulti,
) -> Result<Link, Error> {
    let ids = at.ids(kernel).map_err(|error| error.during("attach to many functions"))?;
    let place = at.which.place(ids.len());
    let created = kernel.bpf().link_create(&LinkCreate {
        prog: prog.as_fd(),
        target: None,
        attach_type,
        flags: 0,
        tail: LinkTail::TracingMulti { ids: &ids, cookies: &at.cookies },
    });
    created.map(|link| Link::new(kernel, place.clone(), Held::Link(link))).map_err(|errno| {
        failed(kernel, errno, attach_type, at).during(format!("attach to {place}"))
    })
}

fn failed(kernel: &Kernel, errno: Errno, attach_type: AttachType, at: &TracingMulti) -> Error {
    let (feature, since) = FEATURE;
    if let Some(lacking) = attach_types::lacking(kernel, attach_type, feature, since) {
        return lacking.caused_by(errno);
    }
    match errno {
        Errno::OPNOTSUPP => {
            let message = format!("this kernel was built without {feature}");
            Error::new(ErrorKind::Unsupported { feature, since }, message).caused_by(errno)
        }
        Errno::SRCH | Errno::NOENT | Errno::INVAL => Error::invalid(match at.which {
            FunctionList::Names(_) => {
                "the kernel refuses one of the functions, does not say which, and takes none: one that is said \
                 twice, that it cannot patch, or where a sleepable program may not sleep"
            }
            FunctionList::Patterns(_) => {
                "the kernel refuses one of the functions, does not say which, and takes none: one that it cannot \
                 patch, or where a sleepable program may not sleep; a narrower pattern leaves it out"
            }
        })
        .caused_by(errno),
        Errno::BUSY | Errno::EXIST => {
            Error::new(ErrorKind::Busy, "the program is on one of the functions already")
                .caused_by(errno)
        }
        _ => refused(kernel, &[Capability::Perfmon], errno, "make the link"),
    }
}
