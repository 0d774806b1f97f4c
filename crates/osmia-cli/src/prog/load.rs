//! `osmia prog load` and `loadall`: objects loaded and pinned.

mod device;

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use clap::Args;
use osmia::{ErrorKind, Kernel, Link, Map, Object, Program};
use osmia_object::{ObjectSpec, SectionDef};
use serde::Serialize;

use crate::compile::CompileOptions;
use crate::failure::Failure;
use crate::kernel_options::KernelOptions;
use crate::object_file::ObjectFile;
use crate::output::Output;
use crate::pins::prepare_folder;
use crate::prog::load::device::{Device, is_refusal};
use crate::report::{Page, Report};
use crate::select::maps;
use crate::selector::Selector;
use crate::words::Words;

// The arguments of `osmia prog load`.
#[derive(Args)]
#[command(after_help = "Behind PATH may stand, in any order:
  type TYPE                the programs' type, by sections: xdp, cgroup/bind4
  map name NAME MAP        use this map for the object's map NAME
  map idx N MAP            the same by the map's number in the object, from 0
  pinmaps FOLDER           pin the maps too
  autoattach               attach to what the section names, and pin the link
  kernel_btf FILE          the kernel's types, where the kernel does not tell
  xdpmeta_dev INTERFACE    for this interface, with its metadata (since 6.3)
  offload_dev INTERFACE    into this interface's hardware

Examples:
  osmia prog load drop.bpf.o /sys/fs/bpf/drop
  osmia prog load trace.bpf.c /sys/fs/bpf/trace autoattach")]
pub struct Load {
    #[command(flatten)]
    options: LoadOptions,
}

// The arguments of `osmia prog loadall`.
#[derive(Args)]
#[command(after_help = "Behind FOLDER may stand what `osmia prog load` takes.

Example:
  osmia prog loadall fire.bpf.o /sys/fs/bpf/fire pinmaps /sys/fs/bpf/fire/maps")]
pub struct LoadAll {
    #[command(flatten)]
    options: LoadOptions,
}

#[derive(Args)]
struct LoadOptions {
    /// A BPF object or C file, where to pin, and how to load
    #[arg(value_name = "FILE PATH", required = true)]
    words: Vec<String>,
    /// Set a global variable before loading; structs and arrays as JSON
    #[arg(long = "set", value_name = "NAME=VALUE", value_parser = crate::run::pair)]
    set: Vec<(String, String)>,
    /// If the verifier refuses a program, print its whole log
    #[arg(long, short = 'd')]
    verifier_log: bool,
    #[command(flatten)]
    kernel: KernelOptions,
    #[command(flatten)]
    compile: CompileOptions,
}

impl Load {
    /// Loads and pins the first program.
    ///
    /// # Errors
    /// The object cannot be loaded, or its program not pinned; nothing stays then.
    pub fn run(&self, output: &mut Output) -> Result<(), Failure> {
        self.options.run(true, output)
    }
}

impl LoadAll {
    /// Loads and pins all programs.
    ///
    /// # Errors
    /// As for [`Load::run`].
    pub fn run(&self, output: &mut Output) -> Result<(), Failure> {
        self.options.run(false, output)
    }
}

/// What the words say.
struct Plan {
    file: PathBuf,
    path: PathBuf,
    ty: Option<String>,
    maps: Vec<(MapName, Selector)>,
    pinmaps: Option<PathBuf>,
    autoattach: bool,
    kernel_btf: Option<PathBuf>,
    device: Option<Device>,
}

enum MapName {
    Name(String),
    Index(usize),
}

/// What may stand behind the path.
const KEYS: [&str; 8] =
    ["type", "map", "pinmaps", "autoattach", "kernel_btf", "offload_dev", "xdpmeta_dev", "dev"];

impl Plan {
    fn read(words: &[String]) -> Result<Self, Failure> {
        let mut words = Words::new(words);
        let file = words.next("the object's file")?.into();
        let path = words.next("the path to pin to")?.into();
        let mut plan = Self {
            file,
            path,
            ty: None,
            maps: Vec::new(),
            pinmaps: None,
            autoattach: false,
            kernel_btf: None,
            device: None,
        };
        while !words.is_empty() {
            match words.keyword(&KEYS)? {
                "type" => plan.ty = Some(words.next("the type")?.to_owned()),
                "map" => {
                    let name = match words.keyword(&["idx", "name"])? {
                        "idx" => MapName::Index(words.number("the map's number")? as usize),
                        _ => MapName::Name(words.next("the map's name")?.to_owned()),
                    };
                    plan.maps.push((name, Selector::read(&mut words)?));
                }
                "pinmaps" => plan.pinmaps = Some(words.next("the folder for maps")?.into()),
                "autoattach" => plan.autoattach = true,
                "kernel_btf" => plan.kernel_btf = Some(words.next("the file with types")?.into()),
                device => {
                    let name = words.next("the interface")?;
                    plan.device = Some(Device::named(name, device != "xdpmeta_dev")?);
                }
            }
        }
        Ok(plan)
    }
}

impl LoadOptions {
    fn run(&self, first_only: bool, output: &mut Output) -> Result<(), Failure> {
        let plan = Plan::read(&self.words)?;
        let mut spec = ObjectFile::open(&plan.file, &self.compile)?.spec;
        crate::run::set_variables(&mut spec, &self.set)?;
        choose(&mut spec, first_only, plan.ty.as_deref())?;
        if let Some(device) = &plan.device {
            device.bind(&mut spec);
        }
        let kernel = match &plan.kernel_btf {
            Some(file) => self.kernel.kernel_with(Some(file))?,
            None => self.kernel.kernel()?,
        };
        let folder = if first_only { plan.path.parent() } else { Some(plan.path.as_path()) };
        prepare_folder(folder.unwrap_or(Path::new(".")))?;
        if let Some(folder) = &plan.pinmaps {
            prepare_folder(folder)?;
        }
        let object = self.load(&plan, &spec, &kernel)?;
        let mut pins = NewPins::default();
        let mut report = LoadReport {
            programs: Vec::new(),
            maps: Vec::new(),
            notes: object.notes().iter().map(|note| Failure::from_error(note).message()).collect(),
        };
        for program in object.programs().filter(|program| program.is_loaded()) {
            let path = if first_only { plan.path.clone() } else { plan.path.join(program.name()) };
            report.programs.push(keep(program, &path, plan.autoattach, &mut pins)?);
        }
        if let Some(folder) = &plan.pinmaps {
            for map in object.maps() {
                let path = folder.join(pin_name(map, &spec)?);
                pins.made(&path, || map.pin(&path))?;
                report.maps.push(PinnedMap { name: map.name().to_owned(), pinned: shown(&path) });
            }
        }
        pins.keep();
        output.show(&report)
    }

    fn load(&self, plan: &Plan, spec: &ObjectSpec, kernel: &Kernel) -> Result<Object, Failure> {
        let bpf = kernel.bpf();
        let mut loader = self.kernel.loader(kernel).verifier_log(u32::from(self.verifier_log));
        for (name, selector) in &plan.maps {
            let name = match name {
                MapName::Name(name) => name.clone(),
                MapName::Index(at) => match spec.maps.get_index(*at) {
                    Some((name, _)) => name.clone(),
                    None => {
                        return Err(Failure::not_found(format!(
                            "there is no map {at} in the object: it has {}, counted from 0",
                            spec.maps.len()
                        )));
                    }
                },
            };
            let map = maps::one(bpf, selector)?;
            loader = loader.reuse_map(name, &Map::from_fd(kernel, map.fd.into_fd())?);
        }
        loader.load(spec).map_err(|error| {
            if let Some(device) = plan.device.as_ref().filter(|_| is_refusal(&error)) {
                return device.unable();
            }
            let failure = Failure::from_error(&error);
            match error.verifier() {
                Some(refusal) if self.verifier_log || error.kind() != ErrorKind::Verifier => {
                    failure.with_details(refusal.log())
                }
                Some(_) => failure.with_hint("--verifier-log shows it"),
                None => failure,
            }
        })
    }
}

/// Chooses which programs are loaded, and as what.
fn choose(spec: &mut ObjectSpec, first_only: bool, ty: Option<&str>) -> Result<(), Failure> {
    let def = match ty {
        Some(ty) => Some((ty, SectionDef::find(ty).ok_or_else(|| no_such_type(ty))?)),
        None => None,
    };
    if spec.programs.is_empty() {
        return Err(Failure::new(format!("object {} has no programs", spec.name)));
    }
    for (at, program) in spec.programs.values_mut().enumerate() {
        if first_only {
            program.autoload = at == 0;
        }
        if let Some((ty, def)) = def {
            program.prog_type = Some(def.prog_type);
            program.attach_type = def.attach_type;
            program.attach_target =
                def.target(ty).map(str::to_owned).or(program.attach_target.take());
        }
    }
    Ok(())
}

fn no_such_type(ty: &str) -> Failure {
    let near = SectionDef::suggest(ty);
    let near = near.map_or_else(String::new, |near| format!("; did you mean {near}?"));
    Failure::usage(format!("'{ty}' is no type of program{near}"))
}

/// Pins a program, or its attachment.
fn keep(
    program: &Program,
    path: &Path,
    attach: bool,
    pins: &mut NewPins,
) -> Result<LoadedProgram, Failure> {
    let info = program.info()?;
    let ty = program.prog_type();
    let mut loaded = LoadedProgram {
        id: info.id,
        ty: ty.name().map_or_else(|| ty.0.to_string(), str::to_owned),
        name: program.name().to_owned(),
        attached_to: None,
        link_id: None,
        pinned: shown(path),
        note: None,
    };
    let link = match attach {
        true => match program.attach() {
            Ok(link) => Some(link),
            // Its section names no place.
            Err(error) if error.kind() == ErrorKind::Invalid => {
                loaded.note = Some(Failure::from_error(&error).message());
                None
            }
            Err(error) => return Err(error.into()),
        },
        false => None,
    };
    match &link {
        Some(link) => {
            pins.made(path, || Link::pin(link, path))?;
            loaded.attached_to = Some(link.place().to_owned());
            loaded.link_id = link.info().ok().map(|info| info.id());
        }
        None => pins.made(path, || program.pin(path))?,
    }
    Ok(loaded)
}

/// What a map's pin is called: names in a bpf file system have no dots.
fn pin_name(map: &Map, spec: &ObjectSpec) -> Result<String, Failure> {
    let is_section = spec.maps.get(map.name()).is_some_and(|map| map.role.is_data_section());
    let name = if is_section { map.info()?.name } else { map.name().to_owned() };
    Ok(name.replace('.', "_"))
}

fn shown(path: &Path) -> String {
    path.display().to_string()
}

/// Pins that are taken back unless everything succeeds.
#[derive(Default)]
struct NewPins(Vec<PathBuf>);

impl NewPins {
    fn made(
        &mut self,
        path: &Path,
        pin: impl FnOnce() -> Result<(), osmia::Error>,
    ) -> Result<(), Failure> {
        pin()?;
        self.0.push(path.to_owned());
        Ok(())
    }

    fn keep(mut self) {
        self.0.clear();
    }
}

impl Drop for NewPins {
    fn drop(&mut self) {
        for path in &self.0 {
            // The failure that led here is what the user hears of.
            let _ = fs::remove_file(path);
        }
    }
}

/// What was loaded.
#[derive(Serialize)]
struct LoadReport {
    programs: Vec<LoadedProgram>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    maps: Vec<PinnedMap>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    notes: Vec<String>,
}

#[derive(Serialize)]
struct LoadedProgram {
    id: u32,
    #[serde(rename = "type")]
    ty: String,
    name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    attached_to: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    link_id: Option<u32>,
    pinned: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    note: Option<String>,
}

#[derive(Serialize)]
struct PinnedMap {
    name: String,
    pinned: String,
}

impl Report for LoadReport {
    fn text(&self, _: &Page) -> String {
        let mut text = String::new();
        for LoadedProgram { id, ty, name, attached_to, link_id, pinned, note } in &self.programs {
            let _ = match (attached_to, link_id) {
                (Some(place), Some(link)) => {
                    writeln!(text, "{id}: {ty} {name} attached to {place}, link {link} at {pinned}")
                }
                (Some(place), None) => {
                    writeln!(text, "{id}: {ty} {name} attached to {place}, pinned at {pinned}")
                }
                (None, _) => writeln!(text, "{id}: {ty} {name} pinned at {pinned}"),
            };
            if let Some(note) = note {
                let _ = writeln!(text, "   not attached: {note}");
            }
        }
        for PinnedMap { name, pinned } in &self.maps {
            let _ = writeln!(text, "map {name} pinned at {pinned}");
        }
        for note in &self.notes {
            let _ = writeln!(text, "note: {note}");
        }
        text
    }
}
