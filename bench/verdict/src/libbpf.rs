//! libbpf's verdict.

use std::path::Path;
use std::sync::Mutex;

use libbpf_rs::{ObjectBuilder, OpenObject, PrintLevel, set_print};

use crate::{Loader, Verdict};

/// What libbpf has printed since the last verdict.
static SAID: Mutex<String> = Mutex::new(String::new());

/// The end of it is what matters.
const KEPT: usize = 4000;

pub struct Libbpf;

impl Loader for Libbpf {
    fn programs(&self, object: &Path) -> Option<Vec<String>> {
        let open = open(object, Path::new("/sys/fs/bpf")).ok()?;
        Some(open.progs().map(|program| program.name().to_string_lossy().into_owned()).collect())
    }

    fn load(&self, object: &Path, pins: &Path, program: Option<&str>) -> Verdict {
        set_print(Some((PrintLevel::Warn, |_, text| {
            if let Ok(mut said) = SAID.lock() {
                said.push_str(&text);
            }
        })));
        take();
        let mut open = match open(object, pins) {
            Ok(open) => open,
            Err(error) => return Verdict { opened: false, why: Some(why(&error)) },
        };
        if let Some(program) = program {
            for mut one in open.progs_mut() {
                let wanted = one.name().to_string_lossy() == program;
                one.set_autoload(wanted);
            }
        }
        Verdict { opened: true, why: open.load().err().map(|error| why(&error)) }
    }
}

fn open(object: &Path, pins: &Path) -> Result<OpenObject, libbpf_rs::Error> {
    let mut builder = ObjectBuilder::default();
    builder.pin_root_path(pins)?;
    builder.open_file(object)
}

fn why(error: &libbpf_rs::Error) -> String {
    let said = take();
    let start = said.char_indices().rev().nth(KEPT).map_or(0, |(at, _)| at);
    format!("{error:#}\n{}", said.get(start..).unwrap_or_default())
}

fn take() -> String {
    SAID.lock().map(|mut said| std::mem::take(&mut *said)).unwrap_or_default()
}
