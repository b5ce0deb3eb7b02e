//! Reads the flags, runs the command, and returns its exit code.

use std::io::IsTerminal;
use std::process::ExitCode;

use chat::commands::{self, Failure};
use chat::flags::{self, Flags, LogFormat, Serve};
use chat::web::watch::Setting;
use clap::parser::ValueSource;
use tracing::Level;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::prelude::*;

fn main() -> ExitCode {
    let read = flags::read(std::env::args_os());
    let (flags, matches) = read.unwrap_or_else(|error| error.exit());
    let listen_given = matches.value_source("listen") == Some(ValueSource::CommandLine);
    log(&flags.serve);
    match run(flags, flags::settings(&matches), listen_given) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("chat: {failure}");
            ExitCode::from(failure.exit_code())
        }
    }
}

fn run(flags: Flags, set: Vec<Setting>, listen_given: bool) -> Result<(), Failure> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(anyhow::Error::new)?;
    let ended = runtime.block_on(async {
        match flags.command {
            Some(command) => commands::run(command).await,
            None => commands::serve::run(flags.serve, set, listen_given).await,
        }
    });
    // The command has waited for what must finish.
    runtime.shutdown_background();
    ended
}

fn log(flags: &Serve) {
    let json = match flags.log_format {
        LogFormat::Json => true,
        LogFormat::Text => false,
        LogFormat::Auto => !std::io::stderr().is_terminal(),
    };
    // Of libraries only warnings and errors are logged.
    let targets = Targets::new()
        .with_default(flags.log.min(Level::WARN))
        .with_target("chat", flags.log);
    let lines = tracing_subscriber::fmt::layer().with_writer(std::io::stderr);
    let lines = match json {
        true => lines.json().boxed(),
        false => lines.with_ansi(std::io::stderr().is_terminal()).boxed(),
    };
    tracing_subscriber::registry()
        .with(lines.with_filter(targets))
        .init();
}
