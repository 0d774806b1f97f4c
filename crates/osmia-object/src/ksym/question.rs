//! What an extern asks of the kernel.

use osmia_btf::Kind;

use crate::extern_spec::{ExternKind, ExternSpec};
use crate::object_spec::ObjectSpec;

/// What a `__ksym` extern asks of the kernel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Question {
    /// An address, of whatever is there: `extern const void bpf_prog_active __ksym;`.
    Address,
    /// A variable, by its type: `extern const struct rq runqueues __ksym;`.
    Variable,
    /// A function to call: `extern void bpf_rcu_read_lock(void) __ksym;`.
    Function,
}

impl Question {
    /// The question of an extern; `None` if it is not one for the kernel's symbols.
    pub fn of(object: &ObjectSpec, spec: &ExternSpec) -> Option<Self> {
        match spec.kind {
            ExternKind::KernelFunction => Some(Self::Function),
            ExternKind::KernelVariable => {
                let btf = object.btf.as_ref();
                let ty = btf.zip(spec.ty).and_then(|(btf, ty)| btf.resolve(ty).ok());
                let untyped = ty.is_none_or(|ty| ty.kind() == Kind::Void);
                Some(if untyped { Self::Address } else { Self::Variable })
            }
            ExternKind::Kconfig { .. } | ExternKind::Object => None,
        }
    }
}
