//! `osmia map follow`: events in ring buffers and perf arrays, as they come.

use std::os::fd::{AsFd as _, AsRawFd as _};
use std::time::{Duration, Instant};

use clap::Args;
use osmia::{Kernel, Map, RingBuf, RingReader, UpdateFlags};
use osmia_abi::MapType;
use osmia_btf::{Btf, TypeId};
use osmia_sys::{PerfOutput, PerfRing, PerfWakeup, Poller};
use serde::Serialize;
use serde_json::{Value as Json, json};

use crate::failure::Failure;
use crate::map::entry::bytes_json;
use crate::map::event;
use crate::map::open;
use crate::output::Output;
use crate::report::{Page, Report};
use crate::run::options::duration;
use crate::run::signals::Signals;
use crate::select::maps;
use crate::selector::Selector;
use crate::value::{Value, hex};
use crate::words::Words;

/// The pages of a perf ring of one CPU.
const PAGES: usize = 16;
/// As many events of one ring are shown before the others have their turn.
const TURN: usize = 1024;

// The arguments of `osmia map follow`.
#[derive(Args)]
#[command(after_help = "What is read is gone for others: a ring buffer has one reader. Examples:
  osmia map follow name events --type event
  osmia -j map follow id 12 --count 10
  osmia map event_pipe id 13 cpu 0 index 0        as with bpftool")]
pub struct Follow {
    /// Which map; of a perf array perhaps one CPU and slot: `cpu N index M`
    #[arg(required = true, value_name = "MAP")]
    words: Vec<String>,
    /// The struct that events are, in the object's types
    #[arg(long = "type", short = 't', value_name = "NAME")]
    ty: Option<String>,
    /// Stop after so many events
    #[arg(long, short = 'n', value_name = "COUNT")]
    count: Option<u64>,
    /// Stop after this time
    #[arg(long, value_name = "TIME", value_parser = duration)]
    duration: Option<Duration>,
}

/// Where events come from.
enum Source {
    Ring(Box<RingReader<[u8]>>),
    Perf(Vec<(u32, u32, PerfRing)>),
}

/// An event, under the names that bpftool has in its JSON, and its value.
#[derive(Serialize)]
#[serde(transparent)]
struct Event {
    json: Json,
    #[serde(skip)]
    text: String,
}

impl Follow {
    /// Shows events until a signal comes, or enough have.
    ///
    /// # Errors
    /// There is no such map, or it has no events.
    pub fn run(&self, output: &mut Output) -> Result<(), Failure> {
        let kernel = Kernel::running()?;
        let mut words = Words::new(&self.words);
        let map = open::one(&kernel, &mut words)?;
        let place = cpu_and_index(&mut words)?;
        let bpf = kernel.bpf();
        let info = maps::one(bpf, &Selector::Id(map.info()?.id))?.info;
        let ty = self.ty.as_ref().map(|name| event::find(bpf, &info, name)).transpose()?;
        let mut source = Source::open(&map, place)?;
        let mut signals = Signals::catch()?;
        let waits = |errno| Failure::because("wait for events", &errno);
        let mut poller = source.poller(&signals).map_err(waits)?;
        let end = self.duration.and_then(|duration| Instant::now().checked_add(duration));
        let mut count = 0;
        loop {
            if source.turn(ty.as_ref(), self.count, &mut count, output)? {
                return Ok(());
            }
            let left = end.map(|end| end.saturating_duration_since(Instant::now()));
            if left == Some(Duration::ZERO) || signals.ended() {
                return Ok(());
            }
            poller.wait(left).map(drop).map_err(waits)?;
        }
    }
}

fn cpu_and_index(words: &mut Words<'_>) -> Result<Option<(u32, u32)>, Failure> {
    let (mut cpu, mut index) = (None, None);
    while !words.is_empty() {
        let place = match words.keyword(&["cpu", "index"])? {
            "cpu" => &mut cpu,
            _ => &mut index,
        };
        let number = words.number("the number")?;
        *place = Some(u32::try_from(number).map_err(|_| Failure::usage("that is too large"))?);
    }
    match (cpu, index) {
        (None, None) => Ok(None),
        (Some(cpu), index) => Ok(Some((cpu, index.unwrap_or(cpu)))),
        (None, Some(_)) => Err(Failure::usage("`index` wants `cpu` with it")),
    }
}

impl Source {
    fn open(map: &Map, place: Option<(u32, u32)>) -> Result<Self, Failure> {
        match map.map_type() {
            MapType::RINGBUF => {
                let ring: RingBuf<[u8]> = map.clone().try_into()?;
                Ok(Self::Ring(Box::new(ring.reader()?)))
            }
            MapType::PERF_EVENT_ARRAY => {
                let places = match place {
                    Some(place) => vec![place],
                    None => {
                        let online = osmia_sys::online_cpus()
                            .map_err(|errno| Failure::because("list the CPUs", &errno))?;
                        let slots = online.into_iter().filter_map(|cpu| u32::try_from(cpu).ok());
                        slots.filter(|cpu| *cpu < map.max_entries()).map(|cpu| (cpu, cpu)).collect()
                    }
                };
                places
                    .into_iter()
                    .map(|place| perf(map, place))
                    .collect::<Result<_, _>>()
                    .map(Self::Perf)
            }
            other => Err(Failure::unsupported(format!(
                "map {} is of type {}, which has no events; ring buffers and perf event arrays have",
                map.name(),
                other.name().unwrap_or("unknown")
            ))),
        }
    }

    fn poller(&self, signals: &Signals) -> Result<Poller, osmia_sys::Errno> {
        let mut poller = Poller::new()?;
        poller.add(signals, 0)?;
        match self {
            Self::Ring(reader) => poller.add(reader.as_ref(), 1)?,
            Self::Perf(rings) => {
                for (_, _, ring) in rings {
                    poller.add(ring, 1)?;
                }
            }
        }
        Ok(poller)
    }

    /// Shows what is there; whether that was enough.
    fn turn(
        &mut self,
        ty: Option<&(Btf, TypeId)>,
        most: Option<u64>,
        count: &mut u64,
        output: &mut Output,
    ) -> Result<bool, Failure> {
        let mut shown = |event: &Event, output: &mut Output| {
            *count += 1;
            output.show(event).map(|()| most.is_some_and(|most| *count >= most))
        };
        match self {
            Self::Ring(reader) => {
                while let Some(bytes) = reader.next_bytes()? {
                    if shown(&Event::new(None, ty, bytes), output)? {
                        return Ok(true);
                    }
                }
                reader.release();
            }
            Self::Perf(rings) => {
                for (cpu, index, ring) in rings {
                    for _ in 0..TURN {
                        let broken =
                            |errno| Failure::because(format!("read the ring of CPU {cpu}"), &errno);
                        // Losses are told of before the sample that there was room for again.
                        if !ring.is_ready().map_err(broken)? {
                            break;
                        }
                        let lost = ring.take_lost();
                        if lost > 0 && shown(&Event::lost(*cpu, *index, lost), output)? {
                            return Ok(true);
                        }
                        let Some(bytes) = ring.next_sample().map_err(broken)? else { break };
                        if shown(&Event::new(Some((*cpu, *index)), ty, bytes), output)? {
                            return Ok(true);
                        }
                    }
                }
            }
        }
        Ok(false)
    }
}

/// Opens the ring of a CPU and puts it into a slot.
fn perf(map: &Map, (cpu, index): (u32, u32)) -> Result<(u32, u32, PerfRing), Failure> {
    let ring = PerfOutput::open(cpu, PerfWakeup::Samples(1), false)
        .and_then(|output| PerfRing::new(output, PAGES))
        .map_err(|errno| Failure::because(format!("open the ring of CPU {cpu}"), &errno))?;
    let fd = ring.as_fd().as_raw_fd().to_ne_bytes();
    map.update(&index.to_ne_bytes(), &fd, UpdateFlags::ANY)?;
    Ok((cpu, index, ring))
}

impl Event {
    fn new(place: Option<(u32, u32)>, ty: Option<&(Btf, TypeId)>, bytes: &[u8]) -> Self {
        let mut data = Vec::new();
        bytes_json(bytes, &mut data);
        let data: Json = serde_json::from_slice(&data).unwrap_or_default();
        let mut json = match place {
            Some((cpu, index)) => json!({ "type": 9, "cpu": cpu, "index": index }),
            None => json!({}),
        };
        let typed = ty.map(|(btf, ty)| Value::new(Some(btf), Some(*ty), bytes));
        if let Some(fields) = json.as_object_mut() {
            fields.insert("data".to_owned(), data);
            fields.extend(typed.as_ref().map(|value| ("value".to_owned(), json!(value))));
        }
        let text = typed.map_or_else(|| hex(bytes, " "), |value| value.text());
        let text = match place {
            Some((cpu, _)) => format!("[{cpu}] {text}\n"),
            None => format!("{text}\n"),
        };
        Self { json, text }
    }

    fn lost(cpu: u32, index: u32, lost: u64) -> Self {
        let json = json!({ "type": 2, "cpu": cpu, "index": index, "lost": { "lost": lost } });
        Self { json, text: format!("[{cpu}] {lost} events were lost: the ring was full\n") }
    }
}

impl Report for Event {
    fn text(&self, _: &Page) -> String {
        self.text.clone()
    }
}
