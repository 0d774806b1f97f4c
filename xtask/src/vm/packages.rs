//! Debian's kernel packages, fetched by apt into folders of its own so that the machine's stay as they are.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context as _, Result, bail, ensure};
use osmia_testkit::tree;

use crate::{
    command,
    vm::{
        arch::Arch,
        series::{Series, by_age},
    },
};

/// A suite of packages.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Suite {
    name: &'static str,
    /// Whether it is in the archive of security updates.
    secured: bool,
}

impl Suite {
    /// A suite of Debian's main archive.
    pub(crate) const fn plain(name: &'static str) -> Self {
        Self { name, secured: false }
    }

    const fn secured(name: &'static str) -> Self {
        Self { name, secured: true }
    }
}

/// The suites that carry kernels.
pub(crate) const KERNELS: [Suite; 8] = [
    Suite::plain("bullseye"),
    Suite::secured("bullseye-security"),
    Suite::plain("bookworm"),
    Suite::secured("bookworm-security"),
    Suite::plain("bookworm-backports"),
    Suite::plain("trixie"),
    Suite::secured("trixie-security"),
    Suite::plain("trixie-backports"),
];

const KEYS: &str = "/usr/share/keyrings/debian-archive-keyring.gpg";

/// The packages that Debian has today.
#[derive(Debug)]
pub(crate) struct Packages {
    folder: PathBuf,
    arch: Arch,
    /// What apt said if it could not fetch all lists.
    complaint: Option<String>,
    kernels: BTreeSet<String>,
}

impl Packages {
    /// Fetches the suites' lists of packages of some architectures, the first of which is the one that is meant where none is
    /// named, into a folder of this name. A list that cannot be had is not there; without any it is an error.
    pub(crate) fn fetch(name: &str, archs: &[Arch], suites: &[Suite]) -> Result<Self> {
        let arch = *archs.first().context("no architecture")?;
        let folder = tree::target().join("osmia").join(name);
        for part in ["lists/partial", "cache/archives/partial"] {
            fs::create_dir_all(folder.join(part))?;
        }
        fs::write(folder.join("status"), "")?;
        fs::write(folder.join("sources.list"), sources(suites)?)?;
        fs::write(folder.join("apt.conf"), settings(&folder, archs))?;
        let update = command::output(apt("apt-get", &folder).args(["--quiet=2", "update"]));
        let complaint = update.err().map(|error| format!("{error:#}"));
        let mut packages = Self { folder, arch, complaint, kernels: BTreeSet::new() };
        packages.kernels = packages.names("linux-")?.into_iter().collect();
        if let (true, Some(complaint)) = (packages.kernels.is_empty(), &packages.complaint) {
            bail!("{complaint}");
        }
        Ok(packages)
    }

    /// The packages whose names start so.
    pub(crate) fn names(&self, start: &str) -> Result<Vec<String>> {
        let names = command::output(apt("apt-cache", &self.folder).args(["pkgnames", start]))?;
        Ok(String::from_utf8_lossy(&names).lines().map(str::to_owned).collect())
    }

    /// The newest release of a series, such as `6.1.0-56`, that comes with its modules.
    pub(crate) fn newest(&self, series: &Series) -> Option<&str> {
        self.releases(series).filter(|release| self.is_whole(release)).max_by(|a, b| by_age(a, b))
    }

    /// Why there is no kernel of a series.
    pub(crate) fn absent(&self, series: &Series) -> String {
        if let Some(complaint) = &self.complaint {
            let complaint = complaint.split_whitespace().collect::<Vec<_>>().join(" ");
            return format!(
                "no such kernel is in the lists of Debian's packages, not all of which could be had: {complaint}"
            );
        }
        match self.releases(series).max_by(|a, b| by_age(a, b)) {
            Some(release) => {
                format!("of {release}, which is the newest of it, Debian no longer has the modules")
            }
            None => "Debian has no such kernel, or no longer".to_owned(),
        }
    }

    fn releases(&self, series: &Series) -> impl Iterator<Item = &str> {
        let images = self.kernels.iter().filter_map(|name| release(name, self.arch));
        images.filter(|release| series.has(release))
    }

    /// Since 6.19 the kernel is one package and its modules are another, and not both stay in the archive.
    fn is_whole(&self, release: &str) -> bool {
        !self.has("linux-binary-", release) || self.has("linux-modules-", release)
    }

    fn has(&self, kind: &str, release: &str) -> bool {
        self.kernels.contains(&format!("{kind}{release}{}", self.arch.flavour()))
    }

    /// Fetches a release's packages into a folder.
    pub(crate) fn download(&self, release: &str, folder: &Path) -> Result<()> {
        let kinds: &[&str] = if self.has("linux-binary-", release) {
            &["linux-binary-", "linux-modules-", "linux-base-"]
        } else {
            &["linux-image-"]
        };
        let flavour = self.arch.flavour();
        self.fetch_into(folder, kinds.iter().map(|kind| format!("{kind}{release}{flavour}")))
    }

    /// Fetches packages into a folder.
    pub(crate) fn fetch_into(
        &self,
        folder: &Path,
        names: impl Iterator<Item = String>,
    ) -> Result<()> {
        // apt would rather download as another user, who cannot write here.
        let mut get = apt("apt-get", &self.folder);
        get.args(["--quiet=2", "--option", "APT::Sandbox::User=root", "download"]);
        command::run(get.args(names).current_dir(folder))
    }
}

/// Unpacks all packages in a folder into another.
pub(crate) fn unpack(packages: &Path, folder: &Path) -> Result<()> {
    for entry in fs::read_dir(packages)? {
        command::run(Command::new("dpkg-deb").arg("-x").arg(entry?.path()).arg(folder))?;
    }
    Ok(())
}

/// The release that a package with an image is of; `None` for other packages and for those that name no release.
fn release(package: &str, arch: Arch) -> Option<&str> {
    let release = package.strip_prefix("linux-image-")?.strip_suffix(arch.flavour())?;
    (release.split('.').count() > 2).then_some(release)
}

/// An apt command that knows our folders only.
fn apt(name: &str, folder: &Path) -> Command {
    let mut apt = Command::new(name);
    apt.env("APT_CONFIG", folder.join("apt.conf"));
    apt
}

fn settings(folder: &Path, archs: &[Arch]) -> String {
    let folder = folder.display();
    let first = archs.first().map_or("", |arch| arch.debian());
    let all = archs.iter().map(|arch| arch.debian()).collect::<Vec<_>>().join("\"; \"");
    format!(
        "APT::Architecture \"{first}\";\n\
         APT::Architectures {{ \"{all}\"; }};\n\
         Dir::Etc::sourcelist \"{folder}/sources.list\";\n\
         Dir::Etc::sourceparts \"/dev/null\";\n\
         Dir::State::Lists \"{folder}/lists\";\n\
         Dir::State::status \"{folder}/status\";\n\
         Dir::Cache \"{folder}/cache\";\n\
         Acquire::Languages \"none\";\n\
         Acquire::Retries \"2\";\n\
         Acquire::http::Timeout \"20\";\n\
         Acquire::https::Timeout \"20\";\n\
         Acquire::IndexTargets::deb::DEP-11::DefaultEnabled \"false\";\n"
    )
}

/// A list of the suites, on the mirrors that this machine itself uses.
fn sources(suites: &[Suite]) -> Result<String> {
    let format = "$(LABEL)\t$(REPO_URI)";
    let asked = Command::new("apt-get")
        .args(["indextargets", "--format", format, "Created-By: Packages"])
        .output();
    let mirrors = asked.context("apt-get")?;
    let mirrors = String::from_utf8_lossy(&mirrors.stdout).into_owned();
    let archive = mirror(&mirrors, "Debian");
    let security = mirror(&mirrors, "Debian-Security");
    ensure!(
        archive.is_some(),
        "no mirror of Debian is among this machine's apt sources, or `apt-get update` was never run"
    );
    let keys =
        if Path::new(KEYS).exists() { format!(" [signed-by={KEYS}]") } else { String::new() };
    let lines = suites.iter().filter_map(|suite| {
        let mirror = if suite.secured { security } else { archive }?;
        Some(format!("deb{keys} {mirror} {} main\n", suite.name))
    });
    Ok(lines.collect())
}

/// The first mirror with a label.
fn mirror<'a>(mirrors: &'a str, label: &str) -> Option<&'a str> {
    mirrors
        .lines()
        .filter_map(|line| line.split_once('\t'))
        .find_map(|(its, uri)| (its == label).then_some(uri))
}

#[cfg(test)]
mod tests {
    use super::{Packages, mirror, release};
    use crate::vm::{arch::Arch, series::Series};

    fn packages(names: &[&str], complaint: Option<&str>) -> Packages {
        Packages {
            folder: "/nowhere".into(),
            arch: Arch::Amd64,
            complaint: complaint.map(str::to_owned),
            kernels: names.iter().map(|name| format!("{name}-cloud-amd64")).collect(),
        }
    }

    #[test]
    fn why_there_is_no_kernel_is_told() {
        let series = Series::Named("7.1".to_owned());
        let halves = ["linux-image-7.1.8", "linux-binary-7.1.8", "linux-image-7.1.13"];
        let halved = packages(&[&halves[..], &["linux-binary-7.1.13"]].concat(), None);
        assert_eq!(halved.newest(&series), None);
        assert_eq!(
            halved.absent(&series),
            "of 7.1.13, which is the newest of it, Debian no longer has the modules"
        );
        let none = packages(&["linux-image-7.2.6"], None);
        assert_eq!(none.absent(&series), "Debian has no such kernel, or no longer");
        let partly = packages(&[], Some("E: one\nlist"));
        assert!(partly.absent(&series).ends_with("could be had: E: one list"));
        let whole = packages(&[&halves[..2], &["linux-modules-7.1.8"]].concat(), None);
        assert_eq!(whole.newest(&series), Some("7.1.8"));
    }

    #[test]
    fn only_images_of_a_release_count() {
        assert_eq!(release("linux-image-6.1.0-56-cloud-amd64", Arch::Amd64), Some("6.1.0-56"));
        assert_eq!(
            release("linux-image-7.3.4+deb13-cloud-amd64", Arch::Amd64),
            Some("7.3.4+deb13")
        );
        assert_eq!(release("linux-image-6.12-cloud-amd64", Arch::Amd64), None);
        assert_eq!(release("linux-image-cloud-amd64", Arch::Amd64), None);
        assert_eq!(release("linux-image-6.1.0-56-amd64", Arch::Amd64), None);
        assert_eq!(release("linux-image-6.1.0-56-cloud-amd64-dbg", Arch::Amd64), None);
        assert_eq!(
            release("linux-image-6.12.118+deb13-s390x", Arch::S390x),
            Some("6.12.118+deb13")
        );
        assert_eq!(release("linux-image-6.12.118+deb13-cloud-arm64", Arch::S390x), None);
    }

    #[test]
    fn mirrors_are_found_by_label() {
        let mirrors = "Other\thttp://a/\nDebian\thttp://b/\nDebian-Security\thttp://c/\n";
        assert_eq!(mirror(mirrors, "Debian"), Some("http://b/"));
        assert_eq!(mirror(mirrors, "Debian-Security"), Some("http://c/"));
        assert_eq!(mirror(mirrors, "Ubuntu"), None);
    }
}
