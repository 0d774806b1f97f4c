//! Following what programs print and the events that they send.

use std::time::{Duration, Instant};

use osmia::{Kernel, RingBuf, RingReader, TracePipe};
use osmia_sys::Poller;

use crate::failure::Failure;
use crate::output::Output;
use crate::prog::top::live::Live;
use crate::prog::top::view::Step;
use crate::run::event_type::rings;
use crate::run::happening::Happening;
use crate::run::part::Part;
use crate::run::printk::PrintkFilter;
use crate::run::signals::Signals;
use crate::run::told::Told;
use crate::value::Value;

/// As many of one ring's events are shown before the others, and signals, have their turn.
const TURN: usize = 1024;

/// As many turns are taken at the end: others may go on writing to what is followed.
const LAST_TURNS: usize = 64;

/// What is followed.
pub struct Watch<'a> {
    rings: Vec<Ring<'a>>,
    /// What each object prints.
    filters: Vec<PrintkFilter>,
    told: Told,
    pipe: Option<TracePipe>,
    signals: Signals,
    poller: Poller,
}

struct Ring<'a> {
    part: &'a Part,
    name: &'a str,
    reader: RingReader<[u8]>,
    /// Whether it was told how to name the events' type.
    hinted: bool,
}

impl<'a> Watch<'a> {
    /// Opens what is to be followed; says so if messages cannot be.
    ///
    /// # Errors
    /// A ring buffer cannot be read.
    pub fn open(kernel: &Kernel, parts: &'a [Part], output: &mut Output) -> Result<Self, Failure> {
        let filters: Vec<_> = parts.iter().map(|part| PrintkFilter::of(&part.spec)).collect();
        let silent = filters.iter().all(|filter| matches!(filter, PrintkFilter::Silent));
        let pipe = (!silent).then(|| TracePipe::open(kernel));
        let pipe = match pipe.transpose() {
            Ok(pipe) => pipe,
            Err(error) => {
                let why = Failure::from_error(&error).message();
                output.show(&Happening::Note(format!(
                    "what bpf_printk prints is not shown: {why}"
                )))?;
                None
            }
        };
        let readers = readers(parts)?;
        let signals = Signals::catch()?;
        let poller = poller(&signals, pipe.as_ref(), &readers)
            .map_err(|errno| Failure::because("wait for events", &errno))?;
        Ok(Self { rings: readers, filters, told: Told::default(), pipe, signals, poller })
    }

    /// Shows what comes until the time is over or a signal comes, or a key in the view of what the
    /// programs cost.
    ///
    /// # Errors
    /// Something cannot be read or shown.
    pub fn follow(
        &mut self,
        duration: Option<Duration>,
        mut live: Option<&mut Live>,
        output: &mut Output,
    ) -> Result<(), Failure> {
        self.told.quiet = live.as_ref().is_some_and(|live| live.has_screen());
        let end = duration.and_then(|duration| Instant::now().checked_add(duration));
        loop {
            let left = end.map(|end| end.saturating_duration_since(Instant::now()));
            if left == Some(Duration::ZERO) || self.signals.ended() {
                return Ok(());
            }
            let rest = live.as_ref().map(|live| live.rest());
            let wait = left.into_iter().chain(rest).min();
            let waited = self.poller.wait(wait).map(drop);
            waited.map_err(|errno| Failure::because("wait for events", &errno))?;
            self.turn(output)?;
            let Some(live) = &mut live else { continue };
            let note = self.told.counts();
            if live.turn(&note, |picture| output.show(&Happening::Top(picture)))? == Step::Quit {
                return Ok(());
            }
        }
    }

    /// Shows what is left.
    ///
    /// # Errors
    /// As for [`Watch::follow`].
    pub fn finish(&mut self, output: &mut Output) -> Result<(), Failure> {
        for _ in 0..LAST_TURNS {
            if !self.turn(output)? {
                break;
            }
        }
        if let Some(unseen) = self.told.unseen() {
            output.show(&Happening::Note(unseen))?;
        }
        match self.pipe.as_ref().map_or(0, TracePipe::lost) {
            0 => Ok(()),
            printk => output.show(&Happening::Lost { printk }),
        }
    }

    /// Shows some of what is there; whether there was anything.
    fn turn(&mut self, output: &mut Output) -> Result<bool, Failure> {
        let mut any = false;
        for ring in &mut self.rings {
            any |= ring.turn(&mut self.told, output)?;
        }
        let Some(pipe) = &mut self.pipe else { return Ok(any) };
        for _ in 0..TURN {
            let Some(line) = pipe.next_message()? else { break };
            if self.filters.iter().any(|filter| filter.admits(&line.message)) {
                any = true;
                self.told.tell(&Happening::Printk(line.into()), output)?;
            }
        }
        Ok(any)
    }
}

impl Ring<'_> {
    fn turn(&mut self, told: &mut Told, output: &mut Output) -> Result<bool, Failure> {
        let mut any = false;
        for _ in 0..TURN {
            let Some(event) = self.reader.next_bytes()? else { break };
            any = true;
            let ty = self.part.types.of_event(self.name, event.len());
            let value = Value::new(self.part.spec.btf.as_ref(), ty, event);
            let (map, unknown) = (self.name, ty.is_none());
            let object = self.part.label();
            told.tell(&Happening::Event { object, map, value }, output)?;
            if unknown && !std::mem::replace(&mut self.hinted, true) {
                let map = self.part.named(map);
                let note = Happening::Note(format!(
                    "the type of the events in {map} is not known: give the map a `__type(value, struct NAME);` \
                     in C, or say --event {map}=NAME"
                ));
                told.tell(&note, output)?;
            }
        }
        self.reader.release();
        Ok(any)
    }
}

/// The readers of the objects' ring buffers, one for each buffer: objects can share them.
fn readers(parts: &[Part]) -> Result<Vec<Ring<'_>>, Failure> {
    let (mut readers, mut seen) = (Vec::new(), Vec::new());
    for part in parts {
        for ring in rings(&part.spec) {
            let map = part.object.map(&ring.name)?;
            let id = map.info()?.id;
            if seen.contains(&id) {
                continue;
            }
            seen.push(id);
            let ring_buf: RingBuf<[u8]> = map.clone().try_into()?;
            let reader = ring_buf.reader()?;
            readers.push(Ring { part, name: &ring.name, reader, hinted: false });
        }
    }
    Ok(readers)
}

fn poller(
    signals: &Signals,
    pipe: Option<&TracePipe>,
    rings: &[Ring<'_>],
) -> Result<Poller, osmia_sys::Errno> {
    let mut poller = Poller::new()?;
    poller.add(signals, 0)?;
    if let Some(pipe) = pipe {
        poller.add(pipe, 0)?;
    }
    for ring in rings {
        poller.add(&ring.reader, 0)?;
    }
    Ok(poller)
}
