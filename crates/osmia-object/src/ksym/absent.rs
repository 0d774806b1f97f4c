//! Why a kernel has not what an extern names.

use osmia_btf::Kind;
use osmia_btf::core_re::Target;
use osmia_btf::near::nearest;

/// More modules than these are not listed.
const LISTED: usize = 6;

/// What was looked at, what is near, and what to do.
pub(super) fn absent(name: &str, kind: Kind, kernel: &Target, modules: &[Target]) -> String {
    let noun = if kind == Kind::Func { "function" } else { "variable" };
    let mut why = format!("neither {} nor {} has a {noun} `{name}`", kernel.name(), named(modules));
    if let Some(other) = of_another_kind(name, kind, kernel) {
        why.push_str(other);
    } else if let Some(near) = near(name, kind, kernel, modules) {
        why.push_str("; did you mean `");
        why.push_str(&near);
        why.push_str("`?");
    }
    why.push_str(match kind {
        Kind::Func => {
            "; if it is in a module, load that. A program that can do without declares it \
             `__weak` and asks `bpf_ksym_exists` before it calls it"
        }
        _ => {
            "; most kernels tell the types of per-CPU variables only: `extern const void` gives \
             the address of any. A program that can do without declares it `__weak`, which makes \
             its address 0"
        }
    });
    why
}

fn named(modules: &[Target]) -> String {
    match modules {
        [] => "a module (none is loaded that tells its types)".to_owned(),
        [one] => format!("its module {}", one.name()),
        few if few.len() <= LISTED => {
            let names: Vec<&str> = few.iter().map(Target::name).collect();
            format!("its modules {}", names.join(", "))
        }
        many => format!("one of its {} modules", many.len()),
    }
}

/// What the kernel calls by this name that is no such thing.
fn of_another_kind(name: &str, kind: Kind, kernel: &Target) -> Option<&'static str> {
    let other = if kind == Kind::Func { Kind::Var } else { Kind::Func };
    kernel.btf().find(other, name).ok().flatten()?;
    Some(if kind == Kind::Func {
        ", but a variable of that name"
    } else {
        ", but a function of that name"
    })
}

/// The most similar name of the same kind.
fn near(name: &str, kind: Kind, kernel: &Target, modules: &[Target]) -> Option<String> {
    let own = kernel.btf().types().into_iter().flatten();
    let others = modules.iter().filter_map(|module| module.btf().own_types().ok()).flatten();
    let names = own.chain(others).flatten().filter(|ty| ty.kind() == kind).map(|ty| ty.name());
    nearest(name, names).map(str::to_owned)
}
