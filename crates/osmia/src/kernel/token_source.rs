//! Where the rights of a process without any come from: a token of a bpf file system that lends some.

use std::env;
use std::fs::File;
use std::path::{Path, PathBuf};

use osmia_sys::{Bpf, Errno, KernelFs};

use crate::error::Error;
use crate::error::kind::{ErrorKind, Release};
use crate::kernel::files::Files;
use crate::kernel::refusal::in_user_namespace;

/// The variable that libbpf's programs read, too.
const VARIABLE: &str = "LIBBPF_BPF_TOKEN_PATH";

/// The file system whose token is taken.
#[derive(Debug, Default)]
pub(crate) enum TokenSource {
    /// What the environment names. If it names none: in a user namespace the usual one, if that lends.
    #[default]
    Environment,
    /// This one, which must lend.
    FileSystem(PathBuf),
    /// None.
    None,
}

impl TokenSource {
    /// The way to bpf(2) with the rights that are lent.
    pub(crate) fn lend_to(self, bpf: Bpf, files: &Files) -> Result<Bpf, Error> {
        match self {
            Self::FileSystem(place) => borrow(&bpf, &place),
            Self::None => Ok(bpf),
            Self::Environment => match env::var_os(VARIABLE) {
                Some(place) if place.is_empty() => Ok(bpf),
                Some(place) => borrow(&bpf, Path::new(&place))
                    .map_err(|error| error.during(format!("do as ${VARIABLE} says"))),
                // Elsewhere nothing is lent.
                None if !in_user_namespace(files) => Ok(bpf),
                // Who lacks rights without it is told so by what is refused.
                None => Ok(borrow(&bpf, KernelFs::Bpf.usual_place()).unwrap_or(bpf)),
            },
        }
    }
}

fn borrow(bpf: &Bpf, place: &Path) -> Result<Bpf, Error> {
    let attempt = format!("take a BPF token from {}", place.display());
    let folder = File::open(place).map_err(|error| {
        Error::not_found("there is no such directory, or it cannot be opened")
            .caused_by(error)
            .during(attempt.clone())
    })?;
    let token = bpf.token_create(&folder).map_err(|errno| {
        let (kind, why) = why(errno, KernelFs::Bpf.holds(place) == Ok(true));
        Error::new(kind, why).caused_by(errno).during(attempt)
    })?;
    Ok(bpf.with_token(token))
}

fn why(errno: Errno, is_bpffs: bool) -> (ErrorKind, &'static str) {
    match errno {
        Errno::OPNOTSUPP => (
            ErrorKind::Invalid,
            "tokens are for user namespaces; this process is in the first one, where capabilities do",
        ),
        Errno::NOENT => (
            ErrorKind::Permission,
            "it lends nothing: it is to be mounted with delegate_cmds= and the like by somebody with \
             CAP_SYS_ADMIN",
        ),
        Errno::PERM | Errno::ACCESS => (
            ErrorKind::Permission,
            "it belongs to another user namespace, or CAP_BPF is missing in this one",
        ),
        _ if !is_bpffs => (ErrorKind::Invalid, "it is no bpf file system"),
        Errno::INVAL => (
            ErrorKind::Unsupported { feature: "BPF tokens", since: Release::new(6, 9) },
            "this kernel has no tokens (they came with 6.9), or it is not the root of the file system",
        ),
        _ => (ErrorKind::System, "the kernel gives none"),
    }
}

#[cfg(test)]
mod tests {
    use std::path::{Path, PathBuf};

    use osmia_sys::Bpf;

    use super::TokenSource;
    use crate::error::kind::ErrorKind;
    use crate::kernel::files::Files;

    fn lent(source: TokenSource) -> Result<Bpf, crate::error::Error> {
        source.lend_to(Bpf::kernel(), &Files::new(PathBuf::from("/")))
    }

    #[test]
    fn what_cannot_lend_is_told() {
        let error = lent(TokenSource::FileSystem("/osmia/none".into())).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::NotFound);
        assert!(format!("{error:#}").contains("take a BPF token from /osmia/none"), "{error:#}");
        let error = lent(TokenSource::FileSystem("/proc".into())).unwrap_err();
        assert!(format!("{error:#}").contains("/proc"), "{error:#}");
        assert!(lent(TokenSource::None).unwrap().token().is_none());
    }

    #[test]
    fn nothing_is_borrowed_outside_of_user_namespaces() {
        if std::env::var_os(super::VARIABLE).is_none() && Path::new("/proc/self/uid_map").exists() {
            assert!(lent(TokenSource::Environment).unwrap().token().is_none());
        }
    }
}
