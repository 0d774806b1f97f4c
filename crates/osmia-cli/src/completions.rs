//! Completions for shells: verbs and options from the definition of the command line, objects from the kernel.

use std::collections::BTreeSet;

use clap::{Args, CommandFactory as _};
use clap_complete::Shell;
use osmia_sys::{Bpf, FdKind};

use crate::cli::Cli;
use crate::failure::Failure;
use crate::output::Output;
use crate::pins::Pins;
use crate::select::names::Names;
use crate::select::{links, maps, progs};
use crate::token;
use crate::value::hex;

/// Words behind which an object is told.
const KEYS: [&str; 4] = ["id", "name", "tag", "pinned"];

/// Asks for objects where one is told, and for what is generated elsewhere.
const BASH: &str = r#"
_osmia_objects() {
    local found=
    case "$3" in
        id|name|tag|pinned) found=$("$1" completions --of "${COMP_WORDS[1]}" "$3" 2>/dev/null) ;;
    esac
    if [[ -n "$found" ]]; then
        local IFS=$'\n'
        COMPREPLY=( $(compgen -W "$found" -- "$2") )
    else
        _osmia "$@"
    fi
}
complete -F _osmia_objects -o bashdefault -o default osmia
"#;

const ZSH: &str = r#"_osmia_objects() {
    case ${words[CURRENT-1]} in
        id|name|tag|pinned) ;;
        *) return 1 ;;
    esac
    local -a found
    found=(${(f)"$(_call_program objects ${words[1]} completions --of ${words[2]} ${words[CURRENT-1]} 2>/dev/null)"})
    (( $#found )) && compadd -a found
}

_osmia() {
    _osmia_objects && return 0
"#;

const FISH: &str = r"complete -c osmia -f -n 'contains -- (commandline -opc)[-1] id name tag pinned' \
    -a '(osmia completions --of (commandline -opc)[2] (commandline -opc)[-1] 2>/dev/null)'
";

// The arguments of `osmia completions`.
#[derive(Args)]
#[command(after_help = "Objects are completed behind id, name, tag and pinned.

Examples:
  osmia completions bash > /etc/bash_completion.d/osmia
  osmia completions zsh > ~/.zfunc/_osmia
  osmia completions fish > ~/.config/fish/completions/osmia.fish")]
pub struct Completions {
    /// Which shell
    #[arg(value_enum, required_unless_present = "of")]
    shell: Option<Shell>,
    /// What there is of a noun: its ids, names, tags or pins, one a line
    #[arg(long, hide = true, num_args = 2, value_names = ["NOUN", "KEY"])]
    of: Vec<String>,
}

impl Completions {
    /// Prints them.
    ///
    /// # Errors
    /// Nobody reads them, or the kernel does not tell its objects.
    pub fn run(&self) -> Result<(), Failure> {
        let text = match (self.shell, self.of.as_slice()) {
            (None, [noun, key]) => {
                objects(noun, key)?.iter().flat_map(|found| [found, "\n"]).collect()
            }
            (shell, _) => script(shell.unwrap_or(Shell::Bash)),
        };
        Output::raw(text.as_bytes())
    }
}

fn script(shell: Shell) -> String {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "osmia", &mut script);
    let script = String::from_utf8_lossy(&script);
    match shell {
        Shell::Bash => format!("{script}{BASH}"),
        Shell::Zsh => script.replacen("_osmia() {\n", ZSH, 1),
        Shell::Fish => format!("{script}{FISH}"),
        _ => script.into_owned(),
    }
}

/// What the objects of a noun are called under a key; nothing for other words.
fn objects(noun: &str, key: &str) -> Result<BTreeSet<String>, Failure> {
    let none = BTreeSet::new();
    if noun.is_empty() || !KEYS.contains(&key) {
        return Ok(none);
    }
    let bpf = token::bpf()?;
    let pinned = |kind, ids: Vec<u32>| {
        let pins = Pins::find(&bpf);
        let paths = ids.into_iter().flat_map(|id| pins.of(kind, id).to_vec());
        paths.map(|path| path.display().to_string()).collect()
    };
    // Verbs of other nouns take programs.
    let begins = |whole: &str| whole.starts_with(noun);
    if begins("map") {
        let maps = maps::all(&bpf)?;
        return Ok(match key {
            "id" => maps.iter().map(|map| map.info.id.to_string()).collect(),
            "name" => maps.iter().map(|map| name(&bpf, map)).collect(),
            "pinned" => pinned(FdKind::Map, maps.iter().map(|map| map.info.id).collect()),
            _ => none,
        });
    }
    if begins("link") {
        let links = links::all(&bpf)?;
        return Ok(match key {
            "id" => links.iter().map(|link| link.info.id.to_string()).collect(),
            "pinned" => pinned(FdKind::Link, links.iter().map(|link| link.info.id).collect()),
            _ => none,
        });
    }
    let progs = progs::all(&bpf)?;
    let mut names = Names::default();
    Ok(match key {
        "id" => progs.iter().map(|prog| prog.info.id.to_string()).collect(),
        "name" => progs.iter().map(|prog| names.of(&bpf, prog)).collect(),
        "tag" => progs.iter().map(|prog| hex(&prog.info.tag, "")).collect(),
        _ => pinned(FdKind::Prog, progs.iter().map(|prog| prog.info.id).collect()),
    })
}

fn name(bpf: &Bpf, map: &maps::OpenMap) -> String {
    Names::default().of_map(bpf, map).unwrap_or_else(|| map.name())
}
