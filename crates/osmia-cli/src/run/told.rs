//! What is told while programs run.

use crate::failure::Failure;
use crate::output::Output;
use crate::run::happening::Happening;

/// Tells of messages and events, or counts them while a picture has the screen.
#[derive(Debug, Default)]
pub struct Told {
    /// Whether they are only counted.
    pub quiet: bool,
    events: u64,
    messages: u64,
}

impl Told {
    /// Tells of one.
    ///
    /// # Errors
    /// The output cannot be written.
    pub fn tell(&mut self, happening: &Happening<'_>, output: &mut Output) -> Result<(), Failure> {
        match happening {
            Happening::Event { .. } => self.events += 1,
            Happening::Printk(_) => self.messages += 1,
            _ => {}
        }
        if self.quiet { Ok(()) } else { output.show(happening) }
    }

    /// The counts.
    pub fn counts(&self) -> String {
        format!("{} events  {} messages", self.events, self.messages)
    }

    /// What was not shown, if anything was not.
    pub fn unseen(&self) -> Option<String> {
        (self.quiet && self.events + self.messages > 0).then(|| {
            format!(
                "{} events and {} messages came while --top had the screen; into a pipe both are written",
                self.events, self.messages
            )
        })
    }
}
