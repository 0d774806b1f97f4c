//! Arguments as bpftool's users write them, in the words of our definition.

use std::ffi::{OsStr, OsString};

use clap::Command;

use crate::failure::Failure;

/// What is so anyway: refusals tell their log, old maps and unknown definitions are understood, and nothing is
/// mounted unasked.
const MOOT: [&str; 8] = ["-d", "--debug", "-l", "--legacy", "-m", "--mapcompat", "-n", "--nomount"];
/// What makes loader programs and their signatures.
const LOADERS: [&str; 6] = ["-L", "--use-loader", "-S", "--sign", "-k", "-i"];
/// Our options in front of the noun that have a value.
const VALUED: &str = "--json-numbers";

/// The arguments without what only bpftool has: its options in front of the noun, and its verb `help`.
///
/// # Errors
/// An option asks for what is left out.
pub fn translate(
    arguments: impl IntoIterator<Item = OsString>,
    definition: fn() -> Command,
) -> Result<Vec<OsString>, Failure> {
    let mut arguments = arguments.into_iter();
    let mut words: Vec<OsString> = arguments.next().into_iter().collect();
    let mut base = None;
    let noun = loop {
        let Some(argument) = arguments.next() else { break None };
        let text = argument.to_str().unwrap_or_default();
        if !text.starts_with('-') {
            break Some(argument);
        }
        if MOOT.contains(&text) {
            continue;
        }
        if LOADERS.contains(&text) {
            return Err(Failure::unsupported(format!(
                "{text}: loader programs and their signatures are not made; objects are loaded as they are, and \
                 `osmia gen rust` puts them into a program"
            )));
        }
        match text {
            "-B" | "--base-btf" => base = arguments.next(),
            VALUED => words.extend([Some(argument), arguments.next()].into_iter().flatten()),
            _ => match text.strip_prefix("--base-btf=") {
                Some(file) => base = Some(file.into()),
                None => words.push(argument),
            },
        }
    };
    match noun {
        Some(noun) if noun == "help" => {
            words.extend(arguments);
            words.push("--help".into());
        }
        noun => {
            let rest: Vec<OsString> = noun.into_iter().chain(arguments).collect();
            words.extend(without_help(rest, definition));
        }
    }
    words.extend(base.into_iter().flat_map(|file| [OsString::from("--base"), file]));
    Ok(words)
}

/// `NOUN help` as `NOUN --help`, where the noun has verbs.
fn without_help(mut words: Vec<OsString>, definition: fn() -> Command) -> Vec<OsString> {
    let has_verbs = |noun: &OsStr| {
        let mut definition = definition();
        // Verbs are defined when they are asked for.
        definition.build();
        let noun = noun.to_str().unwrap_or_default();
        let begins = |name: &str| !noun.is_empty() && name.starts_with(noun);
        let meant = definition.find_subcommand(noun);
        let meant =
            meant.or_else(|| definition.get_subcommands().find(|verb| begins(verb.get_name())));
        meant.is_some_and(Command::has_subcommands)
    };
    if let [noun, help] = words.as_mut_slice() {
        if help == "help" && has_verbs(noun) {
            *help = "--help".into();
        }
    }
    words
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::translate;
    use crate::cli::Cli;

    fn translated(words: &str) -> Result<String, String> {
        let words = words.split(' ').map(Into::into);
        let words = translate(words, Cli::command).map_err(|failure| failure.message())?;
        let words: Vec<String> =
            words.into_iter().map(|word| word.into_string().unwrap()).collect();
        Ok(words.join(" "))
    }

    #[test]
    fn options_in_front_of_the_noun() {
        for (theirs, ours) in [
            ("osmia -d -l -m -n -j prog list", "osmia -j prog list"),
            ("osmia -B v btf dump file m", "osmia btf dump file m --base v"),
            ("osmia --base-btf=v btf dump file m", "osmia btf dump file m --base v"),
            ("osmia --json-numbers strings -n map list", "osmia --json-numbers strings map list"),
            // Behind the noun options are those of the verb.
            ("osmia trace -n 1", "osmia trace -n 1"),
            ("osmia", "osmia"),
        ] {
            assert_eq!(translated(theirs).as_deref(), Ok(ours));
        }
        assert!(translated("osmia -L prog load x").unwrap_err().contains("osmia gen rust"));
    }

    #[test]
    fn help_is_a_verb() {
        for (theirs, ours) in [
            ("osmia help", "osmia --help"),
            ("osmia help prog dump", "osmia prog dump --help"),
            ("osmia prog help", "osmia prog --help"),
            ("osmia -j pr help", "osmia -j pr --help"),
            ("osmia on help", "osmia on help"),
            ("osmia map dump help", "osmia map dump help"),
        ] {
            assert_eq!(translated(theirs).as_deref(), Ok(ours));
        }
    }
}
