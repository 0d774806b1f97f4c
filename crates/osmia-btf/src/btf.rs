//! A BTF blob: opened without copying, decoded on demand.

use std::collections::BTreeSet;
use std::ffi::CStr;
use std::sync::{Arc, OnceLock};

use bytes::Bytes;

use crate::endian::Endian;
use crate::error::Error;
use crate::flavour::{essential_name, essential_text};
use crate::flavours::Flavours;
use crate::header::Header;
use crate::id::{StrOff, TypeId};
use crate::kind::Kind;
use crate::marks::Marks;
use crate::name_hash::NameHash;
use crate::names::Names;
use crate::records::{Layout, Record, Records};
use crate::ty::Type;

/// Names of types and members end within this many bytes; the kernel takes 512.
const MAX_NAME: usize = 16 << 10;

/// The types that a kernel, a module or an object tells of itself.
///
/// Opening reads the header only; records are found at the first question and
/// decoded when asked for. Clones share everything. A *split* BTF (a module's)
/// has a base, whose types and strings its own ones continue.
///
/// # Examples
/// ```
/// # fn main() -> Result<(), osmia_btf::Error> {
/// use osmia_btf::{Btf, Kind};
///
/// # let bytes = osmia_btf::doc_fixture();
/// let btf = Btf::parse(bytes, None)?;
/// let point = btf.find(Kind::Struct, "point")?.expect("it is there");
/// for member in point.members() {
///     println!("{}", member?.name);
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Btf {
    inner: Arc<Inner>,
}

struct Inner {
    whole: Bytes,
    header: Header,
    types: Bytes,
    strings: Bytes,
    layout: Layout,
    base: Option<Btf>,
    /// The id of this BTF's first own type, and the offset of its first own string.
    first_id: u32,
    first_str: u32,
    marks: OnceLock<Result<Marks, Error>>,
    names: Names,
    flavours: OnceLock<Flavours>,
}

impl Btf {
    /// Opens a BTF blob. `base` is what a split BTF continues: the kernel's for a module's.
    ///
    /// # Errors
    /// The header is wrong, a section lies outside of the bytes, or the base has the other
    /// byte order.
    pub fn parse(bytes: Bytes, base: Option<Self>) -> Result<Self, Error> {
        let header = Header::parse(&bytes)?;
        let types = bytes.slice(header.types.clone());
        let strings = bytes.slice(header.strings.clone());
        check_strings(&strings, base.is_some())?;
        let layout = Layout::parse(&bytes.slice(header.layout.clone()));
        if base.as_ref().is_some_and(|base| base.endian() != header.endian) {
            return Err(Error::ByteOrder);
        }
        let (first_id, first_str) = match &base {
            Some(base) => (base.type_count()?, base.strings_end()),
            None => (1, 0),
        };
        let inner = Inner {
            whole: bytes,
            header,
            types,
            strings,
            layout,
            base,
            first_id,
            first_str,
            marks: OnceLock::new(),
            names: Names::default(),
            flavours: OnceLock::new(),
        };
        Ok(Self { inner: Arc::new(inner) })
    }

    /// The byte order of the blob.
    pub fn endian(&self) -> Endian {
        self.inner.header.endian
    }

    /// The blob as it was opened.
    pub fn as_bytes(&self) -> &Bytes {
        &self.inner.whole
    }

    /// The BTF that this one continues, if it is a split one.
    pub fn base(&self) -> Option<&Self> {
        self.inner.base.as_ref()
    }

    /// The id of the first type that this blob itself has: 1, or what follows the base's last.
    pub fn first_own_id(&self) -> TypeId {
        TypeId(self.inner.first_id)
    }

    /// How many types there are, `void` and the base's included; ids are below this.
    ///
    /// # Errors
    /// A record is of an unknown kind or runs over the section's end.
    pub fn type_count(&self) -> Result<u32, Error> {
        Ok(self.inner.first_id + self.marks()?.count())
    }

    /// The type with this id.
    ///
    /// # Errors
    /// There is none, or its record is broken.
    #[inline]
    pub fn ty(&self, id: TypeId) -> Result<Type<'_>, Error> {
        if id.is_void() {
            return Ok(Type::void(self));
        }
        Type::read(self, id, self.record(id)?)
    }

    /// The type with this id, its name left out.
    #[inline]
    pub(crate) fn ty_unnamed(&self, id: TypeId) -> Result<Type<'_>, Error> {
        if id.is_void() {
            return Ok(Type::void(self));
        }
        Type::read_unnamed(self, id, self.record(id)?)
    }

    #[inline]
    fn record(&self, id: TypeId) -> Result<&[u8], Error> {
        let mut btf = self;
        while id.0 < btf.inner.first_id {
            match &btf.inner.base {
                Some(base) => btf = base,
                // Only `void` is before the first, and has no record.
                None => return Ok(&[]),
            }
        }
        match btf.own_record(id.0 - btf.inner.first_id)? {
            Some(record) => Ok(record.bytes),
            None => Err(Error::NoSuchType { id, count: self.type_count()? }),
        }
    }

    /// The record with this number, counted from the first of this blob itself.
    #[inline]
    pub(crate) fn own_record(&self, number: u32) -> Result<Option<Record<'_>>, Error> {
        Ok(self.marks()?.record(self.records(), number))
    }

    /// Every type in the order of ids, those of the base first, without `void`.
    ///
    /// # Errors
    /// As for [`Btf::type_count`]; each item as for [`Btf::ty`].
    pub fn types(&self) -> Result<impl Iterator<Item = Result<Type<'_>, Error>>, Error> {
        Ok(self.all()?.map(|record| Type::read(self, record.id, record.bytes)))
    }

    /// As [`Btf::types`], the names left out.
    pub(crate) fn types_unnamed(
        &self,
    ) -> Result<impl Iterator<Item = Result<Type<'_>, Error>>, Error> {
        Ok(self.all()?.map(|record| Type::read_unnamed(self, record.id, record.bytes)))
    }

    /// Every record in the order of ids, those of the base first.
    fn all(&self) -> Result<impl Iterator<Item = Record<'_>>, Error> {
        self.marks()?;
        let mut blobs: Vec<&Self> = std::iter::successors(Some(self), |btf| btf.base()).collect();
        blobs.reverse();
        Ok(blobs.into_iter().flat_map(Self::records))
    }

    /// The types that this blob itself has: all, or what a split BTF adds to its base.
    ///
    /// # Errors
    /// As for [`Btf::types`].
    pub fn own_types(&self) -> Result<impl Iterator<Item = Result<Type<'_>, Error>>, Error> {
        self.marks()?;
        Ok(self.records().map(|record| Type::read(self, record.id, record.bytes)))
    }

    /// Those of [`Btf::own_types`] that are of one kind; others are not decoded.
    ///
    /// # Errors
    /// As for [`Btf::types`].
    ///
    /// # Examples
    /// ```
    /// # fn main() -> Result<(), osmia_btf::Error> {
    /// # let btf = osmia_btf::Btf::parse(osmia_btf::doc_fixture(), None)?;
    /// use osmia_btf::Kind;
    ///
    /// for section in btf.own_types_of(Kind::DataSec)? {
    ///     println!("{}", section?.name());
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn own_types_of(
        &self,
        kind: Kind,
    ) -> Result<impl Iterator<Item = Result<Type<'_>, Error>>, Error> {
        self.marks()?;
        let records = self.records().filter(move |record| record.info.kind == kind);
        Ok(records.map(|record| Type::read(self, record.id, record.bytes)))
    }

    /// The first type of this kind and name; a split BTF's own ones come before its base's.
    ///
    /// The first questions are answered by searching, later ones from an index of all names,
    /// which is built when the searches have cost as much.
    ///
    /// # Errors
    /// A record that the search meets is broken.
    pub fn find(&self, kind: Kind, name: &str) -> Result<Option<Type<'_>>, Error> {
        if let Some(ty) = self.find_own(kind, name)? {
            return Ok(Some(ty));
        }
        match &self.inner.base {
            // Asked for again by id, so that what is found knows the split BTF.
            Some(base) => match base.find(kind, name)? {
                Some(found) => self.ty(found.id()).map(Some),
                None => Ok(None),
            },
            None => Ok(None),
        }
    }

    /// The ids of all types of this name, whatever their kind, the base's first.
    ///
    /// # Errors
    /// A record is broken.
    pub fn ids_named(&self, name: &str) -> Result<Vec<TypeId>, Error> {
        let mut ids = match &self.inner.base {
            Some(base) => base.ids_named(name)?,
            None => Vec::new(),
        };
        ids.extend(self.own_ids(name, |found| found == name.as_bytes())?);
        Ok(ids)
    }

    /// The ids of all types whose name is `essential`, or that with a flavour (`essential___x`), the base's first.
    ///
    /// # Errors
    /// A record is broken.
    pub fn candidates(&self, essential: &str) -> Result<Vec<TypeId>, Error> {
        let mut ids = match &self.inner.base {
            Some(base) => base.candidates(essential)?,
            None => Vec::new(),
        };
        ids.extend(self.own_ids(essential, |_| true)?);
        Ok(ids)
    }

    /// Searches for types of several names in one go, flavours included. Later questions for
    /// one of them are answered at once, and need no index.
    ///
    /// # Errors
    /// A record is broken.
    pub fn look_for<'n>(&self, names: impl IntoIterator<Item = &'n str>) -> Result<(), Error> {
        let names: BTreeSet<&str> = names.into_iter().map(essential_text).collect();
        let names: Vec<&str> = names.into_iter().filter(|name| !name.is_empty()).collect();
        for btf in std::iter::successors(Some(self), |btf| btf.base()) {
            btf.inner.names.look_for(btf, &names)?;
        }
        Ok(())
    }

    /// The string at an offset.
    ///
    /// # Errors
    /// What is wrong with it, in words: it lies outside of the string section or is no UTF-8.
    #[inline]
    pub fn string(&self, at: StrOff) -> Result<&str, &'static str> {
        let bytes = self.string_bytes(at).ok_or("lies outside of the string section")?;
        std::str::from_utf8(bytes).map_err(|_| "does not lead to UTF-8 text")
    }

    /// The name at an offset, as [`Btf::string`] but for a limit on its length: strings may
    /// overlap, and a blob that points many names at one long string would cost its square.
    #[inline]
    pub(crate) fn name(&self, at: StrOff) -> Result<&str, &'static str> {
        if at.0 == 0 {
            return Ok("");
        }
        let tail = self.tail_of(at).filter(|tail| !tail.is_empty());
        let tail = tail.ok_or("lies outside of the string section")?;
        let bytes = short(tail).ok_or("leads to no end within 16 KiB")?;
        std::str::from_utf8(bytes).map_err(|_| "does not lead to UTF-8 text")
    }

    /// The first bytes of the string at an offset.
    #[inline]
    pub(crate) fn text(&self, at: StrOff, len: usize) -> Result<&str, &'static str> {
        let bytes = self.tail_of(at).and_then(|tail| tail.get(..len));
        let bytes = bytes.ok_or("lies outside of the string section")?;
        std::str::from_utf8(bytes).map_err(|_| "does not lead to UTF-8 text")
    }

    /// The bytes of the string at an offset, if it is not too long for a name.
    #[inline]
    pub(crate) fn short_string(&self, at: StrOff) -> Option<&[u8]> {
        short(self.tail_of(at)?)
    }

    /// The bytes of the string at an offset, without its NUL.
    #[inline]
    pub(crate) fn string_bytes(&self, at: StrOff) -> Option<&[u8]> {
        // The last byte of a string section is NUL, so that this finds one unless
        // the offset is the section's end.
        until_nul(self.tail_of(at)?)
    }

    /// Whether the name at an offset is not empty.
    #[inline]
    pub(crate) fn has_name_at(&self, at: StrOff) -> bool {
        at.0 != 0 && self.tail_of(at).and_then(<[u8]>::first).is_some_and(|&first| first != 0)
    }

    /// The string section from an offset on.
    #[inline]
    pub(crate) fn tail_of(&self, at: StrOff) -> Option<&[u8]> {
        let mut btf = self;
        while at.0 < btf.inner.first_str {
            btf = btf.inner.base.as_ref()?;
        }
        btf.inner.strings.get((at.0 - btf.inner.first_str) as usize..)
    }

    /// The offset of the first string that does not belong to this BTF or its base.
    pub fn strings_end(&self) -> u32 {
        self.inner.first_str.saturating_add(self.inner.strings.len() as u32)
    }

    /// The offset of this blob's own first string: 0, or where the base's end.
    pub(crate) fn first_own_string(&self) -> StrOff {
        StrOff(self.inner.first_str)
    }

    /// The bytes of this blob's own string section.
    pub fn own_strings(&self) -> &[u8] {
        &self.inner.strings
    }

    /// The bytes of this blob's own type section.
    pub fn own_type_section(&self) -> &[u8] {
        &self.inner.types
    }

    pub(crate) fn layout_section(&self) -> &[u8] {
        self.inner.whole.get(self.inner.header.layout.clone()).unwrap_or_default()
    }

    /// Builds the index of names now rather than when searches were many.
    ///
    /// # Errors
    /// A record is broken.
    pub fn index_names(&self) -> Result<(), Error> {
        if let Some(base) = &self.inner.base {
            base.index_names()?;
        }
        self.inner.names.index(self).map(|_| ())
    }

    /// Calls `see` with the offset and the name of each record of this blob itself.
    #[inline]
    pub(crate) fn walk(&self, see: impl FnMut(u32, StrOff)) -> Result<(), Error> {
        let marks = self.survey(see)?;
        // Somebody may have set them already; they are the same.
        self.inner.marks.get_or_init(|| Ok(marks));
        Ok(())
    }

    #[inline]
    fn survey(&self, mut see: impl FnMut(u32, StrOff)) -> Result<Marks, Error> {
        let mut marks = Marks::for_section(self.inner.types.len());
        self.records().each(|offset, name| {
            marks.add(offset);
            see(offset, name);
        })?;
        Ok(marks)
    }

    fn marks(&self) -> Result<&Marks, Error> {
        match self.inner.marks.get_or_init(|| self.survey(|_, _| {})) {
            Ok(marks) => Ok(marks),
            Err(error) => Err(error.clone()),
        }
    }

    fn find_own(&self, kind: Kind, name: &str) -> Result<Option<Type<'_>>, Error> {
        match self.inner.names.find(self, kind, name)? {
            Some(record) => Type::read_named(self, record.id, record.bytes, name.len()).map(Some),
            None => Ok(None),
        }
    }

    /// The own types of an essential name whose whole name is as wanted, in the order of ids.
    fn own_ids(&self, name: &str, is: impl Fn(&[u8]) -> bool) -> Result<Vec<TypeId>, Error> {
        let mut ids = Vec::new();
        for number in self.inner.names.numbers(self, essential_text(name))? {
            let Some(record) = self.own_record(number)? else { continue };
            if self.short_string(record.name).is_some_and(&is) {
                ids.push(record.id);
            }
        }
        Ok(ids)
    }

    pub(crate) fn records(&self) -> Records<'_> {
        let inner = &*self.inner;
        Records::new(&inner.types, self.endian(), &inner.layout, inner.first_id)
    }

    /// Whether the string at `at` is this one, without looking for its end.
    #[inline]
    pub(crate) fn string_is(&self, at: StrOff, text: &str) -> bool {
        let Some(own) = at.0.checked_sub(self.inner.first_str) else {
            return self.inner.base.as_ref().is_some_and(|base| base.string_is(at, text));
        };
        let Some(tail) = self.inner.strings.get(own as usize..) else { return false };
        tail.get(text.len()) == Some(&0) && tail.starts_with(text.as_bytes())
    }

    /// What hashes the essential names of this blob's records.
    pub(crate) fn name_hasher(&self, hash: NameHash) -> NameHasher<'_> {
        let Inner { flavours, strings, first_str, .. } = &*self.inner;
        let flavours = flavours.get_or_init(|| Flavours::of(strings));
        NameHasher { btf: self, strings, first: *first_str, flavours, hash }
    }
}

/// Hashes the essential names at offsets.
pub(crate) struct NameHasher<'a> {
    btf: &'a Btf,
    strings: &'a [u8],
    first: u32,
    flavours: &'a Flavours,
    hash: NameHash,
}

impl NameHasher<'_> {
    /// The hash of the essential name at an offset; `None` if there is none.
    #[inline]
    pub fn at(&self, at: StrOff) -> Option<u32> {
        if at.0 == 0 {
            return None;
        }
        let own = at.0.wrapping_sub(self.first) as usize;
        match self.strings.get(own..) {
            Some(tail) if at.0 >= self.first && !self.flavours.may_be_at(own) => {
                self.hash.of_first(tail, MAX_NAME)
            }
            _ => self.elsewhere(at),
        }
    }

    /// Of a name that may have a flavour, or is the base's.
    #[cold]
    fn elsewhere(&self, at: StrOff) -> Option<u32> {
        let name = self.btf.short_string(at).filter(|name| !name.is_empty())?;
        Some(self.hash.of(essential_name(name)))
    }
}

/// The string that something begins with, without its NUL, if it is not too long for a name.
#[inline]
fn short(tail: &[u8]) -> Option<&[u8]> {
    until_nul(tail.get(..MAX_NAME).unwrap_or(tail))
}

/// The bytes before the first NUL. Names are short: a search that first asks what the processor can do
/// would take some 30 microseconds for that in a virtual machine.
#[inline]
fn until_nul(bytes: &[u8]) -> Option<&[u8]> {
    CStr::from_bytes_until_nul(bytes).ok().map(CStr::to_bytes)
}

impl std::fmt::Debug for Btf {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Btf")
            .field("endian", &self.endian())
            .field("bytes", &self.inner.whole.len())
            .field("base", &self.inner.base)
            .finish_non_exhaustive()
    }
}

/// Whole sections begin with the empty string and end with a NUL; a split BTF may have no strings of its own.
fn check_strings(strings: &[u8], split: bool) -> Result<(), Error> {
    match (strings.first(), strings.last()) {
        (None, None) if split => Ok(()),
        (None, _) => Err(Error::Strings("is empty; its first byte must be NUL")),
        (Some(&first), _) if first != 0 && !split => {
            Err(Error::Strings("does not begin with the empty string"))
        }
        (_, Some(0)) => Ok(()),
        _ => Err(Error::Strings("does not end with NUL")),
    }
}
