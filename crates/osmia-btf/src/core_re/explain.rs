//! From what a candidate lacks to words.

use crate::btf::Btf;
use crate::core_re::answer::{answer, width};
use crate::core_re::error::CoreError;
use crate::core_re::failure::{Cause, Failure, Hint, Rejected};
use crate::core_re::fields::same_kind;
use crate::core_re::kind::CoreKind;
use crate::core_re::mismatch::{Clash, ClashKind, Mismatch};
use crate::core_re::notation::type_name;
use crate::core_re::relocation::Relocation;
use crate::core_re::relocator::{Relocator, examine};
use crate::core_re::resolution::Found;
use crate::core_re::side::Side;
use crate::core_re::target::Target;
use crate::error::Error;
use crate::ext::CoreRecord;
use crate::flavour::essential_text;
use crate::id::TypeId;
use crate::kind::Kind;
use crate::near::few_nearest;
use crate::ty::Type;

/// How deep into named structs a member that is gone is looked for.
const NESTING: u32 = 3;

impl Relocator {
    /// Why the target has no answer to a relocation, or one of a width that a load or
    /// store cannot take; `None` if neither is so.
    ///
    /// This looks at everything again, so that it costs nothing until it is asked.
    ///
    /// # Errors
    /// The relocation makes no sense, or the kernel's BTF is broken.
    pub fn explain(&mut self, record: &CoreRecord) -> Result<Option<Failure>, CoreError> {
        let local = self.local().clone();
        let asked = Relocation::read(&local, record)?;
        if asked.kind == CoreKind::TypeIdLocal {
            return Ok(None);
        }
        let all = self.candidates().search(&asked.root)?;
        let left = self.candidates().of(&asked.root)?;
        let mut rejected = Vec::new();
        for found in all {
            let fits = (!left.contains(&found)).then_some(Cause::RuledOut);
            match self.reject(&asked, found)?.or(fits) {
                Some(cause) => {
                    let from = self.target(found.place);
                    let name = from.map(|from| type_name(from.btf(), found.ty));
                    let target = from.map_or("", Target::name).to_owned();
                    rejected.push(Rejected {
                        found,
                        name: name.unwrap_or_default(),
                        target,
                        cause,
                    });
                }
                None => return Ok(None),
            }
        }
        let hints = self.hints(&asked, &rejected)?;
        let broken = |(name, error): &(String, Error)| format!("{name}: {error}");
        let target = self.target(0).map_or("", Target::name).to_owned();
        Ok(Some(Failure {
            kind: asked.kind,
            root: type_name(&local, asked.root.id()),
            subject: asked.subject(),
            target,
            rejected,
            unreadable: self.candidates().unreadable().iter().map(broken).collect(),
            hints,
        }))
    }

    /// Why a candidate is no answer.
    fn reject(&self, asked: &Relocation<'_>, found: Found) -> Result<Option<Cause>, CoreError> {
        let Some(target) = self.target(found.place) else { return Ok(None) };
        let side = target.side()?;
        let what = match examine(asked, side, found.ty) {
            Ok(Ok(what)) => what,
            Ok(Err(mismatch)) => return Ok(Some(cause(asked, side, found.ty, mismatch)?)),
            Err(error) => return Ok(Some(Cause::Broken(error.to_string()))),
        };
        if asked.kind != CoreKind::FieldByteOffset {
            return Ok(None);
        }
        let own = answer(asked, asked.side, asked.root.id(), &asked.what)?;
        let its = answer(asked, side, found.ty, &what)?;
        let width = width(asked.side, &own, side, &its);
        let told = |btf: &Btf, load: Option<(TypeId, u32)>| match load {
            Some((ty, bytes)) => format!("{bytes} bytes (`{}`)", type_name(btf, ty)),
            None => "a bitfield".into(),
        };
        Ok(width.is_wrong().then(|| Cause::Width {
            local: told(asked.side.btf, own.load),
            target: told(side.btf, its.load),
        }))
    }

    fn hints(&self, asked: &Relocation<'_>, rejected: &[Rejected]) -> Result<Vec<Hint>, CoreError> {
        let mut hints = Vec::new();
        if let (true, Some(kernel)) = (rejected.is_empty(), self.target(0)) {
            hints.extend(hints_of_names(&asked.root, kernel.btf())?);
        }
        let wanted = |near: &str, member: &str| {
            near.contains('.') || near.trim_matches('_') == member.trim_matches('_')
        };
        for rejected in rejected {
            match &rejected.cause {
                Cause::NoMember { member, near, .. } => {
                    let moved = near.iter().find(|near| wanted(near, member));
                    hints.extend(moved.map(|member| Hint::Flavour {
                        member: member.clone(),
                        flavour: another_flavour(&asked.root),
                    }));
                }
                Cause::Width { .. } => hints.push(Hint::AnyWidth),
                _ => {}
            }
        }
        hints.dedup();
        // What is merely misspelt needs no guard.
        let moved = |hint: &Hint| matches!(hint, Hint::Flavour { .. });
        if !asked.kind.absence_is_an_answer() && hints.iter().all(moved) {
            hints.push(Hint::Guard(asked.kind.guard()));
        }
        Ok(hints)
    }
}

/// A flavour of the root that is not the root itself.
fn another_flavour(root: &Type<'_>) -> String {
    let tail = if root.name().ends_with("___new") { "other" } else { "new" };
    format!("{}___{tail}", type_name_of_essence(root))
}

/// `struct iov_iter` for a root `struct iov_iter___old`.
fn type_name_of_essence(root: &Type<'_>) -> String {
    let name = type_name(root.btf(), root.id());
    essential_text(&name).to_owned()
}

/// What a name may have been meant for, that the target has no type of this kind for.
fn hints_of_names(root: &Type<'_>, kernel: &Btf) -> Result<Vec<Hint>, Error> {
    let essential = essential_text(root.name());
    let is_there = |name: &str| -> Result<bool, Error> {
        for id in kernel.candidates(name)? {
            if same_kind(root, &kernel.ty(id)?) {
                return Ok(true);
            }
        }
        Ok(false)
    };
    for (head, tail) in split_at_underscores(root.name()) {
        if is_there(head)? {
            let meant = format!("{head}___{tail}");
            return Ok(vec![Hint::Underscores { found: root.name().into(), meant }]);
        }
    }
    let others = kernel.candidates(essential)?;
    if let Some(&other) = others.first() {
        return Ok(vec![Hint::OtherKind(type_name(kernel, other))]);
    }
    let mut names = Vec::new();
    for ty in kernel.types()? {
        let ty = ty?;
        if same_kind(root, &ty) {
            names.push(ty.name());
        }
    }
    let near = few_nearest(essential, names);
    let tag = type_name_of_essence(root);
    let tag = tag.strip_suffix(essential).unwrap_or_default();
    Ok(near.into_iter().map(|name| Hint::NearType(format!("{tag}{name}"))).collect())
}

/// Where a name has two, or more than three, underscores in a row: what is before and behind.
fn split_at_underscores(name: &str) -> Vec<(&str, &str)> {
    let mut splits = Vec::new();
    let mut rest = 0;
    while let Some(at) = name.get(rest..).and_then(|tail| tail.find("__")) {
        let start = rest + at;
        let tail = name.get(start..).unwrap_or_default();
        let behind = tail.trim_start_matches('_');
        let run = tail.len() - behind.len();
        rest = start + run;
        if run != 3 && start > 0 && !behind.is_empty() {
            splits.push((name.get(..start).unwrap_or_default(), behind));
        }
    }
    splits
}

fn cause(
    asked: &Relocation<'_>,
    side: Side<'_>,
    root: TypeId,
    mismatch: Mismatch<'_>,
) -> Result<Cause, Error> {
    let ours = |id| type_name(asked.side.btf, id);
    let theirs = |id| type_name(side.btf, id);
    Ok(match mismatch {
        Mismatch::NoMember { member, of } => {
            let near = near_members(side, of, member)?;
            Cause::NoMember { member: member.into(), of: theirs(of), near }
        }
        Mismatch::NotComposite { member, of } => {
            Cause::NotComposite { member: member.into(), of: theirs(of) }
        }
        Mismatch::MemberType { member, local, target } => {
            Cause::MemberType { member: member.into(), local: ours(local), target: theirs(target) }
        }
        Mismatch::NotArray { target } => Cause::NotArray { target: theirs(target) },
        Mismatch::Bounds { index, len } => Cause::Bounds { index, len },
        Mismatch::NotEnum => Cause::NotEnum,
        Mismatch::NoEnumerator { name } => {
            let ty = side.btf.resolve(root)?;
            let names: Result<Vec<&str>, Error> =
                ty.enumerators().map(|choice| Ok(choice?.name)).collect();
            let near = few_nearest(name, names?);
            Cause::NoEnumerator {
                name: name.into(),
                near: near.into_iter().map(str::to_owned).collect(),
            }
        }
        Mismatch::Types(Clash { local, target, why }) => {
            Cause::Types { local: ours(local), target: theirs(target), why: difference(why) }
        }
    })
}

fn difference(why: ClashKind<'_>) -> String {
    let fixed = match why {
        ClashKind::Kind => "they are different kinds of types",
        ClashKind::Name => "their names differ",
        ClashKind::Size => "their sizes differ",
        ClashKind::Sign => "one is signed and the other is not",
        ClashKind::Bitfield => "one is an old-style bitfield",
        ClashKind::Length => "the arrays' lengths differ",
        ClashKind::Parameters => "they have different counts of parameters",
        ClashKind::Fewer => "the target's has fewer members",
        ClashKind::Member("") => "an anonymous member is missing or of another type",
        ClashKind::Member(name) => return format!("member `{name}` is missing or of another type"),
        ClashKind::Enumerator(name) => return format!("enumerator `{name}` is missing"),
    };
    fixed.into()
}

/// Members of nearly the same name, and those of the same name deeper inside.
fn near_members(side: Side<'_>, of: TypeId, wanted: &str) -> Result<Vec<String>, Error> {
    let mut names = Vec::new();
    let mut moved = Vec::new();
    collect(side, of, "", NESTING, &mut |path, name| {
        if path.is_empty() {
            names.push(name.to_owned());
        } else if name == wanted {
            moved.push(format!("{path}{name}"));
        }
    })?;
    let near = few_nearest(wanted, names.iter().map(String::as_str));
    Ok(near.into_iter().map(str::to_owned).chain(moved.into_iter().take(2)).collect())
}

/// Calls `see` with the names of a struct's members and with where they are inside of it.
fn collect(
    side: Side<'_>,
    of: TypeId,
    path: &str,
    depth: u32,
    see: &mut dyn FnMut(&str, &str),
) -> Result<(), Error> {
    let ty = side.btf.resolve(of)?;
    for member in ty.members() {
        let member = member?;
        let inner = side.btf.resolve(member.ty)?;
        if member.name.is_empty() {
            if let (true, Some(depth)) = (inner.is_composite(), depth.checked_sub(1)) {
                collect(side, inner.id(), path, depth, see)?;
            }
            continue;
        }
        see(path, member.name);
        if let (Kind::Struct | Kind::Union, Some(depth)) = (inner.kind(), depth.checked_sub(1)) {
            let path = format!("{path}{}.", member.name);
            collect(side, inner.id(), &path, depth, see)?;
        }
    }
    Ok(())
}
