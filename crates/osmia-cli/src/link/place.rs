//! What a link is attached to, by its type.

use std::collections::HashMap;

use osmia_abi::{
    AttachType, CgroupIterOrder, LinkInfoCgroup, LinkInfoIter, LinkInfoKprobeMulti,
    LinkInfoNetfilter, LinkInfoNetkit, LinkInfoNetns, LinkInfoPerfEvent, LinkInfoSockmap,
    LinkInfoStructOps, LinkInfoTcx, LinkInfoTracing, LinkInfoTracingMulti, LinkInfoUprobeMulti,
    LinkInfoXdp, LinkType, PerfEventType,
};
use osmia_sys::{Bpf, Errno, LinkInfoBufs};
use serde_json::{Map, Value, json};

use crate::select::links::OpenLink;
use crate::select::text;
use crate::symbols::{Symbol, Symbols};
use crate::{cgroup_path, interface};

/// The longest name that is asked for: a path.
const LONGEST: usize = 4097;
/// `BPF_F_KPROBE_MULTI_RETURN` and `BPF_F_UPROBE_MULTI_RETURN`.
const RETURN: u32 = 1;

/// The bytes of an instruction that marks the target of a jump (`endbr64`, `bti`).
const MARK: u64 = 4;

/// What a link is attached to.
#[derive(Debug, Default)]
pub struct Place {
    /// Under the names that bpftool has in its JSON.
    pub fields: Map<String, Value>,
    /// In a few words.
    pub text: String,
}

/// What a link is attached to; names and lists are asked for as the type has them.
///
/// # Errors
/// The kernel's.
pub fn of(bpf: &Bpf, link: &OpenLink, symbols: &mut Option<Symbols>) -> Result<Place, Errno> {
    let info = &link.info;
    let place = match info.type_ {
        LinkType::RAW_TRACEPOINT => {
            let (_, name) = named(bpf, link)?;
            Place { text: name.clone(), fields: object(json!({ "tp_name": name })) }
        }
        LinkType::TRACING => info.tail_as().map(|tail| tracing(&tail)).unwrap_or_default(),
        LinkType::CGROUP => info.tail_as().map(|tail| cgroup(&tail)).unwrap_or_default(),
        LinkType::ITER => iteration(bpf, link)?,
        LinkType::NETNS => info.tail_as().map(netns).unwrap_or_default(),
        LinkType::XDP => {
            let index = info.tail_as().map_or(0, |tail: LinkInfoXdp| tail.ifindex);
            on_interface(index, None)
        }
        LinkType::TCX => {
            let tail: LinkInfoTcx = info.tail_as().unwrap_or_default();
            on_interface(tail.ifindex, Some(tail.attach_type))
        }
        LinkType::NETKIT => {
            let tail: LinkInfoNetkit = info.tail_as().unwrap_or_default();
            on_interface(tail.ifindex, Some(tail.attach_type))
        }
        LinkType::NETFILTER => info.tail_as().map(|tail| netfilter(&tail)).unwrap_or_default(),
        LinkType::STRUCT_OPS => {
            let tail: LinkInfoStructOps = info.tail_as().unwrap_or_default();
            let text = format!("map {}", tail.map_id);
            Place { text, fields: object(json!({ "map_id": tail.map_id })) }
        }
        LinkType::SOCKMAP => {
            let tail: LinkInfoSockmap = info.tail_as().unwrap_or_default();
            let fields =
                json!({ "map_id": tail.map_id, "attach_type": attach_type(tail.attach_type) });
            let text = format!("map {} {}", tail.map_id, attach_text(tail.attach_type));
            Place { text, fields: object(fields) }
        }
        LinkType::PERF_EVENT => perf_event(bpf, link)?,
        LinkType::KPROBE_MULTI => kprobe_multi(bpf, link, symbols)?,
        LinkType::TRACING_MULTI => tracing_multi(bpf, link, symbols)?,
        LinkType::UPROBE_MULTI => uprobe_multi(bpf, link)?,
        _ => Place::default(),
    };
    Ok(place)
}

fn object(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(fields) => fields,
        _ => Map::new(),
    }
}

/// The info with the name that it points to.
fn named(bpf: &Bpf, link: &OpenLink) -> Result<(osmia_abi::BpfLinkInfo, String), Errno> {
    let mut name = vec![0; LONGEST];
    let mut bufs = LinkInfoBufs { name: &mut name, ..LinkInfoBufs::default() };
    let info = bpf.link_info_with(&link.fd, &mut bufs)?;
    Ok((info, text(&name)))
}

/// An attach type by its name, or its number.
fn attach_type(ty: AttachType) -> Value {
    ty.name().map_or_else(|| ty.0.into(), Into::into)
}

fn attach_text(ty: AttachType) -> String {
    ty.name().map_or_else(|| ty.0.to_string(), str::to_owned)
}

fn tracing(tail: &LinkInfoTracing) -> Place {
    let mut fields = object(json!({ "attach_type": attach_type(tail.attach_type) }));
    let mut text = attach_text(tail.attach_type);
    if tail.target_obj_id != 0 {
        fields.extend(object(json!({
            "target_obj_id": tail.target_obj_id,
            "target_btf_id": tail.target_btf_id,
        })));
        text = format!("{text} type {} of BTF {}", tail.target_btf_id, tail.target_obj_id);
    }
    if tail.cookie != 0 {
        fields.insert("cookie".into(), tail.cookie.into());
    }
    Place { fields, text }
}

fn cgroup(tail: &LinkInfoCgroup) -> Place {
    let path = cgroup_path::of_id(tail.cgroup_id).map(|path| path.display().to_string());
    let shown = path.clone().unwrap_or_else(|| format!("cgroup {}", tail.cgroup_id));
    let text = format!("{shown} {}", attach_text(tail.attach_type));
    let mut fields = object(json!({
        "cgroup_id": tail.cgroup_id,
        "attach_type": attach_type(tail.attach_type),
    }));
    fields.extend(path.map(|path| ("cgroup_path".to_owned(), path.into())));
    Place { fields, text }
}

fn netns(tail: LinkInfoNetns) -> Place {
    let fields =
        json!({ "netns_ino": tail.netns_ino, "attach_type": attach_type(tail.attach_type) });
    let text = format!("netns {} {}", tail.netns_ino, attach_text(tail.attach_type));
    Place { fields: object(fields), text }
}

fn on_interface(index: u32, ty: Option<AttachType>) -> Place {
    let name = match index {
        0 => "(detached)".to_owned(),
        index => interface::name(index).unwrap_or_else(|| "(unknown)".to_owned()),
    };
    let mut fields = object(json!({ "devname": name, "ifindex": index }));
    let mut text = if name == "(unknown)" { format!("interface {index}") } else { name };
    if let Some(ty) = ty {
        fields.insert("attach_type".into(), attach_type(ty));
        text = format!("{text} {}", attach_text(ty));
    }
    Place { fields, text }
}

fn netfilter(tail: &LinkInfoNetfilter) -> Place {
    let family = match tail.pf {
        1 => Some("inet"),
        2 => Some("ip"),
        3 => Some("arp"),
        5 => Some("netdev"),
        7 => Some("bridge"),
        10 => Some("ip6"),
        _ => None,
    };
    let hooks = ["prerouting", "input", "forward", "output", "postrouting"];
    let hook = matches!(tail.pf, 2 | 10).then(|| hooks.get(tail.hooknum as usize)).flatten();
    let named = |name: Option<&str>, number: u32| name.map_or_else(|| number.into(), Value::from);
    let mut fields = object(json!({
        "pf": named(family, tail.pf),
        "hook": named(hook.copied(), tail.hooknum),
        "prio": tail.priority,
    }));
    if tail.flags != 0 {
        fields.insert("flags".into(), tail.flags.into());
    }
    let word =
        |name: Option<&str>, number: u32| name.map_or_else(|| number.to_string(), str::to_owned);
    let (family, hook) = (word(family, tail.pf), word(hook.copied(), tail.hooknum));
    Place { fields, text: format!("{family} {hook} priority {}", tail.priority) }
}

fn iteration(bpf: &Bpf, link: &OpenLink) -> Result<Place, Errno> {
    let (info, name) = named(bpf, link)?;
    let tail: LinkInfoIter = info.tail_as().unwrap_or_default();
    let mut fields = object(json!({ "target_name": name }));
    let mut text = name.clone();
    if matches!(name.as_str(), "bpf_map_elem" | "bpf_sk_storage_map" | "sockmap") {
        fields.insert("map_id".into(), tail.map_id.into());
        text = format!("{text} map {}", tail.map_id);
    }
    if let Some(task) = tail.task().filter(|_| name.starts_with("task")) {
        for (key, id) in [("tid", task.tid), ("pid", task.pid)] {
            if id != 0 {
                fields.insert(key.into(), id.into());
                text = format!("{text} {key} {id}");
            }
        }
    }
    if let Some(cgroup) = tail.cgroup().filter(|_| name == "cgroup") {
        let order = match cgroup.order {
            CgroupIterOrder::SELF_ONLY => "self_only",
            CgroupIterOrder::DESCENDANTS_PRE => "pre",
            CgroupIterOrder::DESCENDANTS_POST => "post",
            CgroupIterOrder::ANCESTORS_UP => "ancestors_up",
            other => other.name().unwrap_or("unknown"),
        };
        fields.insert("cgroup_id".into(), cgroup.cgroup_id.into());
        fields.insert("order".into(), order.into());
        let path = cgroup_path::of_id(cgroup.cgroup_id).map(|path| path.display().to_string());
        text = format!("{text} {} {order}", path.unwrap_or_default());
    }
    Ok(Place { fields, text })
}

fn perf_event(bpf: &Bpf, link: &OpenLink) -> Result<Place, Errno> {
    let (info, name) = match named(bpf, link) {
        // Kernels before 6.6 tell nothing of them.
        Err(Errno::INVAL) => return Ok(Place::default()),
        told => told?,
    };
    let tail: LinkInfoPerfEvent = info.tail_as().unwrap_or_default();
    let returns = matches!(tail.type_, PerfEventType::KRETPROBE | PerfEventType::URETPROBE);
    let (mut fields, mut text, cookie) = match tail.type_ {
        PerfEventType::KPROBE | PerfEventType::KRETPROBE => {
            let probe = tail.kprobe().unwrap_or_default();
            let fields = json!({
                "retprobe": returns,
                "addr": probe.addr,
                "func": name,
                "offset": probe.offset,
                "missed": probe.missed,
            });
            let what = if returns { "kretprobe" } else { "kprobe" };
            (fields, format!("{what} {name}{}", behind(probe.offset)), probe.cookie)
        }
        PerfEventType::UPROBE | PerfEventType::URETPROBE => {
            let probe = tail.uprobe().unwrap_or_default();
            let what = if returns { "uretprobe" } else { "uprobe" };
            let fields = json!({ "retprobe": returns, "file": name, "offset": probe.offset });
            (fields, format!("{what} {name}{}", behind(probe.offset)), probe.cookie)
        }
        PerfEventType::TRACEPOINT => {
            let cookie = tail.tracepoint().unwrap_or_default().cookie;
            (json!({ "tracepoint": name }), format!("tracepoint {name}"), cookie)
        }
        PerfEventType::EVENT => {
            let event = tail.event().unwrap_or_default();
            let fields = json!({ "event_type": event.type_, "event_config": event.config });
            (fields, format!("event type {} config {:#x}", event.type_, event.config), event.cookie)
        }
        _ => (json!({}), String::new(), 0),
    };
    if let (true, Some(fields)) = (cookie != 0, fields.as_object_mut()) {
        fields.insert("cookie".into(), cookie.into());
        text = format!("{text} cookie {cookie}");
    }
    Ok(Place { fields: object(fields), text })
}

fn behind(offset: u32) -> String {
    if offset == 0 { String::new() } else { format!("+{offset:#x}") }
}

fn kprobe_multi(bpf: &Bpf, link: &OpenLink, symbols: &mut Option<Symbols>) -> Result<Place, Errno> {
    let plain: LinkInfoKprobeMulti = link.info.tail_as().unwrap_or_default();
    let returns = plain.flags & RETURN != 0;
    let mut addrs = vec![0; plain.count as usize];
    let mut cookies = vec![0; plain.count as usize];
    let mut bufs =
        LinkInfoBufs { addrs: &mut addrs, cookies: &mut cookies, ..LinkInfoBufs::default() };
    bpf.link_info_with(&link.fd, &mut bufs)?;
    let functions = functions(&addrs, &cookies, symbols);
    let what = if returns { "kretprobe" } else { "kprobe" };
    let text = format!("{what} on {} functions", plain.count);
    let fields = json!({
        "retprobe": returns,
        "func_cnt": plain.count,
        "missed": plain.missed,
        "funcs": functions,
    });
    Ok(Place { fields: object(fields), text })
}

/// Functions with their cookies.
fn functions(addrs: &[u64], cookies: &[u64], symbols: &mut Option<Symbols>) -> Vec<Value> {
    let symbols = symbols.get_or_insert_with(Symbols::read);
    // Some kernels tell where they call the tracer, which is behind the mark of a jump's target.
    let starts = |addr: &u64| [*addr, addr.saturating_sub(MARK)];
    let known: HashMap<u64, Symbol> = symbols.at(addrs.iter().flat_map(starts));
    let function = |(addr, cookie): (&u64, &u64)| {
        let symbol = starts(addr).iter().find_map(|start| known.get(start));
        json!({
            "addr": addr,
            "func": symbol.map_or("", |symbol| &symbol.name),
            "module": symbol.and_then(|symbol| symbol.module.as_deref()),
            "cookie": cookie,
        })
    };
    addrs.iter().zip(cookies).map(function).collect()
}

fn tracing_multi(
    bpf: &Bpf,
    link: &OpenLink,
    symbols: &mut Option<Symbols>,
) -> Result<Place, Errno> {
    let plain: LinkInfoTracingMulti = link.info.tail_as().unwrap_or_default();
    let count = plain.count as usize;
    let (mut addrs, mut ids, mut cookies) = (vec![0; count], vec![0; count], vec![0; count]);
    let mut bufs = LinkInfoBufs {
        addrs: &mut addrs,
        ids: &mut ids,
        cookies: &mut cookies,
        ..LinkInfoBufs::default()
    };
    bpf.link_info_with(&link.fd, &mut bufs)?;
    let mut functions = functions(&addrs, &cookies, symbols);
    for (function, id) in functions.iter_mut().zip(ids) {
        if let Value::Object(fields) = function {
            fields.insert("btf_id".to_owned(), id.into());
        }
    }
    let text = format!("{} on {count} functions", attach_text(plain.attach_type));
    let fields = json!({
        "attach_type": attach_type(plain.attach_type),
        "target_obj_id": plain.btf_obj_id,
        "func_cnt": count,
        "funcs": functions,
    });
    Ok(Place { fields: object(fields), text })
}

fn uprobe_multi(bpf: &Bpf, link: &OpenLink) -> Result<Place, Errno> {
    let plain: LinkInfoUprobeMulti = link.info.tail_as().unwrap_or_default();
    let returns = plain.flags & RETURN != 0;
    let count = plain.count as usize;
    let (mut name, mut offsets) = (vec![0; LONGEST], vec![0; count]);
    let (mut semaphores, mut cookies) = (vec![0; count], vec![0; count]);
    let mut bufs = LinkInfoBufs {
        name: &mut name,
        offsets: &mut offsets,
        ref_ctr_offsets: &mut semaphores,
        cookies: &mut cookies,
        ..LinkInfoBufs::default()
    };
    bpf.link_info_with(&link.fd, &mut bufs)?;
    let functions: Vec<Value> = offsets
        .iter()
        .zip(&semaphores)
        .zip(&cookies)
        .map(|((offset, semaphore), cookie)| {
            json!({ "offset": offset, "ref_ctr_offset": semaphore, "cookie": cookie })
        })
        .collect();
    let (path, what) = (text(&name), if returns { "uretprobe" } else { "uprobe" });
    let fields = json!({
        "retprobe": returns,
        "path": path,
        "func_cnt": plain.count,
        "pid": plain.pid,
        "funcs": functions,
    });
    Ok(Place { fields: object(fields), text: format!("{what} {path} at {count} places") })
}
