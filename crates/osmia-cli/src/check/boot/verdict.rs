//! What a kernel said to an object's programs.

use serde::Deserialize;

/// What a kernel said to an object's programs.
#[derive(Debug, Default)]
pub struct Booted {
    /// To each.
    pub programs: Vec<Said>,
    /// What did not go well in the machine, though the programs were asked about.
    pub notes: Vec<String>,
}

/// What it said to one.
#[derive(Debug, Deserialize)]
pub struct Said {
    /// The program.
    pub program: String,
    /// `success` or `failure`.
    verdict: String,
    /// Why not.
    #[serde(default)]
    pub error: Option<String>,
}

/// A failure of the command as a whole.
#[derive(Deserialize)]
struct Complaint {
    error: String,
}

impl Said {
    /// Whether it was loaded.
    pub fn loads(&self) -> bool {
        self.verdict == "success"
    }
}

impl Booted {
    /// What it said to a program.
    pub fn of(&self, program: &str) -> Option<&Said> {
        self.programs.iter().find(|said| said.program == program)
    }

    /// Takes in a line of `osmia -j prog verify`.
    pub fn hear(&mut self, line: &str) {
        if let Ok(said) = serde_json::from_str::<Vec<Said>>(line) {
            self.programs.extend(said);
        } else if let Ok(complaint) = serde_json::from_str::<Complaint>(line) {
            // That programs are refused was said of each already.
            if self.programs.is_empty() {
                self.notes.push(complaint.error);
            }
        } else if !line.is_empty() {
            self.notes.push(line.to_owned());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Booted;

    #[test]
    fn answers_complaints_and_noise() {
        let mut booted = Booted::default();
        booted.hear(r#"[{"program":"a","verdict":"success","insns":2},{"program":"b","verdict":"failure","error":"no"}]"#);
        booted.hear(r#"{"error":"the verifier refuses: b"}"#);
        assert!(booted.of("a").is_some_and(super::Said::loads));
        assert_eq!(booted.of("b").and_then(|said| said.error.as_deref()), Some("no"));
        assert!(booted.of("c").is_none() && booted.notes.is_empty());
        let mut booted = Booted::default();
        booted.hear(r#"{"error":"there are no programs to verify"}"#);
        assert_eq!(booted.notes, ["there are no programs to verify"]);
    }
}
