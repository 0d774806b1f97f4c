//! Loading programs.

use std::ffi::CString;
use std::os::fd::BorrowedFd;

use indexmap::IndexMap;
use osmia_abi::flags::{BPF_F_SLEEPABLE, BPF_F_XDP_HAS_FRAGS};
use osmia_abi::{AttachType, ProgType};
use osmia_insn::Insn;
use osmia_object::{LinkedProgram, MapRole, ProgramSpec, SectionDef};
use osmia_sys::{Errno, Log, ObjName, ProgFd, ProgLoad, Records};

use crate::error::Error;
use crate::kernel::feature::Feature;
use crate::kernel::features;
use crate::load::attach_btf::AttachPlace;
use crate::load::externs::Externs;
use crate::load::log::{self, Logged};
use crate::load::program_refusal::refused;
use crate::load::records::{FUNCTION, LINE, ProgramRecords};
use crate::load::usdt::asks_of_marks;
use crate::load::{Load, attach_btf, patch, probe_read};
use crate::map::Map;
use crate::program::Program;
use crate::program::kernel_program::KernelProgram;

/// A program as it is handed to the kernel.
pub(super) struct Prepared<'a> {
    pub(super) spec: &'a ProgramSpec,
    pub(super) prog_type: ProgType,
    pub(super) linked: LinkedProgram,
    /// Modules that instructions refer to.
    fd_array: Vec<BorrowedFd<'a>>,
    /// Open until it is loaded; then it holds them.
    _jump_tables: Vec<Map>,
    code: Vec<u8>,
    license: CString,
    records: ProgramRecords,
    attach_place: AttachPlace,
}

/// What may be left out where the kernel does not know it.
#[derive(Clone, Copy, Debug)]
struct Extras {
    name: bool,
    records: bool,
    attach_type: bool,
    /// The kernel's version, which kprobes before 5.0 had to tell.
    version: u32,
}

impl Load<'_> {
    /// Loads one program.
    pub(super) fn program(
        &self,
        spec: &ProgramSpec,
        linked: LinkedProgram,
        maps: &IndexMap<String, Map>,
        externs: &Externs,
    ) -> Result<Program, Error> {
        let spec = self.for_marks(spec);
        let usdt = self.usdt.as_ref().filter(|_| asks_of_marks(&linked));
        let mut prepared = self.prepare(&spec, linked, maps, externs)?;
        let (fd, log) = self.load_prepared(&mut prepared)?;
        let place = KernelProgram::new(self.kernel, fd).with_usdt(usdt);
        Ok(Program::loaded(&spec, prepared.prog_type, place, log))
    }

    fn prepare<'s>(
        &self,
        spec: &'s ProgramSpec,
        mut linked: LinkedProgram,
        maps: &IndexMap<String, Map>,
        externs: &'s Externs,
    ) -> Result<Prepared<'s>, Error> {
        let prog_type = spec.prog_type.unwrap_or_default();
        self.relocate(&mut linked)?;
        externs.resolve(self, &mut linked)?;
        self.fold(&mut linked, externs)?;
        let jump_tables = self.jump_tables(&linked)?;
        patch::maps(&mut linked, maps, &jump_tables)?;
        let license = CString::new(self.spec.license.as_str())
            .map_err(|_| Error::invalid("the object's licence has a NUL in it"))?;
        Ok(Prepared {
            spec,
            prog_type,
            code: Insn::encode_all(&linked.insns, features::host()),
            records: ProgramRecords::new(&linked, |id| self.function_type(id, prog_type)),
            attach_place: self.attach_place(spec, prog_type)?,
            linked,
            fd_array: externs.fd_array(),
            _jump_tables: jump_tables,
            license,
        })
    }

    /// What the program is verified for.
    fn attach_place(&self, spec: &ProgramSpec, prog_type: ProgType) -> Result<AttachPlace, Error> {
        match (prog_type, self.targets.get(&spec.name)) {
            (_, Some(target)) => attach_btf::in_program(spec, target),
            (ProgType::STRUCT_OPS, None) => self.ops_place(spec),
            _ => attach_btf::find(self.kernel, spec, prog_type),
        }
    }

    /// Makes numbers of constants, if the kernel has them in no other way or that is asked for.
    fn fold(&self, linked: &mut LinkedProgram, externs: &Externs) -> Result<(), Error> {
        if !self.fold {
            return Ok(());
        }
        linked.fold_constants(self.spec, |map| {
            let spec = self.spec.maps.get(map)?;
            match spec.role {
                MapRole::Constants => Some(spec.contents.clone()),
                MapRole::Kconfig => Some(externs.config()),
                _ => None,
            }
        })?;
        if self.kernel.known_features().lacks(self.kernel.bpf(), Feature::GlobalData) {
            linked.refuse_variables(self.spec)?;
        }
        Ok(())
    }

    /// Loads without a log; after a refusal with one, then without what the kernel lacks.
    fn load_prepared(
        &self,
        prepared: &mut Prepared<'_>,
    ) -> Result<(ProgFd, Option<String>), Error> {
        let mut extras = Extras {
            name: !self.kernel.known_features().known_to_lack(Feature::Names),
            records: !self.kernel.known_features().known_to_lack(Feature::BtfFunctions),
            attach_type: true,
            version: 0,
        };
        let log_level = prepared.spec.log_level.unwrap_or(self.log_level);
        let mut refusal = None;
        if log_level == 0 {
            match self.silent(prepared, extras) {
                Ok(fd) => return Ok((fd, None)),
                Err(errno) => refusal = Some(errno),
            }
        }
        loop {
            // Only of the same attempt it is known how it ends.
            let logged = self.logged(prepared, extras, log_level.max(1), refusal.take());
            let errno = match logged.outcome {
                Ok(fd) => return Ok((fd, (log_level > 0).then_some(logged.text))),
                Err(errno) => errno,
            };
            let again = logged.text.is_empty()
                && (self.lifts_memlock(errno)
                    || self.leave_out_of_program(prepared, &mut extras, errno));
            if !again && !self.reads_as_before(prepared) {
                return Err(refused(self, prepared, errno, logged));
            }
        }
    }

    /// Whether the limit on locked memory may have been the cause, and is lifted now.
    fn lifts_memlock(&self, errno: Errno) -> bool {
        errno == Errno::PERM && self.kernel.memlock().lift(self.kernel)
    }

    /// The usual attempt, which costs no log.
    fn silent(&self, prepared: &Prepared<'_>, extras: Extras) -> Result<ProgFd, Errno> {
        self.with_request(prepared, extras, |load| {
            let bpf = self.kernel.bpf();
            match bpf.prog_load(load, &mut Log::default()) {
                Err(errno) if self.lifts_memlock(errno) => bpf.prog_load(load, &mut Log::default()),
                outcome => outcome,
            }
        })
    }

    fn logged(
        &self,
        prepared: &Prepared<'_>,
        extras: Extras,
        level: u32,
        refusal: Option<Errno>,
    ) -> Logged {
        let bpf = self.kernel.bpf();
        self.with_request(prepared, extras, |load| log::load(bpf, load, level, refusal))
    }

    /// Has a program read memory with the helpers that kernels before 5.5 have, which do not ask
    /// whose memory it is. Whether that changed anything, so that another attempt makes sense.
    fn reads_as_before(&self, prepared: &mut Prepared<'_>) -> bool {
        let older = |insn: &Insn| insn.is_helper_call().then(|| probe_read::older(insn.imm))?;
        if !prepared.linked.insns.iter().any(|insn| older(insn).is_some())
            || !self.kernel.known_features().lacks(self.kernel.bpf(), Feature::ReadsApart)
        {
            return false;
        }
        for insn in &mut prepared.linked.insns {
            insn.imm = older(insn).unwrap_or(insn.imm);
        }
        prepared.code = Insn::encode_all(&prepared.linked.insns, features::host());
        true
    }

    fn with_request<R>(
        &self,
        prepared: &Prepared<'_>,
        extras: Extras,
        call: impl FnOnce(&ProgLoad<'_>) -> R,
    ) -> R {
        let spec = prepared.spec;
        // Without BTF there is nothing that the records could be about.
        let btf = if extras.records && !prepared.records.functions.is_empty() {
            self.btf().fd()
        } else {
            None
        };
        let records = |bytes, record_size| match btf {
            Some(_) => Records { record_size, bytes },
            None => Records::default(),
        };
        let member = prepared.attach_place.member.map(AttachType);
        let attach_type = member.or(spec.attach_type.filter(|_| extras.attach_type));
        call(&ProgLoad {
            prog_type: prepared.prog_type,
            insns: &prepared.code,
            license: &prepared.license,
            kern_version: extras.version,
            prog_flags: flags(spec),
            name: if extras.name { spec.name.as_str().into() } else { ObjName::NONE },
            ifindex: spec.ifindex,
            expected_attach_type: attach_type.unwrap_or(AttachType(0)),
            btf,
            func_info: records(&prepared.records.functions, FUNCTION),
            line_info: records(&prepared.records.lines, LINE),
            attach_btf_id: prepared.attach_place.id,
            attach_btf: prepared.attach_place.btf(),
            fd_array: &prepared.fd_array,
            ..ProgLoad::default()
        })
    }

    /// After a refusal without a word: leaves out what the kernel does not know. Whether anything
    /// was left out, so that another attempt makes sense.
    fn leave_out_of_program(
        &self,
        prepared: &Prepared<'_>,
        extras: &mut Extras,
        errno: Errno,
    ) -> bool {
        if !matches!(errno, Errno::INVAL | Errno::TOOBIG) {
            return false;
        }
        let lacks = |feature| self.kernel.known_features().lacks(self.kernel.bpf(), feature);
        if extras.name && lacks(Feature::Names) {
            extras.name = false;
            return true;
        }
        if extras.records && lacks(Feature::BtfFunctions) {
            extras.records = false;
            return true;
        }
        let optional = SectionDef::find(&prepared.spec.section);
        if extras.attach_type && optional.is_some_and(|def| def.optional_attach_type) {
            extras.attach_type = false;
            return true;
        }
        if extras.version == 0 && prepared.prog_type == ProgType::KPROBE {
            extras.version = self.kernel_version();
            return extras.version != 0;
        }
        false
    }

    /// `LINUX_VERSION_CODE`, as the object says or the kernel does; 0 if neither.
    fn kernel_version(&self) -> u32 {
        match self.spec.kernel_version {
            0 => self.kernel.version_code().unwrap_or(0),
            said => said,
        }
    }
}

fn flags(spec: &ProgramSpec) -> u32 {
    let sleepable = if spec.sleepable { BPF_F_SLEEPABLE } else { 0 };
    let frags = if spec.xdp_frags { BPF_F_XDP_HAS_FRAGS } else { 0 };
    spec.flags | sleepable | frags
}
