//! Programs on the marks (USDT) of a program that runs; needs root.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

use std::io::{Read as _, Write as _};
use std::process::{Child, Command, Stdio};

use osmia::{Error, ErrorKind, Kernel, LinkDetails, Object, ProbeProgram, Uprobe, Usdt};
use osmia_sys::abi::LinkType;
use osmia_testkit::fixture::Fixture;
use osmia_testkit::gate::Gate;
use osmia_testkit::guard::bpffs::Bpffs;
use osmia_testkit::marks::Marks;
use osmia_testkit::{own_libc, skip};

/// The system's, not a script that looks for another.
const PYTHON: &str = "/usr/bin/python3";

fn good<T>(outcome: Result<T, Error>) -> T {
    outcome.unwrap_or_else(|error| panic!("{error:?}"))
}

fn load(fixture: &Fixture) -> Option<Object> {
    let spec = osmia::open("usdt", fixture.bytes()?).unwrap();
    Some(good(Object::load(&spec, &Kernel::running().unwrap())))
}

fn usual() -> Option<Object> {
    load(&Fixture::new("usdt"))
}

fn probe(object: &Object, name: &str) -> ProbeProgram {
    good(object.program(name).unwrap().clone().try_into())
}

fn number(object: &Object, variable: &str) -> i64 {
    let bytes = object.variable(variable).unwrap().read().unwrap();
    i64::from_ne_bytes(bytes.try_into().unwrap())
}

/// The program with marks, running.
struct Running {
    child: Child,
    marks: Marks,
}

impl Running {
    fn new(fixed: bool) -> Option<Self> {
        let marks = Marks::new(fixed)?;
        let mut command = Command::new(marks.path());
        let child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        Some(Self { child, marks })
    }

    /// Comes by all marks; the count of users of `kinds` that the program sees then.
    fn come_by(&mut self) -> u8 {
        self.child.stdin.as_mut().unwrap().write_all(b".").unwrap();
        let mut count = [0];
        self.child.stdout.as_mut().unwrap().read_exact(&mut count).unwrap();
        count[0]
    }

    fn mark(&self, name: &str) -> Usdt {
        Usdt::new(self.marks.path(), "osmia", name)
    }

    fn own(&self, name: &str) -> Usdt {
        self.mark(name).process(self.child.id())
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // The end of its input is its end.
        drop(self.child.stdin.take());
        self.child.wait().unwrap();
    }
}

/// Some kernels let a link go a moment after its last descriptor.
fn a_moment() {
    std::thread::sleep(std::time::Duration::from_millis(100));
}

/// Attaches to a mark with arguments of all kinds, and detaches.
fn arguments_are_told(object: &Object, running: &mut Running, mark: &Usdt) {
    let before = number(object, "hits");
    assert_eq!(running.come_by(), 0, "nobody looks");
    let link = good(probe(object, "on_mark").attach_usdt(&mark.clone().cookie(77)));
    assert_eq!(link.place(), mark.to_string());
    assert_eq!(running.come_by(), 1, "the semaphore is raised");
    assert_eq!(number(object, "hits"), before + 1);
    assert_eq!((number(object, "count"), number(object, "user_cookie")), (11, 77));
    let bytes = object.variable("arguments").unwrap().read().unwrap();
    let words: Vec<i64> =
        bytes.chunks_exact(8).map(|word| i64::from_ne_bytes(word.try_into().unwrap())).collect();
    let rdi = 0x1122_3344_5566_7788;
    assert_eq!(words, [-9, rdi, -7, 0xffff_fff9, -2, 0x80, -128, 0xab, -128, 0xfffe, -3, 0]);
    assert_eq!(number(object, "last_error"), -2, "there is no twelfth");
    good(link.detach());
    a_moment();
    assert_eq!(running.come_by(), 0, "the semaphore is lowered");
    assert_eq!(number(object, "hits"), before + 1);
}

#[test]
fn a_mark_tells_its_arguments() {
    let Some(_gate) = Gate::root() else { return };
    let Some(object) = usual() else { return };
    for fixed in [true, false] {
        let Some(mut running) = Running::new(fixed) else { return };
        let own = running.own("kinds");
        arguments_are_told(&object, &mut running, &own);
    }
}

#[test]
fn a_mark_is_watched_in_all_processes_or_in_one() {
    let Some(_gate) = Gate::root() else { return };
    let Some(object) = usual() else { return };
    let Some(mut running) = Running::new(true) else { return };
    let Some(mut other) = Running::new(true) else { return };
    let all = running.mark("kinds");
    arguments_are_told(&object, &mut running, &all);
    let program = probe(&object, "on_mark");
    let link = good(program.attach_usdt(&other.own("plain")));
    let before = number(&object, "hits");
    running.come_by();
    assert_eq!(number(&object, "hits"), before, "it is another process");
    other.come_by();
    assert_eq!(number(&object, "hits"), before + 1);
    drop(link);
}

#[test]
fn all_places_of_a_mark_are_watched() {
    let Some(gate) = Gate::root() else { return };
    let Some(mut running) = Running::new(false) else { return };
    for name in ["on_another", "on_each"] {
        let Some(object) = usual() else { return };
        // Programs that know marks by addresses have to be told of a process.
        let link = good(probe(&object, name).attach_usdt(&running.own("twice")));
        running.come_by();
        assert_eq!(number(&object, "first"), 12, "{name}: each place has its own arguments");
        assert_eq!(number(&object, "hits_of_another"), 2);
        match link.info() {
            Ok(info) => {
                assert_eq!((name, info.link_type()), ("on_another", LinkType::UPROBE_MULTI));
                if let LinkDetails::FileFunctions { path, offsets, .. } = good(link.details()) {
                    assert_eq!((path, offsets.len()), (running.marks.path(), 2));
                }
            }
            Err(error) => {
                assert!(format!("{error:#}").contains("not one link but 2"), "{error:#}");
                let one = name == "on_another";
                assert!(!one || !gate.part_needs("links to many places", "6.6", false));
                assert!(link.into_fd().is_err());
                continue;
            }
        }
        good(link.detach());
        a_moment();
        running.come_by();
        assert_eq!(number(&object, "hits_of_another"), 2);
    }
}

#[test]
fn programs_without_cookies_know_marks_by_their_addresses() {
    let Some(_gate) = Gate::root() else { return };
    let Some(object) = load(&Fixture::new("usdt").define("ASK_BY_ADDRESS")) else { return };
    let addresses = object.map("__bpf_usdt_ip_to_spec_id").unwrap();
    for fixed in [true, false] {
        let Some(mut running) = Running::new(fixed) else { return };
        let own = running.own("kinds");
        arguments_are_told(&object, &mut running, &own);
        assert_eq!(addresses.count().unwrap(), 0, "they are forgotten");
        let all = running.mark("kinds");
        if fixed {
            arguments_are_told(&object, &mut running, &all);
            continue;
        }
        let error = probe(&object, "on_mark").attach_usdt(&all).unwrap_err();
        assert!(matches!(error.kind(), ErrorKind::Unsupported { .. }), "{error:?}");
        assert!(format!("{error:#}").contains("Usdt::process"), "{error:#}");
        let _link = good(probe(&object, "on_mark").attach_usdt(&own));
        let error = probe(&object, "on_mark").attach_usdt(&own).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Exists, "{error:?}");
    }
}

#[test]
fn what_is_told_is_shared_and_forgotten() {
    let Some(gate) = Gate::root() else { return };
    // Without them a place is known by its address alone, and one program is told of it once.
    let cookies = good(Kernel::running())
        .features()
        .any(|feature| feature.name == "cookies of attachments" && feature.there == Some(true));
    if !gate.needs("several links at one mark", "5.15", cookies) {
        return;
    }
    let Some(object) = usual() else { return };
    let Some(mut running) = Running::new(true) else { return };
    let program = probe(&object, "on_mark");
    let (plain, kinds) = (running.own("plain"), running.own("kinds"));
    // More than the 8 that the program has room for.
    for cookie in 0..10 {
        good(good(program.attach_usdt(&plain.clone().cookie(cookie))).detach());
    }
    let links: Vec<_> = (0..10).map(|_| good(program.attach_usdt(&plain))).collect();
    drop(links);
    let mut links: Vec<_> =
        (1..=8).map(|cookie| good(program.attach_usdt(&plain.clone().cookie(cookie)))).collect();
    let error = program.attach_usdt(&kinds).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Full, "{error:?}");
    assert!(format!("{error:#}").contains("BPF_USDT_MAX_SPEC_CNT"), "{error:#}");
    good(links.swap_remove(4).detach());
    links.truncate(1);
    a_moment();
    good(links.remove(0).detach());
    a_moment();
    arguments_are_told(&object, &mut running, &kinds);
}

#[test]
fn a_pinned_link_keeps_what_it_told() {
    let Some(gate) = Gate::root() else { return };
    let Some(object) = usual() else { return };
    let Some(mut running) = Running::new(true) else { return };
    let program = probe(&object, "on_mark");
    let link = good(program.attach_usdt(&running.own("kinds").cookie(5)));
    if !gate.part_needs("links of perf events", "5.15", link.info().is_ok()) {
        return;
    }
    let bpffs = Bpffs::new();
    good(link.pin(bpffs.join("mark")));
    drop(link);
    let _other = good(program.attach_usdt(&running.own("plain").cookie(6)));
    running.come_by();
    assert_eq!(number(&object, "hits"), 2);
    let told = object.map("__bpf_usdt_specs").unwrap().lookup(&0_u32.to_ne_bytes()).unwrap();
    assert!(told.unwrap().windows(8).any(|word| word == 5_u64.to_ne_bytes()), "cookie 5 is there");
    std::fs::remove_file(bpffs.join("mark")).unwrap();
}

#[test]
fn a_section_names_its_mark() {
    let Some(gate) = Gate::root() else { return };
    let Some(bytes) = Fixture::new("usdt").define("RAW_COOKIE").bytes() else { return };
    let mut spec = osmia::open("usdt", bytes).unwrap();
    let Some(mut running) = Running::new(true) else { return };
    let plain = spec.programs.get_mut("on_plain").unwrap();
    plain.autoload = true;
    plain.attach_target = Some(format!("{}:osmia:plain", running.marks.path().display()));
    let loaded = Object::load(&spec, &Kernel::running().unwrap());
    let refused = |error: &Error| error.kind() == ErrorKind::Verifier;
    let Some(object) = gate.take("attach cookies", "5.15", loaded, refused) else { return };
    let links = good(object.attach());
    assert_eq!(links.iter().map(|(name, _)| name).collect::<Vec<_>>(), ["on_plain"]);
    running.come_by();
    assert_eq!(number(&object, "hits"), 1);
    drop(links);
    a_moment();
    // It does without the header's maps.
    let anywhere = running.mark("plain").cookie(1 << 40);
    let link = good(probe(&object, "on_plain").attach_usdt(&anywhere));
    running.come_by();
    assert_eq!((number(&object, "hits"), number(&object, "user_cookie")), (2, 1 << 40));
    let told = object.map("__bpf_usdt_specs").unwrap().lookup(&0_u32.to_ne_bytes()).unwrap();
    assert!(told.unwrap().iter().all(|byte| *byte == 0));
    drop(link);
    let error = object.program("on_mark").unwrap().attach().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Invalid, "{error:?}");
}

/// A program that others have made, with semaphores of its own.
#[test]
fn python_tells_what_it_imports() {
    let Some(_gate) = Gate::root() else { return };
    let Some(object) = usual() else { return };
    let script = "input()\nimport colorsys\nprint()";
    let mut command = Command::new(PYTHON);
    let command = command.args(["-c", script]).stdin(Stdio::piped()).stdout(Stdio::piped());
    let Ok(mut child) = command.spawn() else {
        return skip::part("there is no Python");
    };
    let mark = Usdt::new(PYTHON, "python", "import__find__load__done");
    let link = probe(&object, "on_import").attach_usdt(&mark.process(child.id()));
    child.stdin.take().unwrap().write_all(b"\n").unwrap();
    assert!(child.wait().unwrap().success());
    let link = match link {
        Err(error) if error.kind() == ErrorKind::NotFound => {
            return skip::part(format_args!("Python has no marks here: {error:#}"));
        }
        link => good(link),
    };
    let imported = object.variable("imported").unwrap().read().unwrap();
    assert_eq!(&imported[..9], b"colorsys\0");
    assert_eq!(number(&object, "was_found"), 1);
    drop(link);
}

#[test]
fn a_program_for_marks_runs_at_a_function_too() {
    let Some(_gate) = Gate::root() else { return };
    let Some(object) = usual() else { return };
    let place = Uprobe::function(own_libc::file(), "readlink").process(std::process::id());
    let call = || drop(std::fs::read_link("/osmia/no/such"));
    let link = good(probe(&object, "on_mark").attach_uprobe(&place));
    call();
    assert_eq!(number(&object, "hits"), 1);
    // Nobody has told it of arguments: ENOENT, or ESRCH where it knows marks by their addresses.
    assert!(matches!(number(&object, "last_error"), -2 | -3), "{}", number(&object, "last_error"));
    good(link.detach());
    a_moment();
    call();
    assert_eq!(number(&object, "hits"), 1);
}

#[test]
fn what_is_wrong_is_named() {
    let Some(_gate) = Gate::root() else { return };
    let Some(object) = usual() else { return };
    let Some(running) = Running::new(true) else { return };
    let program = probe(&object, "on_mark");
    let refused = |mark: &Usdt, kind: ErrorKind, words: &[&str]| {
        let error = program.attach_usdt(mark).unwrap_err();
        assert_eq!(error.kind(), kind, "{error:?}");
        let text = format!("{error:#}");
        assert!(words.iter().all(|word| text.contains(word)), "{text}");
    };
    refused(
        &running.mark("kind"),
        ErrorKind::NotFound,
        &["no mark `osmia:kind`", "did you mean `osmia:kinds`?", "osmia:twice"],
    );
    let other = Usdt::new(running.marks.path(), "osmai", "kinds");
    refused(&other, ErrorKind::NotFound, &["did you mean `osmia:kinds`?"]);
    let this = Usdt::new("/proc/self/exe", "osmia", "kinds");
    refused(&this, ErrorKind::NotFound, &["no marks", ".note.stapsdt"]);
    let absent = Usdt::new("/no/such", "osmia", "kinds");
    refused(&absent, ErrorKind::NotFound, &["/no/such"]);
    refused(&Usdt::new("/dev/null", "a", "b"), ErrorKind::Malformed, &["64-bit ELF"]);
    let strange = running.mark("strange");
    refused(&strange, ErrorKind::Invalid, &["`osmia:strange`", "8f@", "floating-point"]);
    let gone = running.mark("plain").process(u32::MAX >> 1);
    refused(&gone, ErrorKind::NotFound, &["no such process"]);
}
