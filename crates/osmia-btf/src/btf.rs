//! A BTF blob: opened without copying, decoded on demand.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, OnceLock};

use bytes::Bytes;

use crate::endian::Endian;
use crate::error::Error;
use crate::flavour::essential_name;
use crate::header::Header;
use crate::id::{StrOff, TypeId};
use crate::index::Index;
use crate::kind::Kind;
use crate::name_hash::NameHash;
use crate::records::{self, Layout, Records};
use crate::ty::Type;

/// Linear searches by name before the index is built: one answer is cheaper
/// without it, many are dear.
const SCANS: u32 = 1;
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
    offsets: OnceLock<Result<Vec<u32>, Error>>,
    index: OnceLock<Index>,
    scans: AtomicU32,
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
            offsets: OnceLock::new(),
            index: OnceLock::new(),
            scans: AtomicU32::new(0),
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
        Ok(self.inner.first_id + self.offsets()?.len() as u32)
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
        let offsets = btf.offsets()?;
        let index = (id.0 - btf.inner.first_id) as usize;
        let Some(&offset) = offsets.get(index) else {
            return Err(Error::NoSuchType { id, count: self.type_count()? });
        };
        let end = offsets.get(index + 1).map_or(btf.inner.types.len(), |&next| next as usize);
        Ok(btf.inner.types.get(offset as usize..end).unwrap_or_default())
    }

    /// Every type in the order of ids, those of the base first, without `void`.
    ///
    /// # Errors
    /// As for [`Btf::type_count`]; each item as for [`Btf::ty`].
    pub fn types(&self) -> Result<impl Iterator<Item = Result<Type<'_>, Error>>, Error> {
        Ok((1..self.type_count()?).map(|id| self.ty(TypeId(id))))
    }

    /// As [`Btf::types`], the names left out.
    pub(crate) fn types_unnamed(
        &self,
    ) -> Result<impl Iterator<Item = Result<Type<'_>, Error>>, Error> {
        Ok((1..self.type_count()?).map(|id| self.ty_unnamed(TypeId(id))))
    }

    /// The types that this blob itself has: all, or what a split BTF adds to its base.
    ///
    /// # Errors
    /// As for [`Btf::types`].
    pub fn own_types(&self) -> Result<impl Iterator<Item = Result<Type<'_>, Error>>, Error> {
        Ok((self.inner.first_id..self.type_count()?).map(|id| self.ty(TypeId(id))))
    }

    /// The first type of this kind and name; a split BTF's own ones come before its base's.
    ///
    /// The first question is answered by a search from the start, later ones from an
    /// index of all names that the second question builds.
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
        ids.extend(self.own_ids_named(name)?);
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
        ids.extend(self.index()?.essential(self, essential));
        Ok(ids)
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
        let reach = tail.get(..MAX_NAME).unwrap_or(tail);
        let end = memchr::memchr(0, reach).ok_or("leads to no end within 16 KiB")?;
        let bytes = reach.get(..end).unwrap_or_default();
        std::str::from_utf8(bytes).map_err(|_| "does not lead to UTF-8 text")
    }

    /// The bytes of the string at an offset, without its NUL.
    #[inline]
    pub(crate) fn string_bytes(&self, at: StrOff) -> Option<&[u8]> {
        let tail = self.tail_of(at)?;
        // The last byte of a string section is NUL, so that this finds one unless
        // the offset is the section's end.
        tail.get(..memchr::memchr(0, tail)?)
    }

    /// Whether the name at an offset is not empty.
    #[inline]
    pub(crate) fn has_name_at(&self, at: StrOff) -> bool {
        at.0 != 0 && self.tail_of(at).and_then(<[u8]>::first).is_some_and(|&first| first != 0)
    }

    /// The string section from an offset on.
    #[inline]
    fn tail_of(&self, at: StrOff) -> Option<&[u8]> {
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

    /// Builds the index of names now rather than at the second search.
    ///
    /// # Errors
    /// A record is broken.
    pub fn index_names(&self) -> Result<(), Error> {
        if let Some(base) = &self.inner.base {
            base.index_names()?;
        }
        self.index().map(|_| ())
    }

    pub(crate) fn offsets(&self) -> Result<&[u32], Error> {
        let inner = &*self.inner;
        let compute = || records::offsets(self.records());
        match inner.offsets.get_or_init(compute) {
            Ok(offsets) => Ok(offsets),
            Err(error) => Err(error.clone()),
        }
    }

    fn index(&self) -> Result<&Index, Error> {
        let offsets = self.offsets()?;
        Ok(self.inner.index.get_or_init(|| Index::build(self, offsets)))
    }

    fn find_own(&self, kind: Kind, name: &str) -> Result<Option<Type<'_>>, Error> {
        let first = self.inner.index.get().is_none()
            && self.inner.scans.fetch_add(1, Ordering::Relaxed) < SCANS;
        if first {
            return self.scan(kind, name);
        }
        for id in self.own_ids_named(name)? {
            let ty = self.ty(id)?;
            if ty.kind() == kind {
                return Ok(Some(ty));
            }
        }
        Ok(None)
    }

    /// Looks at the records from the first on; needs to know nothing of those behind
    /// the one that is sought.
    fn scan(&self, kind: Kind, name: &str) -> Result<Option<Type<'_>>, Error> {
        let mut records = self.records();
        while let Some(record) = records.next_record()? {
            if record.info.kind == kind && self.record_is_named(record.offset, name) {
                return Type::read(self, record.id, record.bytes).map(Some);
            }
        }
        Ok(None)
    }

    fn own_ids_named(&self, name: &str) -> Result<Vec<TypeId>, Error> {
        Ok(self.index()?.exact(self, name))
    }

    fn records(&self) -> Records<'_> {
        let inner = &*self.inner;
        Records::new(&inner.types, self.endian(), &inner.layout, inner.first_id)
    }

    /// Whether the record at `offset` of the type section has this name, without decoding it.
    #[inline]
    pub(crate) fn record_is_named(&self, offset: u32, name: &str) -> bool {
        self.name_at(offset).is_some_and(|at| self.string_is(at, name))
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

    /// The hash of the essential name of the record at `offset` of the type section.
    #[inline]
    pub(crate) fn essential_hash(&self, offset: u32, hash: NameHash) -> Option<u32> {
        let at = self.name_at(offset)?;
        let own = at.0.checked_sub(self.inner.first_str);
        let found = match own {
            Some(own) => hash.of_essential(self.inner.strings.get(own as usize..)?),
            None => Some(hash.of(essential_name(self.string_bytes(at)?))),
        };
        // The largest hash stands for records without a name.
        found.map(|hash| hash.min(u32::MAX - 1))
    }

    /// The name's offset in the record at `offset` of the type section.
    #[inline]
    pub(crate) fn name_at(&self, offset: u32) -> Option<StrOff> {
        self.endian().u32_at(&self.inner.types, offset as usize).map(StrOff)
    }
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
