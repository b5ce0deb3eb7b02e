//! What else is installed with the binary? It prints shell completions and a systemd unit.

use std::io::Write;

use anyhow::Context;
use clap::CommandFactory;
use clap::error::ErrorKind;

use super::Failure;
use crate::flags::{self, Flags};

/// The unit of the Debian package, which runs the server with its usual flags.
const UNIT: &str = include_str!("../../assets/package/chat.service");

/// `chat completions SHELL`
pub fn completions(shell: clap_complete::Shell) -> Result<(), Failure> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Flags::command(), "chat", &mut script);
    out(&script)
}

/// `chat systemd FLAGS`: a unit for this binary at its present path. The flags are checked first.
pub fn systemd(words: &[String]) -> Result<(), Failure> {
    let tried = std::iter::once("chat").chain(words.iter().map(String::as_str));
    match flags::read(tried) {
        Err(wrong) => wrong.exit(),
        Ok((read, _)) if read.command.is_some() => Flags::command()
            .error(
                ErrorKind::InvalidSubcommand,
                "a unit serves: give the flags to serve with, and no subcommand",
            )
            .exit(),
        Ok(_) => {}
    }
    let binary = std::env::current_exe().context("the path of this binary is not known")?;
    let line = std::iter::once(binary.to_string_lossy().into_owned()).chain(words.iter().cloned());
    let command: Vec<_> = line.map(|word| escaped(&word)).collect();
    let start = format!("ExecStart={}", command.join(" "));
    let unit = UNIT
        .lines()
        .map(|line| match line.starts_with("ExecStart=") {
            true => start.as_str(),
            false => line,
        });
    let unit: Vec<_> = unit.collect();
    out(format!("{}\n", unit.join("\n")).as_bytes())
}

fn out(text: &[u8]) -> Result<(), Failure> {
    let written = std::io::stdout().write_all(text);
    Ok(written.context("standard output cannot be written")?)
}

/// A word as systemd reads it: quoted if necessary, with `%` and `$` doubled.
fn escaped(word: &str) -> String {
    let word = word.replace('%', "%%").replace('$', "$$");
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./:=@,%$".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        word
    } else {
        format!("\"{}\"", word.replace('\\', "\\\\").replace('"', "\\\""))
    }
}
