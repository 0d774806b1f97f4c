//! Debian's kernel packages, fetched by apt into folders of its own so that the machine's stay as they are.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context as _, Result, ensure};
use osmia_testkit::tree;

use crate::{
    command,
    vm::series::{Series, by_age},
};

/// The suites that carry kernels, and whether they are in the archive of security updates.
const SUITES: [(&str, bool); 8] = [
    ("bullseye", false),
    ("bullseye-security", true),
    ("bookworm", false),
    ("bookworm-security", true),
    ("bookworm-backports", false),
    ("trixie", false),
    ("trixie-security", true),
    ("trixie-backports", false),
];

/// The kernels for virtual machines: smaller, with more built in.
const FLAVOUR: &str = "-cloud-amd64";

const KEYS: &str = "/usr/share/keyrings/debian-archive-keyring.gpg";

/// The kernel packages that Debian has today.
pub(crate) struct Packages {
    folder: PathBuf,
    names: BTreeSet<String>,
}

impl Packages {
    /// Fetches the lists of packages.
    pub(crate) fn fetch() -> Result<Self> {
        let folder = tree::target().join("osmia/apt");
        for part in ["lists/partial", "cache/archives/partial"] {
            fs::create_dir_all(folder.join(part))?;
        }
        fs::write(folder.join("status"), "")?;
        fs::write(folder.join("sources.list"), sources()?)?;
        fs::write(folder.join("apt.conf"), settings(&folder))?;
        command::run(apt("apt-get", &folder).args(["--quiet=2", "update"]))?;
        let names = command::output(apt("apt-cache", &folder).args(["pkgnames", "linux-"]))?;
        let names = String::from_utf8_lossy(&names).lines().map(str::to_owned).collect();
        Ok(Self { folder, names })
    }

    /// The newest release of a series, such as `6.1.0-56`, that comes with its modules.
    pub(crate) fn newest(&self, series: &Series) -> Option<&str> {
        let images = self.names.iter().filter_map(|name| release(name));
        let fit = images.filter(|release| series.has(release) && self.is_whole(release));
        fit.max_by(|a, b| by_age(a, b))
    }

    /// Since 6.19 the kernel is one package and its modules are another, and not both stay in the archive.
    fn is_whole(&self, release: &str) -> bool {
        !self.has("linux-binary-", release) || self.has("linux-modules-", release)
    }

    fn has(&self, kind: &str, release: &str) -> bool {
        self.names.contains(&format!("{kind}{release}{FLAVOUR}"))
    }

    /// Fetches a release's packages into a folder.
    pub(crate) fn download(&self, release: &str, folder: &Path) -> Result<()> {
        let kinds: &[&str] = if self.has("linux-binary-", release) {
            &["linux-binary-", "linux-modules-", "linux-base-"]
        } else {
            &["linux-image-"]
        };
        let names = kinds.iter().map(|kind| format!("{kind}{release}{FLAVOUR}"));
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
fn release(package: &str) -> Option<&str> {
    let release = package.strip_prefix("linux-image-")?.strip_suffix(FLAVOUR)?;
    (release.split('.').count() > 2).then_some(release)
}

/// An apt command that knows our folders only.
fn apt(name: &str, folder: &Path) -> Command {
    let mut apt = Command::new(name);
    apt.env("APT_CONFIG", folder.join("apt.conf"));
    apt
}

fn settings(folder: &Path) -> String {
    let folder = folder.display();
    format!(
        "Dir::Etc::sourcelist \"{folder}/sources.list\";\n\
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
fn sources() -> Result<String> {
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
    let lines = SUITES.iter().filter_map(|(suite, secured)| {
        let mirror = if *secured { security } else { archive }?;
        Some(format!("deb{keys} {mirror} {suite} main\n"))
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
    use super::{mirror, release};

    #[test]
    fn only_images_of_a_release_count() {
        assert_eq!(release("linux-image-6.1.0-56-cloud-amd64"), Some("6.1.0-56"));
        assert_eq!(release("linux-image-7.3.4+deb13-cloud-amd64"), Some("7.3.4+deb13"));
        assert_eq!(release("linux-image-6.12-cloud-amd64"), None);
        assert_eq!(release("linux-image-cloud-amd64"), None);
        assert_eq!(release("linux-image-6.1.0-56-amd64"), None);
        assert_eq!(release("linux-image-6.1.0-56-cloud-amd64-dbg"), None);
    }

    #[test]
    fn mirrors_are_found_by_label() {
        let mirrors = "Other\thttp://a/\nDebian\thttp://b/\nDebian-Security\thttp://c/\n";
        assert_eq!(mirror(mirrors, "Debian"), Some("http://b/"));
        assert_eq!(mirror(mirrors, "Debian-Security"), Some("http://c/"));
        assert_eq!(mirror(mirrors, "Ubuntu"), None);
    }
}
