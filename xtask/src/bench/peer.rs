//! A program that does the measured things with one library.

use std::path::Path;
use std::process::Command;

use anyhow::{Context as _, Result};
use serde_json::Value;

/// A peer: a member of the bench workspace.
pub struct Peer {
    /// What the table calls it.
    pub name: &'static str,
    binary: &'static str,
}

/// The peers, the one that others are compared to first.
pub const PEERS: &[Peer] = &[
    Peer { name: "libbpf-rs 0.27 (libbpf 1.7)", binary: "peer-libbpf-rs" },
    Peer { name: "aya 0.14", binary: "peer-aya" },
    Peer { name: "osmia", binary: "peer-osmia" },
];

impl Peer {
    /// Runs it once and reads the JSON line that it prints. `None` if it cannot do
    /// what is asked, which it tells by failing.
    pub fn run(&self, bench: &Path, args: &[String]) -> Result<Option<Value>> {
        let binary = bench.join("target/release").join(self.binary);
        let output = Command::new(&binary)
            .args(args)
            .output()
            .with_context(|| binary.display().to_string())?;
        if !output.status.success() {
            let complaint = String::from_utf8_lossy(&output.stderr);
            eprintln!("  {} failed: {}", self.name, complaint.lines().next().unwrap_or("silently"));
            return Ok(None);
        }
        let text = String::from_utf8_lossy(&output.stdout);
        let line = text.lines().last().unwrap_or_default();
        Ok(Some(serde_json::from_str(line)?))
    }
}
