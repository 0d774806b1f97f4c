//! The maps of a module.

use osmia_abi::MapType;
use osmia_btf::{Btf, Kind, TypeId};
use osmia_object::{MapRole, MapSpec, ObjectSpec};

use crate::error::Error;
use crate::generate::find::find;
use crate::generate::names::{self, Claims};
use crate::generate::request::EventType;
use crate::generate::types::collect::Collector;
use crate::generate::types::model::Ty;

/// A map's field.
pub(crate) struct Map {
    pub field: String,
    /// The map's name in the object.
    pub name: String,
    pub handle: Handle,
    pub doc: String,
}

/// The handle's name in the run-time, with its arguments.
pub(crate) struct Handle {
    pub name: &'static str,
    pub arguments: Vec<Argument>,
}

impl Handle {
    /// The one that knows nothing.
    fn raw() -> Self {
        Self { name: "Map", arguments: Vec::new() }
    }
}

pub(crate) enum Argument {
    Ty(Ty),
    /// What the slots of a map of maps have.
    Handle(Handle),
    /// `[u8]`: records of any length.
    Bytes,
}

/// What a handle has to know.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Wants {
    KeyAndValue,
    Value,
    Inner,
    KeyAndInner,
    Event,
    Nothing,
}

/// Types of maps with a handle of their own.
const HANDLES: &[(MapType, &str, Wants)] = &[
    (MapType::HASH, "HashMap", Wants::KeyAndValue),
    (MapType::LRU_HASH, "LruHashMap", Wants::KeyAndValue),
    (MapType::LPM_TRIE, "LpmTrie", Wants::KeyAndValue),
    (MapType::PERCPU_HASH, "PerCpuHashMap", Wants::KeyAndValue),
    (MapType::LRU_PERCPU_HASH, "PerCpuHashMap", Wants::KeyAndValue),
    (MapType::ARRAY, "Array", Wants::Value),
    (MapType::PERCPU_ARRAY, "PerCpuArray", Wants::Value),
    (MapType::ARRAY_OF_MAPS, "ArrayOfMaps", Wants::Inner),
    (MapType::HASH_OF_MAPS, "HashOfMaps", Wants::KeyAndInner),
    (MapType::PROG_ARRAY, "ProgramArray", Wants::Nothing),
    (MapType::RINGBUF, "RingBuf", Wants::Event),
    (MapType::USER_RINGBUF, "UserRingBuf", Wants::Event),
    (MapType::PERF_EVENT_ARRAY, "PerfEventArray", Wants::Event),
    (MapType::STACK_TRACE, "StackTraces", Wants::Nothing),
];

pub(super) fn maps(
    object: &ObjectSpec,
    btf: &Btf,
    events: &[EventType],
    collector: &mut Collector<'_>,
) -> Result<Vec<Map>, Error> {
    let declared = || object.maps.values().filter(|map| map.role == MapRole::Declared);
    let rings: Vec<&str> = declared()
        .filter(|map| carries_events(map.map_type))
        .map(|map| map.name.as_str())
        .collect();
    let mut event_types = Vec::new();
    for event in events {
        let ring = ring_of(event, &rings)?;
        // Asked for at once, so that events come first among the types.
        let ty = collector.ask(find(btf, &event.ty)?, &event.ty, &names::shown(&event.ty))?;
        event_types.extend(ring.map(|ring| (ring, ty)));
    }
    let mut claims = Claims::default();
    let map = |spec: &MapSpec| {
        if let Some(problem) = spec.problem.clone() {
            let (map, field) = (spec.name.clone(), "definition".to_owned());
            return Err(osmia_object::Error::Map { map, field, problem }.into());
        }
        let field = claims.claim(&names::plain(&spec.name), "_");
        let event =
            event_types.iter().find(|(ring, _)| *ring == spec.name).map(|(_, ty)| ty.clone());
        let handle = handle(spec, btf, event, collector)?;
        Ok(Map { field, name: spec.name.clone(), handle, doc: doc(spec, btf) })
    };
    declared().map(map).collect()
}

/// Whether maps of this type carry events of types that the object may not tell.
fn carries_events(map_type: MapType) -> bool {
    matches!(map_type, MapType::RINGBUF | MapType::USER_RINGBUF | MapType::PERF_EVENT_ARRAY)
}

/// Whether a perf event array's type of value is the descriptor in its slots, not that of its events.
fn is_descriptor(spec: &MapSpec, btf: &Btf, id: TypeId) -> bool {
    let is_int = btf.resolve(id).is_ok_and(|ty| ty.kind() == Kind::Int);
    spec.map_type == MapType::PERF_EVENT_ARRAY && is_int && btf.size_of(id) == Ok(4)
}

/// The ring buffer that events of a type are in. An object without any has them in
/// something else, so that only the type is wanted.
fn ring_of<'r>(event: &EventType, rings: &[&'r str]) -> Result<Option<&'r str>, Error> {
    let fits = |ring: &&&str| event.map.as_deref().is_none_or(|map| map == **ring);
    let mut fitting = rings.iter().filter(fits);
    match (fitting.next(), fitting.next(), &event.map) {
        (Some(ring), None, _) => Ok(Some(ring)),
        (None, _, None) => Ok(None),
        (_, _, map) => Err(Error::NoSuchRing {
            map: map.as_deref().map(names::shown),
            ty: names::shown(&event.ty),
            rings: rings.iter().map(|ring| names::shown(ring)).collect(),
        }),
    }
}

fn handle(
    spec: &MapSpec,
    btf: &Btf,
    event: Option<Ty>,
    collector: &mut Collector<'_>,
) -> Result<Handle, Error> {
    let Some((_, name, wants)) = HANDLES.iter().find(|(map_type, ..)| *map_type == spec.map_type)
    else {
        return Ok(Handle::raw());
    };
    let mut ask = |id: Option<TypeId>, part: &str| match id {
        Some(id) => {
            let what = format!("the {part} of `{}`", names::shown(&spec.name));
            collector.ask(id, &format!("{}_{part}", spec.name), &what).map(Some)
        }
        None => Ok(None),
    };
    let arguments: Option<Vec<Argument>> = match wants {
        Wants::KeyAndValue => [ask(spec.key_type, "key")?, ask(spec.value_type, "value")?]
            .into_iter()
            .map(|ty| ty.map(Argument::Ty))
            .collect(),
        Wants::Value => ask(spec.value_type, "value")?.map(|value| vec![Argument::Ty(value)]),
        Wants::Inner => Some(vec![inner(spec, btf, collector)?]),
        Wants::KeyAndInner => match ask(spec.key_type, "key")? {
            Some(key) => Some(vec![Argument::Ty(key), inner(spec, btf, collector)?]),
            None => None,
        },
        Wants::Event => {
            let event = match event {
                Some(event) => Some(event),
                None => {
                    let event = spec.value_type.filter(|id| !is_descriptor(spec, btf, *id));
                    ask(event, "event")?
                }
            };
            Some(vec![event.map_or(Argument::Bytes, Argument::Ty)])
        }
        Wants::Nothing => Some(Vec::new()),
    };
    Ok(arguments.map_or_else(Handle::raw, |arguments| Handle { name, arguments }))
}

/// The handle of the maps in the slots of a map. Those are never maps of maps themselves.
fn inner(spec: &MapSpec, btf: &Btf, collector: &mut Collector<'_>) -> Result<Argument, Error> {
    let inner = spec.inner.as_deref().filter(|inner| inner.inner.is_none());
    let inner = inner.map(|inner| handle(inner, btf, None, collector)).transpose()?;
    Ok(Argument::Handle(inner.unwrap_or_else(Handle::raw)))
}

fn doc(spec: &MapSpec, btf: &Btf) -> String {
    let inner = spec.inner.as_deref().map(|inner| format!("; each {}", about(inner, btf)));
    let inner = inner.unwrap_or_default();
    format!("Map `{}`: {}{inner}.", names::shown(&spec.name), about(spec, btf))
}

/// Its type, the types in it, and its size.
fn about(spec: &MapSpec, btf: &Btf) -> String {
    let kind = spec.map_type.name().map_or_else(|| spec.map_type.to_string(), str::to_owned);
    let name = |id: Option<TypeId>| c_name(btf, id?);
    let types = match (name(spec.key_type), name(spec.value_type)) {
        (Some(key), Some(value)) => format!(" from `{key}` to `{value}`"),
        (None, Some(value)) => format!(" of `{value}`"),
        (Some(key), None) if spec.inner.is_some() => format!(" by `{key}`"),
        _ => String::new(),
    };
    let entries = match spec.max_entries {
        0 => String::new(),
        count if matches!(spec.map_type, MapType::RINGBUF | MapType::USER_RINGBUF) => {
            format!(", {count} bytes")
        }
        count => format!(", {count} entries"),
    };
    format!("{kind}{types}{entries}")
}

/// What C calls a type, if it has a name.
pub(super) fn c_name(btf: &Btf, id: TypeId) -> Option<String> {
    let ty = btf.unqualified(id).ok()?;
    let keyword = match ty.kind() {
        Kind::Struct => "struct ",
        Kind::Union => "union ",
        Kind::Enum | Kind::Enum64 => "enum ",
        _ => "",
    };
    (!ty.name().is_empty()).then(|| format!("{keyword}{}", names::shown(ty.name())))
}
