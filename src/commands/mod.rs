//! What can the command line do? The subcommands, a file each.

mod admin;
mod backup;
pub(crate) mod bootstrap;
mod doctor;
mod export;
mod greeting;
mod healthcheck;
mod import;
mod invite;
mod notify;
mod print;
mod progress;
mod search;
pub mod serve;
mod service;
mod session;
mod stop;
mod table;
mod transfer;
mod user;

use std::path::Path;

use crate::core::database::Database;
use crate::core::{Core, OpenError};
use crate::flags::{self, Command, PasswordSource, SessionCommand};

/// How a command ends.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    #[error("{0}")]
    Database(#[from] OpenError),
    #[error("the database is damaged:\n{0}")]
    Damaged(String),
    #[error(
        "the address is in use: {0}; stop what listens there, or choose another one with --listen"
    )]
    AddressInUse(String),
    /// The value of a flag, or the file that it names, cannot be used.
    #[error("{0:#}")]
    Flags(anyhow::Error),
    #[error("{0:#}")]
    Other(#[from] anyhow::Error),
}

impl Failure {
    /// 1: failed; 2: bad flags, as clap has it; 3: database corrupt, locked or newer; 4: address in use.
    pub fn exit_code(&self) -> u8 {
        match self {
            Self::Other(_) | Self::Database(OpenError::Exists(_) | OpenError::NoTables(_)) => 1,
            Self::Flags(_) => 2,
            Self::Database(_) | Self::Damaged(_) => 3,
            Self::AddressInUse(_) => 4,
        }
    }
}

impl From<crate::core::error::Error> for Failure {
    fn from(error: crate::core::error::Error) -> Self {
        let details = crate::web::answer::details(&error).join("; ");
        Self::Other(anyhow::anyhow!("{details}"))
    }
}

/// Runs a subcommand.
///
/// # Errors
/// What to print, and the code to exit with.
pub async fn run(command: Command) -> Result<(), Failure> {
    match command {
        Command::Notify(notify) => notify::run(notify).await,
        Command::Backup(copy) => backup::make(&copy).await,
        Command::Export(copy) => export::run(copy).await,
        Command::Import(flags) => import::run(flags).await,
        Command::Move(flags) => transfer::run(flags).await,
        Command::Restore(copy) => backup::restore(&copy),
        Command::Check(file) => backup::check(&file),
        Command::Doctor(asked) => doctor::run(&asked).await,
        Command::Healthcheck(asked) => healthcheck::run(&asked).await,
        Command::Session(SessionCommand::Put(put)) => session::put(put).await,
        Command::Session(SessionCommand::List(file)) => session::list(file).await,
        Command::User(command) => user::run(command).await,
        Command::Admin(command) => admin::run(command).await,
        Command::Invite(flags) => invite::run(flags).await,
        Command::Search(sought) => search::run(sought).await,
        Command::Completions { shell } => print::completions(shell),
        Command::Systemd { flags } => print::systemd(&flags),
    }
}

/// Opens a database that must exist; a server may be running on it.
fn visit(db: &Database) -> Result<Core, Failure> {
    db.file().map_or(Ok(()), must_exist)?;
    Ok(Core::visit(db, flags::options())?)
}

/// The same, to hash a password.
fn visit_to_hash(db: &Database, source: &PasswordSource) -> Result<Core, Failure> {
    db.file().map_or(Ok(()), must_exist)?;
    let mut options = flags::options();
    options.bcrypt_cost = source.bcrypt_cost;
    Ok(Core::visit(db, options)?)
}

/// The database as a file, which is all that some commands know. `instead`: what to do if it is none.
fn file<'d>(db: &'d Database, instead: &str) -> Result<&'d Path, Failure> {
    let is_elsewhere = || anyhow::anyhow!("{db} is a PostgreSQL database, and no file: {instead}");
    db.file().ok_or_else(|| is_elsewhere().into())
}

fn must_exist(path: &Path) -> Result<(), Failure> {
    if path.exists() {
        return Ok(());
    }
    let missing = anyhow::anyhow!("{} is not there: say which file with --db", path.display());
    Err(Failure::Other(missing))
}

/// Closes what [`visit`] has opened.
async fn close(core: Core) {
    tokio::task::spawn_blocking(move || core.close()).await.ok();
}
