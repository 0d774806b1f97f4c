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

/// How long a machine takes before and after its program runs.
const BOOT: Duration = Duration::from_secs(5 * 60);

/// Boots the kernel and takes in what is said there, until all is said or the time is over.
pub(crate) fn ask(
    question: &Question,
    program: &Path,
    kernel: &Kernel,
    objects: &[&PathBuf],
    told: &mut Told,
) -> Result<()> {
    let words = question.words(Path::new("/sys/fs/bpf"));
    Image::with(program, &words, objects, question.time)?.write_for(kernel)?;
    let (mut over, mut trouble) = (false, None);
    // The machine itself ends what takes too long, and says so.
    let end = machine::boot(kernel, question.time + BOOT, |line| match line.strip_prefix(MARK) {
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
        End::TimedOut => bail!("the machine did not go off"),
    }
    if let Some(trouble) = trouble {
        bail!("the program that loads the objects: {trouble}");
    }
    Ok(())
}

/// What a mark tells of a program that did not end well. That its time was over is seen from what was not told.
fn told_trouble(mark: &str) -> Option<String> {
    match mark.split_once(' ')? {
        ("broken", why) => Some(why.to_owned()),
        ("end", status) if status != "exit status: 0" => Some(status.to_owned()),
        _ => None,
    }
}
