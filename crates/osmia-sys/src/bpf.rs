//! bpf(2) itself: the handle that all commands go through, and the layers that a test may put into it.
#![allow(unsafe_code)]

use std::fmt;
use std::os::fd::{AsFd as _, BorrowedFd, FromRawFd as _, OwnedFd};
use std::sync::Arc;

use osmia_abi::Cmd;
use rustix::io::Errno;
use zerocopy::{FromBytes, IntoBytes};

/// How often a program load is tried again after a signal interrupted the verifier.
const LOAD_ATTEMPTS: u32 = 5;

/// The way to bpf(2): one method per command, in the file of its noun.
///
/// A handle is cheap to clone. [`Bpf::kernel`] goes straight to the kernel; [`Bpf::with`] puts a layer in
/// between that sees each call first and may refuse it, which is how tests play an older kernel.
///
/// # Examples
///
/// ```
/// use std::sync::Arc;
/// use osmia_abi::{Cmd, MapCreateAttr, MapType};
/// use osmia_sys::{Bpf, Call, Errno, MapCreate, Returned};
///
/// /// A kernel that knows no map names, like those before 4.15.
/// fn no_map_names(call: Call<'_>) -> Result<Returned, Errno> {
///     if call.cmd() == Cmd::MAP_CREATE && call.attr::<MapCreateAttr>().map_name != [0; 16] {
///         return Err(Errno::INVAL);
///     }
///     call.proceed()
/// }
///
/// let bpf = Bpf::kernel().with(Arc::new(no_map_names));
/// let create = MapCreate { map_type: MapType::ARRAY, name: "counts".into(), ..MapCreate::default() };
/// assert_eq!(bpf.map_create(&create).unwrap_err(), Errno::INVAL);
/// ```
#[derive(Clone, Default)]
pub struct Bpf {
    /// The outermost layer comes first; none, and thus no indirection, in the usual case.
    layers: Option<Arc<[Arc<dyn Syscalls>]>>,
    /// What lends its rights to the commands that can borrow some.
    token: Option<Arc<OwnedFd>>,
}

/// A layer between the commands and the kernel.
pub trait Syscalls: Send + Sync {
    /// Sees one call of bpf(2); answers with an error of its own or lets it [`proceed`](Call::proceed).
    fn bpf(&self, call: Call<'_>) -> Result<Returned, Errno>;
}

impl<F> Syscalls for F
where
    F: Fn(Call<'_>) -> Result<Returned, Errno> + Send + Sync,
{
    fn bpf(&self, call: Call<'_>) -> Result<Returned, Errno> {
        self(call)
    }
}

/// One call of bpf(2), on its way down.
pub struct Call<'a> {
    cmd: Cmd,
    /// The whole attribute struct.
    attr: &'a mut [u8],
    /// How much of `attr` the kernel is told of.
    size: usize,
    input: &'a [u8],
    below: &'a [Arc<dyn Syscalls>],
}

/// What bpf(2) returned: nobody but the kernel makes one.
#[derive(Debug)]
pub struct Returned(i32);

impl Bpf {
    /// Straight to the running kernel.
    pub const fn kernel() -> Self {
        Self { layers: None, token: None }
    }

    /// The same way, with `layer` in front of what is there.
    #[must_use]
    pub fn with(&self, layer: Arc<dyn Syscalls>) -> Self {
        let below = self.layers.iter().flat_map(|layers| layers.iter().cloned());
        let layers = Some(std::iter::once(layer).chain(below).collect());
        Self { layers, token: self.token.clone() }
    }

    /// The same way, with a [token](Self::token_create) handed to every command that takes one, unless
    /// the command is given another: creating maps, loading programs and BTF, and, where that is denied
    /// without, opening BTF by its id.
    ///
    /// # Kernel
    ///
    /// Since 6.9.
    #[must_use]
    pub fn with_token(&self, token: OwnedFd) -> Self {
        Self { layers: self.layers.clone(), token: Some(Arc::new(token)) }
    }

    /// The token that commands are given.
    pub fn token(&self) -> Option<BorrowedFd<'_>> {
        self.token.as_deref().map(|token| token.as_fd())
    }

    /// Makes one call. The kernel is told of `attr` up to its last byte that is not zero, and at least of
    /// `at_least` bytes, which is where the last field ends that the kernel writes.
    ///
    /// `input` is the main thing handed over, for layers to look at.
    ///
    /// # Safety
    ///
    /// All pointers in `attr` must be null or valid for what `cmd` reads and writes through them.
    pub(crate) unsafe fn call<A>(
        &self,
        cmd: Cmd,
        attr: &mut A,
        at_least: usize,
        input: &[u8],
    ) -> Result<i32, Errno>
    where
        A: FromBytes + IntoBytes,
    {
        let attr = attr.as_mut_bytes();
        let size = used(attr, at_least);
        let mut attempt = 1;
        loop {
            // SAFETY: the caller vouches for the pointers in `attr`.
            let result = unsafe { self.once(cmd, attr, size, input) };
            match result {
                Err(Errno::AGAIN) if cmd == Cmd::PROG_LOAD && attempt < LOAD_ATTEMPTS => {
                    attempt += 1;
                }
                Err(Errno::INTR) if may_repeat(cmd) => {}
                result => return result,
            }
        }
    }

    /// Makes a call that returns a new file descriptor.
    ///
    /// # Safety
    ///
    /// As for [`call`](Self::call), and `cmd` must be one that returns a new file descriptor.
    pub(crate) unsafe fn call_fd<A>(
        &self,
        cmd: Cmd,
        attr: &mut A,
        at_least: usize,
        input: &[u8],
    ) -> Result<OwnedFd, Errno>
    where
        A: FromBytes + IntoBytes,
    {
        // SAFETY: the caller vouches for it.
        let fd = unsafe { self.call(cmd, attr, at_least, input)? };
        // SAFETY: the kernel has just opened it for this command, so nobody else owns it.
        Ok(unsafe { OwnedFd::from_raw_fd(fd) })
    }

    /// One attempt.
    ///
    /// # Safety
    ///
    /// As for [`call`](Self::call).
    unsafe fn once(
        &self,
        cmd: Cmd,
        attr: &mut [u8],
        size: usize,
        input: &[u8],
    ) -> Result<i32, Errno> {
        match &self.layers {
            // SAFETY: the caller vouches for the pointers in `attr`.
            None => unsafe { raw(cmd, attr, size) },
            Some(layers) => {
                let call = Call { cmd, attr, size, input, below: layers };
                call.proceed().map(|returned| returned.0)
            }
        }
    }
}

impl fmt::Debug for Bpf {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let layers = self.layers.as_ref().map_or(0, |layers| layers.len());
        f.debug_struct("Bpf").field("layers", &layers).field("token", &self.token).finish()
    }
}

impl Call<'_> {
    /// The command.
    pub const fn cmd(&self) -> Cmd {
        self.cmd
    }

    /// A copy of the attributes, as the struct of the command; what the call does not give is zero.
    pub fn attr<A: FromBytes + IntoBytes>(&self) -> A {
        let mut attr = A::new_zeroed();
        attr.as_mut_bytes().iter_mut().zip(self.attr.iter()).for_each(|(to, from)| *to = *from);
        attr
    }

    /// How many bytes of attributes the kernel is told of: up to the last field in use.
    pub const fn size(&self) -> usize {
        self.size
    }

    /// The main thing handed over: a program's instructions, a BTF blob; empty for other commands.
    pub const fn input(&self) -> &[u8] {
        self.input
    }

    /// Goes on to the next layer, and at last to the kernel.
    ///
    /// # Errors
    ///
    /// The kernel's, or that of a layer below.
    pub fn proceed(self) -> Result<Returned, Errno> {
        let Self { cmd, attr, size, input, below } = self;
        match below.split_first() {
            Some((next, below)) => next.bpf(Call { cmd, attr, size, input, below }),
            // SAFETY: calls are only made by `Bpf::once`, whose caller vouches for the pointers; no layer can
            // change them.
            None => unsafe { raw(cmd, attr, size) }.map(Returned),
        }
    }
}

impl fmt::Debug for Call<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Call").field("cmd", &self.cmd).field("size", &self.size).finish()
    }
}

/// Whether a call that was interrupted did nothing. A test run that a signal ended has run, and a batch of elements of
/// which one vanished has done a part and moved on: whether to go on is for the caller to say.
fn may_repeat(cmd: Cmd) -> bool {
    !matches!(
        cmd,
        Cmd::PROG_TEST_RUN
            | Cmd::MAP_LOOKUP_BATCH
            | Cmd::MAP_LOOKUP_AND_DELETE_BATCH
            | Cmd::MAP_UPDATE_BATCH
            | Cmd::MAP_DELETE_BATCH
    )
}

/// How many bytes of `attr` matter: up to the last that is not zero, in whole fields, at least `at_least`.
fn used(attr: &[u8], at_least: usize) -> usize {
    if at_least >= attr.len() {
        return attr.len();
    }
    let last = attr.iter().rposition(|byte| *byte != 0).map_or(0, |last| last + 1);
    last.next_multiple_of(8).min(attr.len()).max(at_least)
}

/// The system call.
///
/// # Safety
///
/// All pointers in `attr` must be null or valid for what `cmd` reads and writes through them, and `attr` must
/// hold the command's whole struct, because the kernel writes results behind `size` too.
unsafe fn raw(cmd: Cmd, attr: &mut [u8], size: usize) -> Result<i32, Errno> {
    let (cmd, size) = (libc::c_long::from(cmd.0), size.min(attr.len()));
    // SAFETY: `attr` is exclusively ours and at least `size` bytes long; the caller vouches for the rest.
    let result = unsafe { libc::syscall(libc::SYS_bpf, cmd, attr.as_mut_ptr(), size) };
    if result < 0 {
        return Err(last_error());
    }
    i32::try_from(result).map_err(|_| Errno::OVERFLOW)
}

/// The calling thread's errno.
pub(crate) fn last_error() -> Errno {
    Errno::from_io_error(&std::io::Error::last_os_error()).unwrap_or(Errno::IO)
}

#[cfg(test)]
mod tests {
    use super::used;

    #[test]
    fn attributes_end_with_the_last_field_in_use() {
        let mut attr = [0; 32];
        assert_eq!(used(&attr, 0), 0);
        assert_eq!(used(&attr, 12), 12);
        attr[9] = 1;
        assert_eq!(used(&attr, 0), 16);
        assert_eq!(used(&attr, 20), 20);
        assert_eq!(used(&attr, 40), 32);
        assert_eq!(used(&[1; 12], 0), 12);
    }
}
