//! A kernel, ready to boot.

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, Result};
use osmia_testkit::tree;
use osmia_vm::image;

use crate::{
    command::say,
    vm::{
        arch::Arch,
        modules,
        packages::{self, Packages},
        series::Series,
    },
};

/// A kernel and what goes with it, in a folder of its own.
#[derive(Clone, Debug)]
pub(crate) struct Kernel {
    /// Its release, such as `6.1.0-56`.
    pub(crate) release: String,
    pub(crate) arch: Arch,
    folder: PathBuf,
}

impl Kernel {
    /// The kernel of a series that was prepared earlier.
    pub(crate) fn kept(series: &Series, arch: Arch) -> Option<Self> {
        let release = fs::read_to_string(record(series, arch)).ok()?;
        let folder = kernels(arch).join(&release);
        folder.is_dir().then_some(Self { release, arch, folder })
    }

    /// Fetches a kernel, unless it is there, and keeps it as the one of its series; what apt says if it cannot be had.
    pub(crate) fn prepare(
        series: &Series,
        arch: Arch,
        release: &str,
        packages: &Packages,
    ) -> Result<Result<Self, Unfetched>> {
        let folder = kernels(arch).join(release);
        if !folder.is_dir() {
            let made = make(release, arch, packages, &folder);
            if let Err(unfetched) = made.with_context(|| format!("Linux {release}"))? {
                return Ok(Err(unfetched));
            }
        }
        fs::write(record(series, arch), release)?;
        Ok(Ok(Self { release: release.to_owned(), arch, folder }))
    }

    /// For people.
    pub(crate) fn title(&self) -> String {
        match self.arch {
            Arch::Amd64 => format!("Linux {}", self.release),
            arch => format!("Linux {} on {}", self.release, arch.debian()),
        }
    }

    /// What is booted: the uncompressed kernel, on other architectures the image as it was packed.
    pub(crate) fn vmlinux(&self) -> PathBuf {
        self.folder.join("vmlinux")
    }

    /// Its modules, in the order to load them.
    pub(crate) fn modules(&self) -> PathBuf {
        self.folder.join("modules")
    }

    /// Its configuration.
    pub(crate) fn config(&self) -> PathBuf {
        self.folder.join("config")
    }

    /// What `uname -r` says in it.
    pub(crate) fn uname(&self) -> String {
        format!("{}{}", self.release, self.arch.flavour())
    }

    /// Where its console goes.
    pub(crate) fn console(&self) -> PathBuf {
        self.folder.join("console.log")
    }

    /// The first file system it sees.
    pub(crate) fn initrd(&self) -> PathBuf {
        self.folder.join("initrd")
    }
}

/// Why a kernel's packages could not be fetched.
#[derive(Debug)]
pub(crate) struct Unfetched(pub(crate) anyhow::Error);

fn kernels(arch: Arch) -> PathBuf {
    let kernels = tree::target().join("osmia/kernels");
    if arch == Arch::Amd64 { kernels } else { kernels.join(arch.debian()) }
}

fn record(series: &Series, arch: Arch) -> PathBuf {
    kernels(arch).join(format!("{series}.release"))
}

/// Makes a kernel's folder beside its place and moves it there when it is complete.
fn make(
    release: &str,
    arch: Arch,
    packages: &Packages,
    folder: &Path,
) -> Result<Result<(), Unfetched>> {
    say(&format!("   fetching Linux {release} for {}", arch.debian()));
    let unfinished = folder.with_file_name(format!("{release}.unfinished"));
    let (fetched, unpacked) = (unfinished.join("packages"), unfinished.join("unpacked"));
    if unfinished.exists() {
        fs::remove_dir_all(&unfinished)?;
    }
    fs::create_dir_all(&unpacked)?;
    fs::create_dir_all(&fetched)?;
    if let Err(error) = packages.download(release, &fetched) {
        return Ok(Err(Unfetched(error)));
    }
    packages::unpack(&fetched, &unpacked)?;
    let files = files(&unpacked)?;
    let find = |start: &str| {
        let named = |file: &&PathBuf| {
            file.file_name().is_some_and(|name| name.to_string_lossy().starts_with(start))
        };
        files.iter().find(named).with_context(|| format!("no {start} in its packages"))
    };
    let (packed, booted) = (find("vmlinuz")?, unfinished.join("vmlinux"));
    match arch {
        Arch::Amd64 => fs::write(booted, image::extract(packed)?)?,
        _ => fs::copy(packed, booted).map(drop)?,
    }
    fs::copy(find("config")?, unfinished.join("config"))?;
    modules::select(&files, &unfinished.join("modules"))?;
    fs::remove_dir_all(&unpacked)?;
    fs::remove_dir_all(&fetched)?;
    fs::rename(&unfinished, folder)?;
    Ok(Ok(()))
}

/// All files below a folder.
fn files(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut folders = vec![folder.to_owned()];
    let mut files = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder)? {
            let entry = entry?;
            let list = if entry.file_type()?.is_dir() { &mut folders } else { &mut files };
            list.push(entry.path());
        }
    }
    files.sort();
    Ok(files)
}
