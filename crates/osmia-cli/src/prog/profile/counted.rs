//! Counting exactly: two programs of ours read the counters before and after each run.

use std::os::fd::{AsFd as _, AsRawFd as _};

use osmia_abi::{AttachType, MapType, ProgType};
use osmia_insn::{AluOp, Assembler, Endian, Imm64, Insn, JumpOp, Reg, Size};
use osmia_sys::{AttachBtf, Bpf, Errno, LinkFd, Log, MapCreate, MapFd, ObjName, PerfFd, ProgLoad};

use crate::failure::Failure;
use crate::prog::profile::Reading;
use crate::prog::profile::metric::Metric;
use crate::select::progs::Prog;

/// The numbers of `struct bpf_perf_event_value`.
const FIELDS: usize = 3;
/// Their bytes.
const READING: i32 = 8 * FIELDS as i32;
const MAP_LOOKUP_ELEM: i32 = 1;
const PERF_EVENT_READ_VALUE: i32 = 55;
/// Room for what the verifier says of a program that it refuses.
const LOG: usize = 1 << 20;
/// Where the programs keep the key of the maps' only element.
const KEY: i16 = -8;

/// Counters that are read at each run of a program.
pub struct Counted {
    bpf: Bpf,
    sums: MapFd,
    metrics: usize,
    // They count, and the programs run, as long as these are open; a map lets go of its events when it is closed,
    // whoever uses it.
    _events: Vec<PerfFd>,
    _maps: Vec<MapFd>,
    _links: [LinkFd; 2],
}

/// The maps that the programs use.
struct Maps {
    /// A map for each metric, of an event for each CPU.
    events: Vec<MapFd>,
    /// What the counters were when a run began, behind a number that is 1 while it goes on.
    before: MapFd,
    /// The runs, and what they came to.
    sums: MapFd,
}

impl Counted {
    /// Attaches the programs.
    ///
    /// # Errors
    /// Why it is not possible, in words.
    pub fn attach(bpf: &Bpf, prog: &Prog, metrics: &[&Metric]) -> Result<Self, String> {
        let Some(function) = prog.entry else { return Err("the program has no BTF".to_owned()) };
        if prog.info.jited_prog_len == 0 {
            return Err("the program is interpreted".to_owned());
        }
        let failed = |what: &'static str| move |errno: Errno| format!("{what}: {errno}");
        let cpus = osmia_sys::possible_cpus().map_err(failed("the processors"))?;
        let maps = Maps::new(bpf, metrics.len(), cpus as u32).map_err(failed("its maps"))?;
        let events = maps.fill(bpf, metrics).map_err(failed("its events"))?;
        let link = |name, attach_type, insns: Vec<Insn>| {
            let insns = Insn::encode_all(&insns, Endian::NATIVE);
            let load = ProgLoad {
                prog_type: ProgType::TRACING,
                insns: &insns,
                license: c"GPL",
                name: ObjName::from(name),
                expected_attach_type: attach_type,
                attach_btf_id: function,
                attach_btf: AttachBtf::Prog(prog.fd.as_fd()),
                ..ProgLoad::default()
            };
            let mut room = vec![0; LOG];
            let mut log = Log { level: 1, buf: &mut room, true_size: 0 };
            // A log that is too short is a failure by itself: only what is refused is asked for one.
            let loaded = bpf.prog_load(&load, &mut Log::default());
            let loaded = loaded.or_else(|_| bpf.prog_load(&load, &mut log));
            let program = loaded.map_err(|errno| {
                let said = String::from_utf8_lossy(log.text()).trim_end().to_owned();
                let said = said.lines().rfind(|line| !line.starts_with("processed")).unwrap_or("");
                match said {
                    "" => format!("the kernel refuses {name} programs on it: {errno}"),
                    said => format!("the kernel refuses {name} programs on it: {said}"),
                }
            })?;
            bpf.raw_tracepoint_open(&program, None, 0).map_err(|errno| {
                format!("the kernel does not attach {name} programs to it: {errno}")
            })
        };
        let wrong = |error| format!("its instructions: {error}");
        let after = maps.after(metrics.len()).assemble().map_err(wrong)?;
        let before = maps.at_start(metrics.len()).assemble().map_err(wrong)?;
        let links = [
            link("fexit", AttachType::TRACE_FEXIT, after)?,
            link("fentry", AttachType::TRACE_FENTRY, before)?,
        ];
        Ok(Self {
            bpf: bpf.clone(),
            sums: maps.sums,
            metrics: metrics.len(),
            _events: events,
            _maps: maps.events,
            _links: links,
        })
    }

    /// The runs, and what was counted in them.
    ///
    /// # Errors
    /// The kernel does not tell.
    pub fn read(&self) -> Result<(u64, Vec<Reading>), Failure> {
        let mut bytes = vec![0; self.sums.shape().element_size(0)];
        self.bpf
            .map_lookup(&self.sums, &[0; 4], &mut bytes, 0)
            .map_err(|errno| Failure::because("read what was counted", &errno))?;
        let number = |bytes: &[u8]| bytes.try_into().map_or(0, u64::from_ne_bytes);
        let numbers: Vec<u64> = bytes.chunks_exact(8).map(number).collect();
        let (mut runs, mut readings) = (0, vec![Reading::default(); self.metrics]);
        for of_cpu in numbers.chunks_exact(1 + FIELDS * self.metrics) {
            let Some((count, counted)) = of_cpu.split_first() else { continue };
            runs += count;
            for (sum, counted) in readings.iter_mut().zip(counted.chunks_exact(FIELDS)) {
                if let [value, enabled, running] = counted {
                    sum.value = sum.value.saturating_add(*value);
                    sum.enabled = sum.enabled.saturating_add(*enabled);
                    sum.running = sum.running.saturating_add(*running);
                }
            }
        }
        Ok((runs, readings))
    }
}

impl Maps {
    fn new(bpf: &Bpf, metrics: usize, cpus: u32) -> Result<Self, Errno> {
        let events = MapCreate {
            map_type: MapType::PERF_EVENT_ARRAY,
            key_size: 4,
            value_size: 4,
            max_entries: cpus,
            name: ObjName::from("profile_events"),
            ..MapCreate::default()
        };
        let values = MapCreate {
            map_type: MapType::PERCPU_ARRAY,
            key_size: 4,
            value_size: (8 * (1 + FIELDS * metrics)) as u32,
            max_entries: 1,
            name: ObjName::from("profile_counts"),
            ..MapCreate::default()
        };
        Ok(Self {
            events: (0..metrics).map(|_| bpf.map_create(&events)).collect::<Result<_, _>>()?,
            before: bpf.map_create(&values)?,
            sums: bpf.map_create(&values)?,
        })
    }

    /// Puts an event of each CPU that is on into the maps.
    fn fill(&self, bpf: &Bpf, metrics: &[&Metric]) -> Result<Vec<PerfFd>, Errno> {
        let mut events = Vec::new();
        for (metric, map) in metrics.iter().zip(&self.events) {
            for cpu in osmia_sys::online_cpus()? {
                let event = metric.count(cpu as u32)?;
                let fd = event.as_fd().as_raw_fd().to_ne_bytes();
                bpf.map_update(map, &(cpu as u32).to_ne_bytes(), &fd, 0)?;
                events.push(event);
            }
        }
        Ok(events)
    }

    /// The program that runs before.
    fn at_start(&self, metrics: usize) -> Assembler {
        let mut code = Assembler::new();
        element(&mut code, &self.before, Reg::R6);
        code.push(Insn::store(Size::Double, Reg::R6, 0, 0));
        for (at, events) in (0..metrics).zip(&self.events) {
            code.push(Insn::mov64_reg(Reg::R3, Reg::R6));
            code.push(Insn::alu64(AluOp::Add, Reg::R3, 8 + READING * at as i32));
            read(&mut code, events);
        }
        code.push(Insn::store(Size::Double, Reg::R6, 0, 1));
        leave(&mut code);
        code
    }

    /// The program that runs after: the counters are read first.
    fn after(&self, metrics: usize) -> Assembler {
        let mut code = Assembler::new();
        let on_stack = |at: usize| i32::from(KEY) - READING * (at as i32 + 1);
        for (at, events) in (0..metrics).zip(&self.events) {
            code.push(Insn::mov64_reg(Reg::R3, Reg::R10));
            code.push(Insn::alu64(AluOp::Add, Reg::R3, on_stack(at)));
            read(&mut code, events);
        }
        element(&mut code, &self.before, Reg::R6);
        element(&mut code, &self.sums, Reg::R7);
        code.push(Insn::load(Size::Double, Reg::R1, Reg::R6, 0));
        code.jump64(JumpOp::Ne, Reg::R1, 1, "out");
        code.push(Insn::store(Size::Double, Reg::R6, 0, 0));
        code.push(Insn::load(Size::Double, Reg::R1, Reg::R7, 0));
        code.push(Insn::alu64(AluOp::Add, Reg::R1, 1));
        code.push(Insn::store(Size::Double, Reg::R7, 0, Reg::R1));
        for at in 0..FIELDS * metrics {
            let (metric, field) = (at / FIELDS, at % FIELDS);
            let now = (on_stack(metric) + 8 * field as i32) as i16;
            let kept = 8 * (1 + at as i16);
            code.push(Insn::load(Size::Double, Reg::R1, Reg::R10, now));
            code.push(Insn::load(Size::Double, Reg::R2, Reg::R6, kept));
            code.push(Insn::alu64(AluOp::Sub, Reg::R1, Reg::R2));
            code.push(Insn::load(Size::Double, Reg::R2, Reg::R7, kept));
            code.push(Insn::alu64(AluOp::Add, Reg::R2, Reg::R1));
            code.push(Insn::store(Size::Double, Reg::R7, kept, Reg::R2));
        }
        leave(&mut code);
        code
    }
}

/// Loads the address of a map.
fn map(code: &mut Assembler, map: &MapFd, into: Reg) {
    code.extend(Imm64::MapFd(map.as_fd().as_raw_fd()).slots(into));
}

/// Finds the only element of a map, or goes out.
fn element(code: &mut Assembler, of: &MapFd, into: Reg) {
    code.push(Insn::store(Size::Word, Reg::R10, KEY, 0));
    code.push(Insn::mov64_reg(Reg::R2, Reg::R10));
    code.push(Insn::alu64(AluOp::Add, Reg::R2, i32::from(KEY)));
    map(code, of, Reg::R1);
    code.push(Insn::call(MAP_LOOKUP_ELEM));
    code.jump64(JumpOp::Eq, Reg::R0, 0, "out");
    code.push(Insn::mov64_reg(into, Reg::R0));
}

/// Reads this CPU's counter to where `r3` points, or goes out.
fn read(code: &mut Assembler, events: &MapFd) {
    map(code, events, Reg::R1);
    // All bits of the lower half: the element of this CPU.
    code.push(Insn::mov32(Reg::R2, -1));
    code.push(Insn::mov64_imm(Reg::R4, READING));
    code.push(Insn::call(PERF_EVENT_READ_VALUE));
    code.jump64(JumpOp::Ne, Reg::R0, 0, "out");
}

fn leave(code: &mut Assembler) {
    code.label("out");
    code.push(Insn::mov64_imm(Reg::R0, 0));
    code.push(Insn::exit());
}
