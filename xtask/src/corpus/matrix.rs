//! Verdicts on other kernels.

use std::{
    path::{Path, PathBuf},
    time::Duration,
};

use anyhow::{Result, bail, ensure};
use osmia_vm::End;

use crate::{
    corpus::{loader::Question, told::Told},
    vm::{
        image::Image,
        kernel::Kernel,
        machine::{self, MARK},
    },
};

/// How long the program may take by the machine's own clock, which may run several times too fast where processors are busy:
/// as good as for ever.
const ALL_DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// Boots the kernel and takes in what is said there, until all is said or the time is over.
pub(crate) fn ask(
    question: &Question,
    program: &Path,
    kernel: &Kernel,
    objects: &[&PathBuf],
    told: &mut Told,
) -> Result<()> {
    let words = question.words(Path::new("/sys/fs/bpf"));
    Image::with(program, &words, objects, ALL_DAY)?.write_for(kernel)?;
    let (mut over, mut trouble) = (false, None);
    let end = machine::boot(kernel, question.time, |line| match line.strip_prefix(MARK) {
        Some("done") => over = true,
        Some(mark) => trouble = trouble.take().or_else(|| told_trouble(mark)),
        None => told.hear(line),
    })?;
    match end {
        End::Exited(status) => ensure!(
            status.success() && over,
            "the machine stopped ({status}) while these were loaded: {}",
            told.cut_off().join(", ")
        ),
        // That its time was over is seen from what was not told.
        End::TimedOut => {}
    }
    if let Some(trouble) = trouble {
        bail!("the program that loads the objects: {trouble}");
    }
    Ok(())
}

/// What a mark tells of a program that did not end well.
fn told_trouble(mark: &str) -> Option<String> {
    match mark.split_once(' ')? {
        ("cut" | "broken", why) => Some(why.to_owned()),
        ("end", status) if status != "exit status: 0" => Some(status.to_owned()),
        _ => None,
    }
}
