//! What must not be left behind, and what must go on, when processes are killed, interfaces vanish and CPUs go offline; needs
//! root.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

use std::collections::BTreeSet;
use std::fmt::Debug;
use std::io::{BufRead as _, BufReader, Write as _};
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};
use std::{env, fs, thread};

use osmia::zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout};
use osmia::{
    Cgroup, CgroupProgram, Error, ErrorKind, Kernel, Kprobe, KprobeMulti, Leftover, Link,
    LinkDetails, Map, Object, PerfEvent, PerfEventArray, PerfEventProgram, ProbeProgram, Program,
    RingBuf, Tc, TcFilter, TcProgram, TestRun, Uprobe, XdpMode, XdpProgram,
};
use osmia_testkit::alloc::{Counting, peak};
use osmia_testkit::cpu::on_cpu;
use osmia_testkit::fixture::{self, Fixture};
use osmia_testkit::gate::{Gate, not_built_in};
use osmia_testkit::guard::bpffs::Bpffs;
use osmia_testkit::guard::cgroup::Cgroup as OwnCgroup;
use osmia_testkit::guard::mounts::TRACEFS;
use osmia_testkit::guard::netns::NetNs;
use osmia_testkit::guard::veth::Veth;
use osmia_testkit::{own_libc, skip};

/// Tells a test that it is the other process of itself, and with what.
const OTHER: &str = "OSMIA_OTHER";
/// What is asked for is counted.
#[global_allocator]
static ALLOCATOR: Counting = Counting;

const LONG: Duration = Duration::from_secs(20);

fn good<T>(outcome: Result<T, Error>) -> T {
    outcome.unwrap_or_else(|error| panic!("{error:?}"))
}

fn load(stem: &str) -> Option<Object> {
    let bytes = match stem {
        "hooks" => Fixture::new("hooks").bytes(),
        "perf" => Fixture::new("perf").bytes(),
        "link_events" => Fixture::new("link_events").bytes(),
        "link_probes" => Fixture::new("link_probes").bytes(),
        _ => Fixture::new("rings").bytes(),
    };
    let mut spec = good(osmia::open(stem, bytes?));
    if stem == "hooks" {
        // Older kernels have not all of them, and they are not asked for.
        spec.programs.retain(|name, _| name.ends_with("_pass") || name == "plain_exec");
    }
    Some(good(Object::load(&spec, &good(Kernel::running()))))
}

fn typed<T: TryFrom<Program, Error = Error> + Debug>(object: &Object, name: &str) -> T {
    good(T::try_from(good(object.program(name)).clone()))
}

/// Starts this test once more as another process.
fn other(test: &str, with: &str) -> Child {
    let mut command = Command::new(env::current_exe().unwrap());
    command.args(["--exact", test, "--nocapture", "--test-threads", "1"]).env(OTHER, with);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap()
}

/// Waits for a line that begins so, and returns what follows.
fn hear(lines: &mut impl Iterator<Item = std::io::Result<String>>, start: &str) -> String {
    let mut lines = lines.map_while(Result::ok);
    let found = lines.find_map(|line| Some(line.split_once(start)?.1.trim().to_owned()));
    found.unwrap_or_else(|| panic!("the other process did not say {start}"))
}

/// Says something to the process that started this one, and waits to be told to go on, or for ever.
fn say_and_wait(text: &str) {
    println!("\n{text}");
    let mut line = String::new();
    std::io::stdin().read_line(&mut line).unwrap();
}

/// A link of each kind that is to be had on this kernel.
fn some_links(objects: &[Object], cgroup: &str, ifindex: u32, gate: &Gate) -> Vec<Link> {
    let [hooks, events, probes] = objects else { panic!("there are three") };
    let mut links = vec![
        good(typed::<XdpProgram>(hooks, "xdp_pass").attach(ifindex, XdpMode::Generic)),
        good(good(hooks.program("plain_exec")).attach()),
        good(typed::<CgroupProgram>(hooks, "cgroup_pass").attach(&Cgroup::new(cgroup))),
    ];
    // Before 6.6 there is no link for it, and what is attached without one is the kernel's to keep.
    if gate.release() >= "6.6".parse().unwrap() {
        links.push(good(typed::<TcProgram>(hooks, "tc_pass").attach(&Tc::ingress(ifindex))));
    }
    let clock = PerfEvent::cpu_clock().frequency(9);
    links.extend(good(typed::<PerfEventProgram>(events, "on_event").attach_to_all_cpus(&clock)));
    let program = typed::<ProbeProgram>(probes, "on_uprobe");
    let place = Uprobe::function(own_libc::file(), "readlink");
    if not_built_in("uprobes", "uprobe_register").is_none() {
        links.push(good(program.attach_uprobe(&place)));
    }
    if not_built_in("kprobes", "register_kprobe").is_none() {
        let place = Kprobe::function("do_sys_openat2");
        links.push(good(typed::<ProbeProgram>(probes, "on_kprobe").attach_kprobe(&place)));
    }
    links
}

fn objects() -> Option<[Object; 3]> {
    Some([load("hooks")?, load("link_events")?, load("link_probes")?])
}

/// The ids of all programs and links that are left of these.
fn left(programs: &BTreeSet<u32>, links: &BTreeSet<u32>) -> (Vec<u32>, Vec<u32>) {
    let kernel = good(Kernel::running());
    let ids = Program::all(&kernel).map(|program| good(good(program).info()).id);
    let programs = ids.filter(|id| programs.contains(id)).collect();
    let ids = Link::all(&kernel).map(|link| good(good(link).info()).id());
    (programs, ids.filter(|id| links.contains(id)).collect())
}

/// Nothing of these is left, now or soon: the kernel lets some things go after a grace period.
fn are_gone(programs: &BTreeSet<u32>, links: &BTreeSet<u32>) {
    let began = Instant::now();
    loop {
        let left = left(programs, links);
        if left == (Vec::new(), Vec::new()) {
            return;
        }
        assert!(began.elapsed() < LONG, "programs and links are left: {left:?}");
        thread::sleep(Duration::from_millis(20));
    }
}

fn numbers(text: &str) -> BTreeSet<u32> {
    text.split_whitespace().map(|word| word.parse().unwrap()).collect()
}

fn words(numbers: impl IntoIterator<Item = u32>) -> String {
    numbers.into_iter().map(|number| number.to_string()).collect::<Vec<_>>().join(" ")
}

fn ids_of(objects: &[Object]) -> BTreeSet<u32> {
    let programs = objects.iter().flat_map(Object::programs).filter(|program| program.is_loaded());
    programs.map(|program| good(program.info()).id).collect()
}

fn links_of(links: &[Link]) -> BTreeSet<u32> {
    links.iter().filter_map(|link| Some(link.info().ok()?.id())).collect()
}

#[test]
fn a_killed_process_leaves_nothing_attached() {
    let Some(gate) = Gate::root() else { return };
    if let Ok(place) = env::var(OTHER) {
        let (cgroup, index) = place.split_once(' ').unwrap();
        let objects = objects().unwrap();
        let links = some_links(&objects, cgroup, index.parse().unwrap(), &gate);
        println!("\nprograms: {}\nlinks: {}", words(ids_of(&objects)), words(links_of(&links)));
        say_and_wait(&format!("attached: {}", links.len()));
        unreachable!("it is killed");
    }
    if objects().is_none() {
        return;
    }
    let Some(veth) = Veth::new() else { return };
    let cgroup = OwnCgroup::new();
    let with = format!("{} {}", cgroup.path().display(), veth.near_index());
    let mut child = veth.near.enter(|| other("a_killed_process_leaves_nothing_attached", &with));
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let programs = numbers(&hear(&mut lines, "programs: "));
    let links = numbers(&hear(&mut lines, "links: "));
    let attached: usize = hear(&mut lines, "attached: ").parse().unwrap();
    assert!(attached >= 5 && links.len() >= 2, "{attached} attached, links {links:?}");
    let (alive, linked) = left(&programs, &links);
    assert_eq!((alive.len(), linked.len()), (programs.len(), links.len()));
    // SIGKILL: it has no chance to clean up.
    child.kill().unwrap();
    child.wait().unwrap();
    are_gone(&programs, &links);
    // Its places are free.
    let objects = objects().unwrap();
    let path = cgroup.path().to_str().unwrap();
    let again = veth.near.enter(|| some_links(&objects, path, veth.near_index(), &gate));
    assert_eq!(again.len(), attached);
}

/// A kernel in which no source of perf events is found for probes, as on those before 4.17.
fn without_sources(root: &Path) -> Kernel {
    symlink("/proc", root.join("proc")).unwrap();
    fs::create_dir(root.join("sys")).unwrap();
    symlink("/sys/kernel", root.join("sys/kernel")).unwrap();
    good(Kernel::builder().root(root).build())
}

/// What the kernel keeps of a process: a classifier, and a probe where there are kprobes.
fn kept_links(index: u32) -> Vec<Link> {
    let root = tempfile::tempdir().unwrap();
    let hooks = load("hooks").unwrap();
    let place = TcFilter::ingress(index).priority(77).handle(5);
    let mut links = vec![good(typed::<TcProgram>(&hooks, "tc_pass").attach_filter(&place))];
    if not_built_in("kprobes", "register_kprobe").is_none() {
        TRACEFS.ensure().unwrap();
        let bytes = Fixture::new("link_probes").bytes().unwrap();
        let spec = good(osmia::open("link_probes", bytes));
        let probes = good(Object::load(&spec, &without_sources(root.path())));
        let program = typed::<ProbeProgram>(&probes, "on_kprobe");
        links.push(good(program.attach_kprobe(&Kprobe::function("do_sys_openat2"))));
    }
    links
}

/// What this process has left, as the kernel tells it in the namespace.
fn left_by(process: u32, netns: &NetNs) -> Vec<Leftover> {
    let all = netns.enter(|| good(good(Kernel::running()).leftovers()));
    all.into_iter().filter(|leftover| leftover.process() == process).collect()
}

#[test]
fn what_the_kernel_keeps_of_a_killed_process_is_found_and_removed() {
    let Some(_gate) = Gate::root() else { return };
    if let Ok(index) = env::var(OTHER) {
        let links = kept_links(index.parse().unwrap());
        say_and_wait(&format!("attached: {}", links.len()));
        unreachable!("it is killed");
    }
    let Some(hooks) = load("hooks") else { return };
    if Fixture::new("link_probes").bytes().is_none() {
        return;
    }
    let Some(veth) = Veth::new() else { return };
    let test = "what_the_kernel_keeps_of_a_killed_process_is_found_and_removed";
    let mut child = veth.near.enter(|| other(test, &veth.near_index().to_string()));
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let attached: usize = hear(&mut lines, "attached: ").parse().unwrap();
    let process = child.id();
    assert!(left_by(process, &veth.near).is_empty(), "its owner lives");
    child.kill().unwrap();
    child.wait().unwrap();

    let left = left_by(process, &veth.near);
    let told: Vec<String> = left.iter().map(ToString::to_string).collect();
    assert_eq!(left.len(), attached, "{told:?}");
    assert!(told[0].contains("program `tc_pass` on ingress of interface near"), "{told:?}");
    assert_eq!(left[0].remedy(), "tc filter del dev near ingress prio 77 handle 0x5 bpf");
    if attached == 2 {
        assert!(told[1].contains(" of do_sys_openat2"), "{told:?}");
        assert!(left[1].remedy().starts_with("echo -:osmia/probe_"), "{}", left[1].remedy());
        assert_eq!(in_tracefs(), 1);
    }
    // Whoever wants its place is told who has it.
    let place = TcFilter::ingress(veth.near_index()).priority(77).handle(5);
    let program = typed::<TcProgram>(&hooks, "tc_pass");
    let error = veth.near.enter(|| program.attach_filter(&place)).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Exists, "{error:?}");
    let text = format!("{error:#}");
    assert!(text.contains(&format!("which process {process} has left")), "{text}");

    // Some kernels let a perf event go a moment after its last descriptor.
    let began = Instant::now();
    let mut left = left;
    while !left.is_empty() {
        let removed = veth
            .near
            .enter(|| left.into_iter().map(Leftover::remove).collect::<Result<Vec<()>, Error>>());
        assert!(removed.is_ok() || began.elapsed() < LONG, "{removed:?}");
        left = left_by(process, &veth.near);
    }
    assert_eq!(in_tracefs(), 0);
    good(good(veth.near.enter(|| program.attach_filter(&place))).detach());
}

/// The events of ours that tracefs lists.
fn in_tracefs() -> usize {
    let tracefs = TRACEFS.ensure().unwrap();
    let lists = ["kprobe_events", "uprobe_events"].map(|list| tracefs.join(list));
    let lines = |path| fs::read_to_string(path).unwrap_or_default();
    lists
        .map(|path| lines(path).lines().filter(|line| line.contains(":osmia/")).count())
        .iter()
        .sum()
}

#[test]
fn a_hundred_links_of_many_kinds_leave_nothing() {
    let Some(gate) = Gate::root() else { return };
    let Some(objects) = objects() else { return };
    let Some(veth) = Veth::new() else { return };
    let descriptors = || fs::read_dir("/proc/self/fd").unwrap().count();
    let cgroup = OwnCgroup::new();
    let before = descriptors();
    let (mut count, mut ids) = (0, BTreeSet::new());
    let attach = || {
        let path = cgroup.path().to_str().unwrap();
        veth.near.enter(|| some_links(&objects, path, veth.near_index(), &gate))
    };
    while count < 40 {
        let links = attach();
        count += links.len();
        ids.extend(links_of(&links));
        assert!(descriptors() > before);
        for link in links {
            good(link.detach());
        }
    }
    // Many of one kind at once.
    let (program, clock) =
        (typed::<PerfEventProgram>(&objects[1], "on_event"), PerfEvent::cpu_clock());
    let links: Vec<Link> = (0..60).map(|_| good(program.attach(&clock.frequency(9)))).collect();
    ids.extend(links_of(&links));
    drop(links);
    assert_eq!(descriptors(), before, "descriptors of links and perf events");
    assert_eq!(in_tracefs(), 0);
    are_gone(&BTreeSet::new(), &ids);
    assert!(gate.release() < "5.15".parse().unwrap() || ids.len() >= 100, "{}", ids.len());
}

#[test]
fn a_thousand_objects_leave_neither_memory_nor_descriptors() {
    let Some(_gate) = Gate::root() else { return };
    let Some(bytes) = Fixture::new("variables").bytes() else { return };
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("variables.o");
    fs::write(&file, bytes).unwrap();
    let kernel = good(Kernel::running());
    let descriptors = || fs::read_dir("/proc/self/fd").unwrap().count();
    let open = || drop(good(osmia::open_file(&file)));
    let load = || drop(good(Object::load(&good(osmia::open_file(&file)), &kernel)));

    let runs: [(&dyn Fn(), u32); 2] = [(&open, 1000), (&load, 50)];
    for (run, times) in runs {
        // The first fills what the kernel's value keeps.
        run();
        let before = descriptors();
        let ((), one) = peak(run);
        let ((), all) = peak(|| (0..times).for_each(|_| run()));
        assert_eq!(descriptors(), before, "after {times} objects");
        let more = all.saturating_sub(one);
        assert!(more < 8 * times as usize, "{more} bytes more for {times} objects than for one");
    }
}

#[test]
fn a_thousand_functions_are_attached_to_in_one_call() {
    let Some(gate) = Gate::root() else { return };
    if !gate.built_with("kprobe.multi", "register_fprobe_ips") {
        return;
    }
    let Some(bytes) = Fixture::new("link_probes").bytes() else { return };
    let mut spec = good(osmia::open("link_probes", bytes));
    spec.programs["on_multi"].autoload = true;
    let object = good(Object::load(&spec, &good(Kernel::running())));
    let list = TRACEFS.ensure().unwrap().join("available_filter_functions");
    let list = fs::read_to_string(list).unwrap();
    let kinds = [
        "__x64_sys_",
        "blk_",
        "cgroup_",
        "dev_",
        "inet_",
        "ip6",
        "ip_",
        "net",
        "sock_",
        "tcp_",
        "vfs_",
    ];
    let all = list.lines().filter_map(|line| line.split_whitespace().next());
    let some = all.filter(|name| kinds.iter().any(|kind| name.starts_with(kind)));
    let some: BTreeSet<&str> = some.collect();
    let some: Vec<&str> = some.into_iter().take(1000).collect();
    assert_eq!(some.len(), 1000);
    let unsupported = |error: &Error| matches!(error.kind(), ErrorKind::Unsupported { .. });
    let link =
        typed::<ProbeProgram>(&object, "on_multi").attach_kprobes(&KprobeMulti::functions(some));
    let Some(link) = gate.take("kprobe.multi", "5.18", link, unsupported) else { return };
    if let LinkDetails::Functions { addresses, .. } = good(link.details()) {
        assert!(addresses.len() >= 1000, "{}", addresses.len());
    } else {
        assert!(gate.release() < "6.6".parse().unwrap());
    }
    good(link.detach());
}

#[derive(Clone, Copy, Debug, FromBytes, IntoBytes, Immutable, KnownLayout)]
#[repr(C)]
struct Event {
    number: u64,
    mark: u32,
    tail: [u8; 4],
}

fn ring(map: &Map) -> RingBuf<Event> {
    good(map.clone().try_into())
}

fn run(object: &Object, program: &str, times: u32) {
    good(good(object.program(program)).test_run(&TestRun::data(&[0; 14]).repeat(times)));
}

fn value(object: &Object, name: &str) -> u64 {
    good(good(good(object.variable(name)).typed::<u64>()).get())
}

#[test]
fn two_processes_that_read_one_ring_are_told_of_each_other() {
    let Some(_gate) = Gate::root() else { return };
    if let Ok(pin) = env::var(OTHER) {
        let map = good(Map::from_pin(&good(Kernel::running()), pin));
        let mut reader = good(ring(&map).reader());
        let mut numbers = Vec::new();
        while let Some(event) = good(reader.next_timeout(Duration::from_millis(50))) {
            numbers.push(u32::try_from(event.number).unwrap());
        }
        reader.release();
        return say_and_wait(&format!("numbers: {}", words(numbers)));
    }
    let Some(object) = load("rings") else { return };
    let bpffs = Bpffs::new();
    let pin = bpffs.join("events");
    good(good(object.map("events")).pin(&pin));
    let mut reader = good(ring(good(object.map("events"))).reader());
    run(&object, "produce", 3);
    assert_eq!(good(reader.next()).unwrap().number, 1);
    // The other one gets what was not given back, and what comes then.
    let mut child =
        other("two_processes_that_read_one_ring_are_told_of_each_other", pin.to_str().unwrap());
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let theirs = numbers(&hear(&mut lines, "numbers: "));
    assert_eq!(theirs, BTreeSet::from([1, 2, 3]));
    run(&object, "produce", 2);
    // What this one knows of is passed over: the kernel may have written there anew.
    let mut told = None;
    let mut ours = Vec::new();
    loop {
        match reader.next() {
            Ok(Some(event)) => ours.push(event.number),
            Ok(None) => break,
            Err(error) => assert!(told.replace(error).is_none(), "it is told once"),
        }
    }
    let told = told.unwrap();
    assert_eq!(told.kind(), ErrorKind::Busy, "{told:?}");
    assert!(told.to_string().contains("another process reads it too"), "{told}");
    // Those from 2 on may have been borrowed before it was found out.
    assert!(ours.ends_with(&[4, 5]), "{ours:?}");
    child.stdin.take().unwrap().write_all(b"go\n").unwrap();
    assert!(child.wait().unwrap().success());
    // It goes on, around the ring several times.
    for _ in 0..500 {
        run(&object, "produce", 1);
        assert_eq!(good(reader.next()).unwrap().number, value(&object, "number"));
    }
    fs::remove_file(pin).unwrap();
}

#[test]
fn a_reader_goes_on_where_the_last_one_was_dropped() {
    let Some(_gate) = Gate::root() else { return };
    let Some(object) = load("rings") else { return };
    let map = good(object.map("events"));
    let mut next = 1;
    // Around the ring several times, and dropped in the middle of what is there each time.
    for round in 0..300 {
        run(&object, "produce", 3);
        let mut reader = good(ring(map).reader());
        for _ in 0..=round % 3 {
            let event = *good(reader.next()).unwrap();
            assert_eq!((event.number, event.mark), (next, 0x600d), "round {round}");
            next += 1;
        }
        drop(reader);
        if round % 3 == 2 {
            let mut reader = good(ring(map).reader());
            while let Some(event) = good(reader.next()) {
                assert_eq!(event.number, next);
                next += 1;
            }
            assert_eq!(reader.positions().available, 0);
        }
    }
    assert_eq!(value(&object, "dropped"), 0);

    // A perf reader's rings go with it, whatever is in them; programs are told, and the next one has its own.
    let Some(object) = load("perf") else { return };
    let array: PerfEventArray<[u8]> = good(good(object.map("events")).clone().try_into());
    for round in 0..20 {
        let before = value(&object, "dropped");
        let mut reader = good(array.reader());
        // Its ring wraps around within a sample.
        run(&object, "produce", 500);
        for _ in 0..=round {
            assert!(good(reader.next_bytes()).is_some());
        }
        drop(reader);
        assert_eq!(value(&object, "dropped"), before);
        run(&object, "produce", 2);
        assert_eq!(value(&object, "dropped"), before + 2);
        let nothing = good(good(good(object.variable("answer")).typed::<i64>()).get());
        assert_eq!(nothing, -2, "ENOENT");
    }
}

#[test]
fn maps_have_the_size_that_they_were_given_before_loading() {
    let Some(_gate) = Gate::root() else { return };
    let Some(bytes) = Fixture::new("rings").bytes() else { return };
    let kernel = good(Kernel::running());
    for (asked, size) in [(4096, 4096), (5000, 8192), (1 << 20, 1 << 20)] {
        let mut spec = good(osmia::open("rings", bytes.clone()));
        spec.maps["events"].max_entries = asked;
        let object = good(Object::load(&spec, &kernel));
        let mut reader = good(ring(good(object.map("events"))).reader());
        assert_eq!(reader.positions().size, size);
        // As many as fit, each in 24 bytes, and once more around.
        let fit = u32::try_from(size / 24).unwrap();
        for round in 0..3 {
            run(&object, "produce", fit + 10);
            let mut count = 0;
            good(reader.drain(|event| count += u32::from(event.mark == 0x600d)));
            assert_eq!(count, fit, "round {round} of a ring of {size}");
            reader.release();
        }
        assert_eq!(value(&object, "dropped"), 30);
    }
}

#[test]
fn an_interface_may_vanish_under_its_programs() {
    let Some(gate) = Gate::root() else { return };
    let Some(hooks) = load("hooks") else { return };
    let Some(veth) = Veth::new() else { return };
    let index = veth.near_index();
    let xdp = typed::<XdpProgram>(&hooks, "xdp_pass");
    let mut links = vec![veth.near.enter(|| good(xdp.attach(index, XdpMode::Generic)))];
    let tc = typed::<TcProgram>(&hooks, "tc_pass");
    links.push(veth.near.enter(|| good(tc.attach(&Tc::ingress(index)))));
    links.push(veth.near.enter(|| good(tc.attach(&Tc::egress(index)))));
    let ids = links_of(&links);
    let by_link = gate.release() >= "6.6".parse().unwrap();
    assert_eq!(ids.len(), if by_link { 3 } else { 1 });
    // With its namespace, in which nobody is, the interface goes.
    drop(veth);
    let began = Instant::now();
    for link in links.iter().filter(|link| link.info().is_ok()) {
        loop {
            match good(link.details()) {
                LinkDetails::Interface { index: 0, .. } => break,
                other => assert!(began.elapsed() < LONG, "{}: {other:?}", link.place()),
            }
            thread::sleep(Duration::from_millis(10));
        }
        let error = link.replace(good(hooks.program("xdp_pass"))).unwrap_err();
        assert!(!error.to_string().is_empty(), "{error:?}");
    }
    for link in links {
        // What is a setting of the interface went with it.
        let has_link = link.info().is_ok();
        let outcome = link.detach();
        assert!(outcome.is_ok() || !has_link, "{outcome:?}");
    }
    are_gone(&BTreeSet::new(), &ids);
}

/// Whether CPU 1 is on.
fn set_online(on: bool) {
    fs::write("/sys/devices/system/cpu/cpu1/online", if on { "1" } else { "0" }).unwrap();
}

/// Runs a program on a CPU.
fn run_on(object: &Object, cpu: usize, program: &str, times: u32) {
    on_cpu(cpu, || run(object, program, times));
}

#[test]
fn readers_live_through_a_cpu_that_goes_and_comes_back() {
    let Some(_gate) = Gate::root() else { return };
    // Nobody else's machine loses a CPU.
    if env::var_os(fixture::PACKED).is_none() {
        return skip::whole("a CPU goes offline in the machines of the kernel matrix only");
    }
    let (Some(perf), Some(rings)) = (load("perf"), load("rings")) else { return };
    let array: PerfEventArray<[u8]> = good(good(perf.map("events")).clone().try_into());
    let mut reader = good(array.reader());
    let mut ring = good(ring(good(rings.map("flood"))).reader());
    assert_eq!(reader.cpus().collect::<Vec<_>>(), [0, 1]);
    let drain = |reader: &mut osmia::PerfReader<[u8]>| {
        let mut count = 0;
        while good(reader.next_bytes_timeout(Duration::from_millis(100))).is_some() {
            count += 1;
        }
        count
    };
    for round in 0..3 {
        run_on(&perf, 1, "produce", 3);
        run_on(&rings, 1, "produce_flood", 3);
        set_online(false);
        // What was written there is not lost, and others go on.
        run_on(&perf, 0, "produce", 4);
        run_on(&rings, 0, "produce_flood", 4);
        assert_eq!(drain(&mut reader), 7, "round {round}");
        assert_eq!(good(ring.drain(|_| ())), 7, "round {round}");
        assert!(good(reader.follow_cpus()));
        assert_eq!(reader.cpus().collect::<Vec<_>>(), [0]);
        set_online(true);
        assert!(good(reader.follow_cpus()));
        assert_eq!(reader.cpus().collect::<Vec<_>>(), [0, 1]);
        run_on(&perf, 1, "produce", 5);
        run_on(&rings, 1, "produce_flood", 5);
        assert_eq!(drain(&mut reader), 5, "round {round}");
        assert_eq!(good(ring.drain(|_| ())), 5, "round {round}");
    }
    assert_eq!((value(&perf, "dropped"), good(reader.lost())), (0, 0));

    // A flood on the CPU goes on elsewhere when it goes, and every event of it is received or counted.
    let before = ["flood_sent", "flood_dropped"].map(|name| value(&rings, name));
    let received = thread::scope(|scope| {
        let flood = scope.spawn(|| run_on(&rings, 1, "produce_flood", 2_000_000));
        thread::sleep(Duration::from_millis(100));
        set_online(false);
        let mut received = 0;
        loop {
            let over = flood.is_finished();
            received += good(ring.drain(|_| ()));
            if over {
                set_online(true);
                return received;
            }
            good(ring.wait(Some(Duration::from_millis(10))));
        }
    });
    let [sent, dropped] = ["flood_sent", "flood_dropped"].map(|name| value(&rings, name));
    assert_eq!((sent - before[0], received), (2_000_000, sent - before[0] - (dropped - before[1])));
}
