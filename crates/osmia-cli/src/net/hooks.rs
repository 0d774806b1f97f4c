//! The places in a network namespace that run programs.

use std::fs::File;
use std::os::fd::AsFd as _;

use osmia_abi::{AttachType, LinkType};
use osmia_sys::{
    AttachTarget, Bpf, Errno, Interface, Netlink, TcAction, TcProgram, TcSide, XdpPrograms,
};
use serde_json::{Map, Value, json};

use crate::attached::{self, Attached, ProgramNames};
use crate::failure::Failure;
use crate::link::place;
use crate::select::links;
use crate::selector::refused;
use crate::token;

/// A program on an interface or in the namespace.
#[derive(Clone, Debug)]
pub struct Hook {
    /// The interface; none for what sees all packets of the namespace.
    pub device: Option<(u32, String)>,
    /// The place.
    pub point: Point,
    /// The program's id, where that is told.
    pub prog: Option<u32>,
    /// The program's name.
    pub name: String,
    /// The link that holds it there, where that is told.
    pub link: Option<u32>,
}

/// A place that runs programs.
#[derive(Clone, Debug)]
pub enum Point {
    /// XDP, by its mode: `driver`, `generic`, `offload`.
    Xdp(&'static str),
    /// `tcx/ingress` and the like: `netkit/primary`.
    Multi(&'static str),
    /// A classifier of tc.
    Classifier(TcProgram),
    /// A place of the namespace: `flow_dissector`, `sk_lookup`.
    Namespace(&'static str),
    /// A hook of netfilter, with its fields and in words.
    Netfilter(Map<String, Value>, String),
}

impl Point {
    /// In a few words.
    pub fn text(&self) -> String {
        match self {
            Self::Xdp(mode) => format!("xdp {mode}"),
            Self::Multi(name) | Self::Namespace(name) => (*name).to_owned(),
            Self::Classifier(found) => {
                let chain = match found.chain {
                    0 => String::new(),
                    chain => format!(" chain {chain}"),
                };
                let (priority, handle) = (found.priority, found.handle);
                let act = |action: &TcAction| {
                    let name = action.name.as_deref().unwrap_or_default();
                    format!(", then {name} ({})", action.id.unwrap_or_default())
                };
                let then: String = found.actions.iter().map(act).collect();
                format!("{}{chain} priority {priority} handle {handle:#x}{then}", kind(found))
            }
            Self::Netfilter(_, text) => format!("netfilter {text}"),
        }
    }
}

/// What a classifier hangs on, as bpftool calls it: `clsact/ingress`.
pub fn kind(found: &TcProgram) -> String {
    let side = match (found.side, found.discipline.as_str()) {
        (Some(TcSide::Ingress), _) => "/ingress",
        (Some(TcSide::Egress), _) => "/egress",
        (None, _) => "",
    };
    format!("{}{side}", found.discipline)
}

/// Looks at the places of the network namespace that this command is in.
pub struct Scan {
    bpf: Bpf,
    net: Netlink,
    names: ProgramNames,
}

impl Scan {
    /// Gets ready.
    ///
    /// # Errors
    /// There is no netlink.
    pub fn new() -> Result<Self, Failure> {
        let bpf = token::bpf()?;
        let net = Netlink::open().map_err(|errno| Failure::because("open netlink", &errno))?;
        let names = ProgramNames::new(&bpf);
        Ok(Self { bpf, net, names })
    }

    /// The interfaces; only the one of this name if one is said.
    ///
    /// # Errors
    /// There is none of that name.
    pub fn interfaces(&self, only: Option<&str>) -> Result<Vec<Interface>, Failure> {
        let all = self.net.interfaces();
        let all = all.map_err(|error| Failure::because("list the interfaces", &error))?;
        let Some(name) = only else { return Ok(all) };
        let names: Vec<String> = all.iter().map(|found| found.name.clone()).collect();
        let found: Vec<Interface> = all.into_iter().filter(|found| found.name == name).collect();
        if found.is_empty() {
            let names = names.iter().map(String::as_str);
            return Err(Failure::not_found(crate::near::no_such("interface", name, names)));
        }
        Ok(found)
    }

    /// The programs on an interface, in the order in which a packet that comes in meets them, and
    /// then in that in which one that goes out does.
    ///
    /// # Errors
    /// The kernel does not tell.
    pub fn interface(&mut self, found: &Interface) -> Result<Vec<Hook>, Failure> {
        let device = Some((found.index, found.name.clone()));
        let XdpPrograms { driver, generic, hardware } = found.xdp;
        let mut hooks = Vec::new();
        for (mode, id) in [("offload", hardware), ("driver", driver), ("generic", generic)] {
            if let Some(id) = id {
                let link = self.xdp_link(found.index, id)?;
                hooks.push(self.hook(device.clone(), Point::Xdp(mode), Some(id), link));
            }
        }
        let classifiers = self.net.tc_programs(found.index);
        let classifiers = classifiers.map_err(|error| {
            Failure::because(format!("list the classifiers of {}", found.name), &error)
        })?;
        let is_in = |found: &TcProgram| {
            found.side == Some(TcSide::Ingress) || found.discipline == "ingress"
        };
        let (incoming, outgoing): (Vec<TcProgram>, Vec<TcProgram>) =
            classifiers.into_iter().partition(is_in);
        self.multi(found, AttachType::TCX_INGRESS, "tcx/ingress", &mut hooks)?;
        self.classifiers(found, incoming, &mut hooks);
        if found.kind.as_deref() == Some("netkit") {
            self.multi(found, AttachType::NETKIT_PRIMARY, "netkit/primary", &mut hooks)?;
            self.multi(found, AttachType::NETKIT_PEER, "netkit/peer", &mut hooks)?;
        }
        self.multi(found, AttachType::TCX_EGRESS, "tcx/egress", &mut hooks)?;
        self.classifiers(found, outgoing, &mut hooks);
        Ok(hooks)
    }

    fn classifiers(&mut self, found: &Interface, programs: Vec<TcProgram>, hooks: &mut Vec<Hook>) {
        for program in programs {
            let id = program.id;
            let device = Some((found.index, found.name.clone()));
            hooks.push(self.hook(device, Point::Classifier(program), id, None));
        }
    }

    /// Places that run several programs by their own order.
    fn multi(
        &mut self,
        found: &Interface,
        attach_type: AttachType,
        name: &'static str,
        hooks: &mut Vec<Hook>,
    ) -> Result<(), Failure> {
        let target = AttachTarget::Ifindex(found.index);
        let programs = self.query(target, attach_type, &format!("{} {name}", found.name))?;
        for Attached { prog, link, .. } in programs {
            let device = Some((found.index, found.name.clone()));
            hooks.push(self.hook(device, Point::Multi(name), Some(prog), link));
        }
        Ok(())
    }

    /// The programs that see packets of the whole namespace.
    ///
    /// # Errors
    /// The kernel does not tell.
    pub fn namespace(&mut self) -> Result<Vec<Hook>, Failure> {
        let file = File::open("/proc/thread-self/ns/net")
            .map_err(|error| Failure::because("open this network namespace", &error))?;
        let mut hooks = Vec::new();
        let places =
            [(AttachType::FLOW_DISSECTOR, "flow_dissector"), (AttachType::SK_LOOKUP, "sk_lookup")];
        for (attach_type, name) in places {
            let target = AttachTarget::Fd(file.as_fd());
            for Attached { prog, link, .. } in self.query(target, attach_type, name)? {
                hooks.push(self.hook(None, Point::Namespace(name), Some(prog), link));
            }
        }
        hooks.extend(self.netfilter()?);
        Ok(hooks)
    }

    /// Netfilter programs, by their priorities. Their links do not tell the namespace: those of all
    /// are listed.
    fn netfilter(&mut self) -> Result<Vec<Hook>, Failure> {
        let mut found = Vec::new();
        for link in links::all(&self.bpf)? {
            if link.info.type_ != LinkType::NETFILTER {
                continue;
            }
            let place = place::of(&self.bpf, &link, &mut None)
                .map_err(|errno| refused(format!("ask about link {}", link.info.id), errno))?;
            let number = |name: &str| place.fields.get(name).and_then(Value::as_i64).unwrap_or(0);
            let order = (place.fields.get("hook").map(Value::to_string), number("prio"));
            let point = Point::Netfilter(place.fields, place.text);
            let hook = self.hook(None, point, Some(link.info.prog_id), Some(link.info.id));
            found.push((order, hook));
        }
        found.sort_by(|(left, _), (right, _)| left.cmp(right));
        Ok(found.into_iter().map(|(_, hook)| hook).collect())
    }

    fn query(
        &self,
        target: AttachTarget<'_>,
        attach_type: AttachType,
        place: &str,
    ) -> Result<Vec<Attached>, Failure> {
        match attached::query(&self.bpf, target, attach_type, false) {
            Ok(place) => Ok(place.programs),
            // This kernel has no such places, or this interface is none.
            Err(Errno::INVAL | Errno::NOENT | Errno::NXIO | Errno::OPNOTSUPP) => Ok(Vec::new()),
            Err(errno) => Err(refused(format!("ask for the programs at {place}"), errno)),
        }
    }

    /// The link that holds an XDP program on an interface, if one does.
    fn xdp_link(&self, index: u32, prog: u32) -> Result<Option<u32>, Failure> {
        let is_it = |link: &links::OpenLink| {
            let tail: Option<osmia_abi::LinkInfoXdp> = link.info.tail_as();
            link.info.type_ == LinkType::XDP
                && link.info.prog_id == prog
                && tail.is_some_and(|tail| tail.ifindex == index)
        };
        Ok(links::all(&self.bpf)?.iter().find(|link| is_it(link)).map(|link| link.info.id))
    }

    fn hook(
        &mut self,
        device: Option<(u32, String)>,
        point: Point,
        prog: Option<u32>,
        link: Option<u32>,
    ) -> Hook {
        let name = prog.map_or_else(String::new, |id| self.names.of(id));
        Hook { device, point, prog, name, link }
    }
}

impl Hook {
    /// Under the names that bpftool has in its JSON.
    pub fn json(&self) -> Value {
        let mut fields = Map::new();
        let mut put = |name: &str, value: Value| {
            fields.insert(name.to_owned(), value);
        };
        if let Some((index, name)) = &self.device {
            put("devname", json!(name));
            put("ifindex", json!(index));
        }
        match &self.point {
            Point::Xdp(mode) => {
                put("mode", json!(mode));
                put("id", json!(self.prog));
                put("name", json!(self.name));
                if let Some(link) = self.link {
                    put("link_id", json!(link));
                }
            }
            Point::Multi(name) => {
                put("kind", json!(name));
                put("name", json!(self.name));
                put("prog_id", json!(self.prog));
                put("prog_flags", json!([]));
                if let Some(link) = self.link {
                    put("link_id", json!(link));
                    put("link_flags", json!([]));
                }
            }
            Point::Classifier(found) => {
                put("kind", json!(kind(found)));
                put("name", json!(found.name));
                put("id", json!(self.prog));
                put("chain", json!(found.chain));
                put("priority", json!(found.priority));
                put("handle", json!(found.handle));
                if !found.actions.is_empty() {
                    let act = |action: &TcAction| json!({ "name": action.name, "id": action.id });
                    put("act", found.actions.iter().map(act).collect());
                }
            }
            Point::Namespace(_) => {
                put("id", json!(self.prog));
                put("name", json!(self.name));
            }
            Point::Netfilter(place, _) => {
                put("id", json!(self.link));
                put("prog_id", json!(self.prog));
                fields.extend(place.clone());
                fields.insert("name".to_owned(), json!(self.name));
            }
        }
        Value::Object(fields)
    }
}
