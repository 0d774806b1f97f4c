//! Tables of callbacks (`.struct_ops`), matched against a kernel's struct.

use bytes::BytesMut;
use osmia_btf::core_re::Target;
use osmia_btf::near::nearest;
use osmia_btf::{Bitfield, Btf, Kind, Member, Type, TypeId, c, essential_name};

use crate::error::Error;
use crate::map_spec::{MapRole, MapSpec};
use crate::object_spec::ObjectSpec;
use crate::value_type::ValueType;
use crate::variable_value::VariableValue;

/// The width of a pointer in a BPF object.
const POINTER: usize = 8;

/// A table as a kernel takes it.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct OpsTable {
    /// The struct's name: `tcp_congestion_ops`.
    pub name: String,
    /// Whose types these are: 0 for the kernel's own, others for modules, counted from 1.
    pub place: usize,
    /// The struct.
    pub struct_type: TypeId,
    /// What the map holds: the struct with the kernel's own data in front of it.
    pub value_type: TypeId,
    /// The value, with what C and the user have set; zeros where programs go.
    pub value: Vec<u8>,
    /// The callbacks that are set.
    pub programs: Vec<OpsProgram>,
}

/// A callback of a table.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct OpsProgram {
    /// The member's name.
    pub member: String,
    /// The member's number in the kernel's struct, for which the program is verified.
    pub index: u32,
    /// Where in the value its descriptor goes.
    pub offset: u32,
    /// The program's name.
    pub program: String,
}

impl ObjectSpec {
    /// Matches a table of callbacks against the struct of its name in a kernel, member by member.
    ///
    /// What the kernel's struct has and the object's has not stays zero; what it has not may be
    /// declared by the object as long as it is zero there. A flavour (`tcp_congestion_ops___old`)
    /// stands for the name without it.
    ///
    /// # Errors
    /// The kernel has no such struct, or takes no programs for it; a member that is set is missing
    /// there or of another kind or size; a callback is no program of the object.
    pub fn ops_table<'m>(
        &self,
        map: &MapSpec,
        kernel: &Target,
        modules: impl FnOnce() -> &'m [Target],
    ) -> Result<OpsTable, Error> {
        let local = Local::of(self, map)?;
        let (place, target) = match find(kernel.btf(), &local.value_name()) {
            Some(id) => (0, Place { btf: kernel.btf(), value: id }),
            None => {
                let found = (1..).zip(modules()).find_map(|(place, module)| {
                    let value = find(module.btf(), &local.value_name())?;
                    Some((place, Place { btf: module.btf(), value }))
                });
                found.ok_or_else(|| local.absent(kernel))?
            }
        };
        target.table(&local, place)
    }

    /// Sets a member of a table of callbacks that is no callback, for when it is attached.
    ///
    /// # Errors
    /// There is no such table or member, or the member cannot hold the value.
    ///
    /// # Examples
    /// ```no_run
    /// # fn main() -> Result<(), osmia_object::Error> {
    /// # let mut spec = osmia_object::ObjectSpec::parse("x", Default::default())?;
    /// spec.set_op("cubic", "flags", 2_u32)?;
    /// spec.set_op("cubic", "name", "my_cubic")?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn set_op(
        &mut self,
        table: &str,
        member: &str,
        value: impl VariableValue,
    ) -> Result<(), Error> {
        let (at, bytes) = {
            let local = Local::of(self, self.ops_spec(table)?)?;
            let data = local.data(member)?;
            let ty = ValueType::new(Some(local.btf), Some(data.ty), data.size, self.endian);
            let mut bytes = Vec::new();
            value.encode(&ty, &mut bytes).map_err(|problem| local.error(member, problem))?;
            (data.at, bytes)
        };
        self.put_op(table, at, &bytes);
        Ok(())
    }

    /// Sets a member of a table of callbacks that is no callback to these bytes.
    ///
    /// # Errors
    /// There is no such table or member, or it has another size.
    pub fn set_op_bytes(&mut self, table: &str, member: &str, bytes: &[u8]) -> Result<(), Error> {
        let local = Local::of(self, self.ops_spec(table)?)?;
        let data = local.data(member)?;
        if bytes.len() != data.size as usize {
            let problem = format!("it has {} bytes, the value has {}", data.size, bytes.len());
            return Err(local.error(member, problem));
        }
        self.put_op(table, data.at, bytes);
        Ok(())
    }

    /// What C or the user have set a member of a table of callbacks to that is no callback.
    ///
    /// # Errors
    /// There is no such table or member, or it lies outside of the table's section.
    pub fn op_bytes(&self, table: &str, member: &str) -> Result<&[u8], Error> {
        let map = self.ops_spec(table)?;
        let local = Local::of(self, map)?;
        let data = local.data(member)?;
        let bytes = map.contents.get(data.at..data.at.saturating_add(data.size as usize));
        bytes.ok_or_else(|| local.error(member, "it lies outside of the table's section"))
    }

    /// The program that stands for a callback of a table, if one does.
    ///
    /// # Errors
    /// There is no such table or callback.
    pub fn op_program(&self, table: &str, member: &str) -> Result<Option<&str>, Error> {
        let local = Local::of(self, self.ops_spec(table)?)?;
        let found = local.callback(member)?;
        Ok(local.pointer(&found))
    }

    /// Puts a program into a table of callbacks, or takes one out.
    ///
    /// # Errors
    /// There is no such table, callback or program.
    pub fn set_op_program(
        &mut self,
        table: &str,
        member: &str,
        program: Option<&str>,
    ) -> Result<(), Error> {
        let local = Local::of(self, self.ops_spec(table)?)?;
        let found = local.callback(member)?;
        if let Some(name) = program.filter(|name| !self.programs.contains_key(*name)) {
            return Err(local.error(member, local.no_program(name)));
        }
        let offset = found.offset.byte();
        // C leaves the offset of a static function there.
        self.put_op(table, offset as usize, &[0; POINTER]);
        if let Some(map) = self.maps.get_mut(table) {
            map.pointers.retain(|pointer| pointer.offset != offset);
            map.pointers.extend(program.map(|name| crate::map_spec::Pointer {
                offset,
                symbol: name.to_owned(),
                added: 0,
            }));
        }
        Ok(())
    }

    fn put_op(&mut self, table: &str, at: usize, bytes: &[u8]) {
        let Some(map) = self.maps.get_mut(table) else { return };
        let mut contents = BytesMut::from(std::mem::take(&mut map.contents));
        if let Some(place) = contents.get_mut(at..at.saturating_add(bytes.len())) {
            place.copy_from_slice(bytes);
        }
        map.contents = contents.freeze();
    }

    fn ops_spec(&self, table: &str) -> Result<&MapSpec, Error> {
        let tables = || self.maps.values().filter(|map| map.role == MapRole::StructOps);
        tables().find(|map| map.name == table).ok_or_else(|| {
            let near = nearest(table, tables().map(|map| map.name.as_str()));
            let near = near.map_or_else(String::new, |near| format!("; did you mean {near}?"));
            Error::Map {
                map: table.to_owned(),
                field: ".struct_ops".to_owned(),
                problem: format!("the object has no such table of callbacks{near}"),
            }
        })
    }
}

/// Where in a table a member is that is no callback.
struct Data {
    at: usize,
    size: u32,
    ty: TypeId,
}

/// The table as the object has it.
struct Local<'a> {
    object: &'a ObjectSpec,
    map: &'a MapSpec,
    btf: &'a Btf,
    ty: Type<'a>,
}

impl<'a> Local<'a> {
    fn of(object: &'a ObjectSpec, map: &'a MapSpec) -> Result<Self, Error> {
        let error = |problem: &str| Error::Map {
            map: map.name.clone(),
            field: "definition".to_owned(),
            problem: problem.to_owned(),
        };
        let (Some(btf), Some(id)) = (&object.btf, map.value_type) else {
            return Err(error("its type is not known: compile it with -g"));
        };
        let ty = btf.resolve(id).map_err(|found| error(&found.to_string()))?;
        if ty.kind() != Kind::Struct {
            return Err(error("is no struct"));
        }
        Ok(Self { object, map, btf, ty })
    }

    fn name(&self) -> &'a str {
        let name = self.ty.name();
        name.get(..essential_name(name.as_bytes()).len()).unwrap_or(name)
    }

    fn value_name(&self) -> String {
        format!("bpf_struct_ops_{}", self.name())
    }

    fn member(&self, name: &str) -> Result<(Member<'a>, Type<'a>), Error> {
        for member in self.ty.members() {
            let member = member.map_err(|error| self.types(&error))?;
            if member.name == name {
                let ty = self.btf.resolve(member.ty).map_err(|error| self.types(&error))?;
                return Ok((member, ty));
            }
        }
        let names = self.ty.members().filter_map(|member| Some(member.ok()?.name));
        let near = nearest(name, names).map(|near| format!("; did you mean {near}?"));
        let near = near.unwrap_or_default();
        Err(self.error(name, format!("`struct {}` has no such member{near}", self.ty.name())))
    }

    /// A member that is no callback.
    fn data(&self, name: &str) -> Result<Data, Error> {
        let (found, ty) = self.member(name)?;
        if ty.kind() == Kind::Ptr {
            return Err(self.error(name, "is a callback: `set_op_program` sets it"));
        }
        if Bitfield::of(self.btf, &found).map_err(|error| self.types(&error))?.is_some() {
            return Err(self.error(name, "bitfields cannot be set"));
        }
        let size = self.btf.size_of(found.ty).map_err(|error| self.types(&error))?;
        Ok(Data { at: found.offset.byte() as usize, size, ty: found.ty })
    }

    fn callback(&self, name: &str) -> Result<Member<'a>, Error> {
        let (found, ty) = self.member(name)?;
        if ty.kind() != Kind::Ptr {
            return Err(self.error(name, "is no callback: `set_op` sets it"));
        }
        Ok(found)
    }

    /// The bytes that C or the user have set a member to.
    fn bytes(&self, member: &Member<'_>, size: u32) -> &'a [u8] {
        let start = member.offset.byte() as usize;
        let tail = self.map.contents.get(start..).unwrap_or_default();
        tail.get(..size as usize).unwrap_or(tail)
    }

    fn pointer(&self, member: &Member<'_>) -> Option<&'a str> {
        let at = member.offset.byte();
        let found = self.map.pointers.iter().find(|pointer| pointer.offset == at);
        found.map(|pointer| pointer.symbol.as_str())
    }

    fn no_program(&self, name: &str) -> String {
        let near = nearest(name, self.object.programs.keys().map(String::as_str));
        let near = near.map_or_else(String::new, |near| format!("; did you mean {near}?"));
        format!("{name} is no program of the object{near}")
    }

    fn absent(&self, kernel: &Target) -> Error {
        let name = self.name();
        let problem = match kernel.btf().find(Kind::Struct, name).ok().flatten() {
            Some(_) => "this kernel has such a struct, and takes no programs for it",
            None => "neither this kernel nor one of its modules has a struct of that name",
        };
        self.error(&format!("struct {name}"), problem)
    }

    fn error(&self, field: &str, problem: impl Into<String>) -> Error {
        let (map, field) = (self.map.name.clone(), field.to_owned());
        Error::Map { map, field, problem: problem.into() }
    }

    fn types(&self, error: &osmia_btf::Error) -> Error {
        self.error("definition", error.to_string())
    }
}

fn find(btf: &Btf, name: &str) -> Option<TypeId> {
    let found = btf.find(Kind::Struct, name).ok().flatten()?;
    (found.id() >= btf.first_own_id()).then(|| found.id())
}

/// The table's types in a kernel.
struct Place<'a> {
    btf: &'a Btf,
    value: TypeId,
}

impl Place<'_> {
    fn table(&self, local: &Local<'_>, place: usize) -> Result<OpsTable, Error> {
        let broken = |error: osmia_btf::Error| {
            local.error("definition", format!("the kernel's types are broken: {error}"))
        };
        let (data, struct_type) = self.data(local).map_err(broken)?.ok_or_else(|| {
            let problem = "the kernel's value has no such struct in it";
            local.error(&format!("struct {}", local.name()), problem)
        })?;
        let size = self.btf.size_of(self.value).map_err(broken)?;
        let mut table = OpsTable {
            name: local.name().to_owned(),
            place,
            struct_type,
            value_type: self.value,
            value: vec![0; size as usize],
            programs: Vec::new(),
        };
        for member in local.ty.members() {
            let member = member.map_err(|error| local.types(&error))?;
            if !member.name.is_empty() {
                self.member(local, &member, data, &mut table)?;
            }
        }
        Ok(table)
    }

    /// Where in the value the struct is, and its type.
    fn data(&self, local: &Local<'_>) -> Result<Option<(u32, TypeId)>, osmia_btf::Error> {
        for member in self.btf.ty(self.value)?.members() {
            let member = member?;
            let ty = self.btf.resolve(member.ty)?;
            if ty.kind() == Kind::Struct && ty.name() == local.name() {
                return Ok(Some((member.offset.byte(), ty.id())));
            }
        }
        Ok(None)
    }

    fn member(
        &self,
        local: &Local<'_>,
        member: &Member<'_>,
        data: u32,
        table: &mut OpsTable,
    ) -> Result<(), Error> {
        let broken = |error: osmia_btf::Error| local.error(member.name, error.to_string());
        let size = local.btf.size_of(member.ty).map_err(broken)?;
        let ours = local.btf.resolve(member.ty).map_err(broken)?;
        let (bytes, pointer) = (local.bytes(member, size), local.pointer(member));
        let found = self.find(table.struct_type, member.name).map_err(broken)?;
        let Some((index, theirs)) = found else {
            let is_set = pointer.is_some() || bytes.iter().any(|&byte| byte != 0);
            return match is_set {
                true => Err(local.error(member.name, self.no_member(table, member.name))),
                false => Ok(()),
            };
        };
        let is_bitfield = Bitfield::of(local.btf, member).map_err(broken)?.is_some()
            || Bitfield::of(self.btf, &theirs).map_err(broken)?.is_some();
        if is_bitfield {
            return Err(local.error(member.name, "bitfields cannot be set"));
        }
        let kernel_size = self.btf.size_of(theirs.ty).map_err(broken)?;
        let kind = self.btf.resolve(theirs.ty).map_err(broken)?.kind();
        let offset = data.saturating_add(theirs.offset.byte());
        if ours.kind() != kind || size != kernel_size {
            let declared = |btf: &Btf, id| {
                c::title(btf, id, member.name).unwrap_or_else(|error| error.to_string())
            };
            let (one, two) = (declared(local.btf, member.ty), declared(self.btf, theirs.ty));
            let problem = format!("it is `{one}`, in the kernel `{two}`");
            return Err(local.error(member.name, problem));
        }
        if kind != Kind::Ptr {
            let range = offset as usize..(offset as usize).saturating_add(bytes.len());
            if let Some(place) = table.value.get_mut(range) {
                place.copy_from_slice(bytes);
            }
            return Ok(());
        }
        let Some(name) = pointer else {
            return match bytes.iter().all(|&byte| byte == 0) {
                true => Ok(()),
                false => Err(local.error(member.name, "it holds a number, and is a callback")),
            };
        };
        if !local.object.programs.contains_key(name) {
            return Err(local.error(member.name, local.no_program(name)));
        }
        let (member, program) = (member.name.to_owned(), name.to_owned());
        table.programs.push(OpsProgram { member, index, offset, program });
        Ok(())
    }

    fn find(&self, id: TypeId, name: &str) -> Result<Option<(u32, Member<'_>)>, osmia_btf::Error> {
        for (index, member) in (0..).zip(self.btf.ty(id)?.members()) {
            let member = member?;
            if member.name == name {
                return Ok(Some((index, member)));
            }
        }
        Ok(None)
    }

    fn no_member(&self, table: &OpsTable, name: &str) -> String {
        let ty = self.btf.ty(table.struct_type).ok();
        let names = ty.iter().flat_map(Type::members).filter_map(|one| Some(one.ok()?.name));
        let near = nearest(name, names).map(|near| format!("; did you mean {near}?"));
        let near = near.unwrap_or_default();
        format!("the kernel's `struct {}` has no such member{near}", table.name)
    }
}
