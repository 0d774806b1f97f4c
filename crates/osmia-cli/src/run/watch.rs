//! Following what programs print and the events that they send.

use std::time::{Duration, Instant};

use osmia::{Kernel, Object, RingBuf, RingReader, TracePipe};
use osmia_object::ObjectSpec;
use osmia_sys::Poller;

use crate::failure::Failure;
use crate::output::Output;
use crate::run::event_type::{EventTypes, rings};
use crate::run::happening::Happening;
use crate::run::printk::PrintkFilter;
use crate::run::signals::Signals;
use crate::value::Value;

/// As many of one ring's events are shown before the others, and signals, have their turn.
const TURN: usize = 1024;

/// As many turns are taken at the end: others may go on writing to what is followed.
const LAST_TURNS: usize = 64;

/// What is followed.
pub struct Watch<'a> {
    spec: &'a ObjectSpec,
    types: EventTypes,
    rings: Vec<Ring<'a>>,
    filter: PrintkFilter,
    pipe: Option<TracePipe>,
    signals: Signals,
    poller: Poller,
}

struct Ring<'a> {
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
    pub fn open(
        kernel: &Kernel,
        object: &Object,
        spec: &'a ObjectSpec,
        types: EventTypes,
        output: &mut Output,
    ) -> Result<Self, Failure> {
        let filter = PrintkFilter::of(spec);
        let pipe = match filter {
            PrintkFilter::Silent => None,
            _ => Some(TracePipe::open(kernel)),
        };
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
        let mut readers = Vec::new();
        for ring in rings(spec) {
            let ring_buf: RingBuf<[u8]> = object.map(&ring.name)?.clone().try_into()?;
            readers.push(Ring { name: &ring.name, reader: ring_buf.reader()?, hinted: false });
        }
        let signals = Signals::catch()?;
        let poller = poller(&signals, pipe.as_ref(), &readers)
            .map_err(|errno| Failure::because("wait for events", &errno))?;
        Ok(Self { spec, types, rings: readers, filter, pipe, signals, poller })
    }

    /// Shows what comes until the time is over or a signal comes.
    ///
    /// # Errors
    /// Something cannot be read or shown.
    pub fn follow(
        &mut self,
        duration: Option<Duration>,
        output: &mut Output,
    ) -> Result<(), Failure> {
        let end = duration.and_then(|duration| Instant::now().checked_add(duration));
        loop {
            let left = end.map(|end| end.saturating_duration_since(Instant::now()));
            if left == Some(Duration::ZERO) || self.signals.ended() {
                return Ok(());
            }
            let waited = self.poller.wait(left).map(drop);
            waited.map_err(|errno| Failure::because("wait for events", &errno))?;
            self.turn(output)?;
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
        match self.pipe.as_ref().map_or(0, TracePipe::lost) {
            0 => Ok(()),
            printk => output.show(&Happening::Lost { printk }),
        }
    }

    /// Shows some of what is there; whether there was anything.
    fn turn(&mut self, output: &mut Output) -> Result<bool, Failure> {
        let mut any = false;
        for ring in &mut self.rings {
            any |= ring.turn(self.spec, &self.types, output)?;
        }
        let Some(pipe) = &mut self.pipe else { return Ok(any) };
        for _ in 0..TURN {
            let Some(line) = pipe.next_message()? else { break };
            if self.filter.admits(&line.message) {
                any = true;
                output.show(&Happening::Printk(line.into()))?;
            }
        }
        Ok(any)
    }
}

impl Ring<'_> {
    fn turn(
        &mut self,
        spec: &ObjectSpec,
        types: &EventTypes,
        output: &mut Output,
    ) -> Result<bool, Failure> {
        let mut any = false;
        for _ in 0..TURN {
            let Some(event) = self.reader.next_bytes()? else { break };
            any = true;
            let ty = types.of_event(self.name, event.len());
            let value = Value::new(spec.btf.as_ref(), ty, event);
            let (map, unknown) = (self.name, ty.is_none());
            output.show(&Happening::Event { map, value })?;
            if unknown && !std::mem::replace(&mut self.hinted, true) {
                output.show(&Happening::Note(format!(
                    "the type of the events in {map} is not known: give the map a `__type(value, struct NAME);` \
                     in C, or say --event {map}=NAME"
                )))?;
            }
        }
        self.reader.release();
        Ok(any)
    }
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
