//! What can be set? Every flag of `chat`: one struct, its comments are the help.

mod settings;
mod values;

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, anyhow, bail};
use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::parser::ValueSource;
use clap::{ArgMatches, Args, CommandFactory, FromArgMatches, Parser, Subcommand, ValueEnum};
use ipnet::IpNet;
use lettre::message::Mailbox;

use crate::core::backup_folder::BackupFolder;
use crate::core::certificate::Plan;
use crate::core::database::Database;
use crate::core::invitation::{SignUpRule, Who};
use crate::core::limits::{self, Limits};
use crate::core::token::Trust;
use crate::core::{Durability, Options};
use crate::mail::mailer::Smtp;
use crate::web::issuer;
use crate::web::oidc::OidcFlags;
use crate::web::origin::{self, Origin};
use crate::web::rates::Rate;
use crate::web::volume::Volume;
pub use settings::{quoted, settings};
pub use values::Listen;

/// A chat server in one binary and one SQLite file, which speaks five chat APIs at once.
///
/// Without a subcommand it serves.
#[derive(Debug, Parser)]
#[command(name = "chat", version, args_conflicts_with_subcommands = true)]
pub struct Flags {
    #[command(subcommand)]
    pub command: Option<Command>,

    #[command(flatten)]
    pub serve: Serve,
}

/// Reads a command line, with the program's name first.
///
/// # Errors
/// What is wrong with it, and what to type; or the help that was asked for.
pub fn read<Word: Into<OsString> + Clone>(
    words: impl IntoIterator<Item = Word>,
) -> Result<(Flags, ArgMatches), clap::Error> {
    let matches = Flags::command().try_get_matches_from(words);
    let matches = matches.map_err(|error| match error.get(ContextKind::InvalidSubcommand) {
        Some(ContextValue::String(name)) if error.to_string().contains("'--db") => {
            let wrong = format!("--db stands behind the subcommand: write chat {name} … --db FILE");
            Flags::command().error(ErrorKind::ArgumentConflict, wrong)
        }
        _ => without_password(error),
    })?;
    let flags = Flags::from_arg_matches(&matches)?;
    let named = matches.value_source("db") == Some(ValueSource::CommandLine);
    if flags.serve.temp && named && flags.serve.db.file().is_some() {
        let wrong = "the argument '--temp' cannot be used with '--db <FILE>'";
        return Err(Flags::command().error(ErrorKind::ArgumentConflict, wrong));
    }
    if !flags.serve.user.is_empty() && !flags.serve.temp {
        let wrong = "--user makes accounts in a throwaway instance only: add --temp";
        return Err(Flags::command().error(ErrorKind::MissingRequiredArgument, wrong));
    }
    Ok((flags, matches))
}

/// What is wrong with an address is not said with the password in it.
fn without_password(mut error: clap::Error) -> clap::Error {
    if let Some(ContextValue::String(given)) = error.get(ContextKind::InvalidValue) {
        let shown = ContextValue::String(values::without_password(given));
        error.insert(ContextKind::InvalidValue, shown);
    }
    error
}

/// The subcommands. They work on the database, also while a server runs on it.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Send a system notification to an account
    Notify(Notify),
    /// Write a consistent copy of the database file to a new one, also while a server runs
    Backup(CopyFile),
    /// Replace the database file with a copy; the old file is kept beside it; not while a server runs
    Restore(CopyFile),
    /// Write everything that the server holds to a new ZIP of JSON lines and files, also while it runs
    Export(CopyFile),
    /// Take in what chat export, Slack or Mattermost has written; not while a server runs. The same again adds only what is
    /// missing
    Import(ImportFile),
    /// Move everything from a database file to a PostgreSQL server, or back, and compare the two; not while a server runs. The
    /// same again goes on where it was interrupted
    Move(Move),
    /// Check the database file for damage
    Check(DbFile),
    /// Say what is wrong with these flags, the database, the disk, the clock, the addresses, mail, the certificate and the
    /// backups, and what to type: chat doctor --db /var/lib/chat/chat.db
    Doctor(Doctor),
    /// Ask a running server whether it is ready, as containers do: exit code 0 or 1
    Healthcheck(Healthcheck),
    /// Record the mentoring sessions of another application
    #[command(subcommand)]
    Session(SessionCommand),
    /// Make, list, suspend and remove accounts
    #[command(subcommand)]
    User(UserCommand),
    /// Make administrators
    #[command(subcommand)]
    Admin(AdminCommand),
    /// Print a link by which people make themselves an account; list and revoke such links
    Invite(Invite),
    /// Find messages by their words, the newest first, in all conversations
    Search(SearchFor),
    /// Print the completions of this command line for a shell: chat completions bash
    Completions {
        /// bash, elvish, fish, powershell or zsh
        shell: clap_complete::Shell,
    },
    /// Print a systemd unit that runs this binary with these flags: chat systemd --db /var/lib/chat/chat.db
    Systemd {
        /// The flags to start the server with
        #[arg(
            trailing_var_arg = true,
            allow_hyphen_values = true,
            value_name = "FLAGS"
        )]
        flags: Vec<String>,
    },
}

#[derive(Debug, Subcommand)]
pub enum UserCommand {
    /// Make an account
    Add(UserAdd),
    /// List the accounts, the newest first
    List(UserList),
    /// Give an account a new password; all its devices are logged out
    Password(UserPassword),
    /// Log an account out, and do not let it log in again
    Suspend(UserOnly),
    /// Let a suspended account log in again
    Resume(UserOnly),
    /// Remove an account; its messages stay
    Remove(UserOnly),
}

#[derive(Debug, Subcommand)]
pub enum AdminCommand {
    /// Make an account an administrator, an existing or a new one
    Add(AdminAdd),
    /// Print a one-time link that makes its holder an administrator
    Link(AdminLink),
}

/// `chat user add NAME --email E [--admin]`
#[derive(Debug, Args)]
pub struct UserAdd {
    pub name: String,
    #[arg(long)]
    pub email: String,
    /// Make it an administrator
    #[arg(long)]
    pub admin: bool,
    #[command(flatten)]
    pub password: PasswordSource,
    #[command(flatten)]
    pub file: DbFile,
}

/// The default cost of hashing passwords; each step doubles the time.
const BCRYPT_COST: u32 = 11;

/// Where a password comes from: never from an argument, which other users of the machine could see.
#[derive(Debug, Args)]
pub struct PasswordSource {
    /// The file with the password; without it the password is read from standard input or the terminal
    #[arg(long, value_name = "FILE")]
    pub password_file: Option<PathBuf>,
    /// How hard the password is hashed; use the server's --bcrypt-cost, so that all logins take the same time
    #[arg(long, value_name = "COST", default_value_t = BCRYPT_COST, value_parser = clap::value_parser!(u32).range(4..=16))]
    pub bcrypt_cost: u32,
}

/// `chat user list`
#[derive(Debug, Args)]
pub struct UserList {
    /// Only accounts with this in the name or address
    pub search: Option<String>,
    #[command(flatten)]
    pub file: DbFile,
}

/// `chat user password USER`
#[derive(Debug, Args)]
pub struct UserPassword {
    /// A name, an e-mail address or an id; id:2 or name:2 if it could be either
    pub user: String,
    #[command(flatten)]
    pub password: PasswordSource,
    #[command(flatten)]
    pub file: DbFile,
}

/// `chat user suspend USER`, and the like
#[derive(Debug, Args)]
pub struct UserOnly {
    /// A name, an e-mail address or an id; id:2 or name:2 if it could be either
    pub user: String,
    #[command(flatten)]
    pub file: DbFile,
}

/// `chat admin add --email E`
#[derive(Debug, Args)]
pub struct AdminAdd {
    #[arg(long)]
    pub email: String,
    /// The name of a new account [default: the part of the address before the @]
    #[arg(long)]
    pub name: Option<String>,
    #[command(flatten)]
    pub password: PasswordSource,
    #[command(flatten)]
    pub file: DbFile,
}

/// `chat admin link`
#[derive(Debug, Args)]
pub struct AdminLink {
    /// The URL at which the server is reached [default: that of the server that runs on the file, or ran last]
    #[arg(long, value_name = "URL", value_parser = origin::public_url)]
    pub public_url: Option<String>,
    #[command(flatten)]
    pub file: DbFile,
}

/// `chat invite [--uses N] [--lasts SPAN]`
#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true)]
pub struct Invite {
    #[command(subcommand)]
    pub command: Option<InviteCommand>,
    /// How many people may sign up with it
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=i64::from(limits::INVITATION_USES)))]
    pub uses: u32,
    /// How long it is good
    #[arg(long, value_name = "SPAN", default_value = "7d", value_parser = values::span)]
    pub lasts: Duration,
    /// A group or a room that whoever comes is made a member of, by its name or as id:7; repeatable
    #[arg(long, value_name = "NAME")]
    pub to: Vec<String>,
    /// Print it as a QR code too
    #[arg(long)]
    pub qr: bool,
    /// The URL at which the server is reached [default: that of the server that runs on the file, or ran last]
    #[arg(long, value_name = "URL", value_parser = origin::public_url)]
    pub public_url: Option<String>,
    #[command(flatten)]
    pub file: DbFile,
}

#[derive(Debug, Subcommand)]
pub enum InviteCommand {
    /// List the invitations that can be used or were used, the newest first
    List(DbFile),
    /// Revoke an invitation; who has signed up with it stays
    Revoke(InviteRevoke),
}

/// `chat invite revoke ID`
#[derive(Debug, Args)]
pub struct InviteRevoke {
    /// As the list shows it
    pub id: i64,
    #[command(flatten)]
    pub file: DbFile,
}

#[derive(Debug, Subcommand)]
pub enum SessionCommand {
    /// Record a session, or change its status
    Put(SessionPut),
    /// List the sessions, the one recorded last first
    List(DbFile),
}

/// `chat session put UUID --mentor USER --mentee USER --start-at TIME`
#[derive(Debug, Args)]
pub struct SessionPut {
    /// The id of the session in the other application, a UUID
    pub uuid: String,
    /// A name, an e-mail address or an id; id:2 or name:2 if it could be either
    #[arg(long, value_name = "USER")]
    pub mentor: String,
    /// A name, an e-mail address or an id; id:2 or name:2 if it could be either
    #[arg(long, value_name = "USER")]
    pub mentee: String,
    /// ISO 8601: 2024-01-15T10:00:00Z
    #[arg(long, value_name = "TIME")]
    pub start_at: String,
    #[arg(long, default_value = "scheduled")]
    pub status: String,
    #[command(flatten)]
    pub file: DbFile,
}

/// `chat notify USER --title T --message M`
#[derive(Debug, Args)]
pub struct Notify {
    /// A name, an e-mail address or an id; id:2 or name:2 if it could be either
    pub user: String,
    #[arg(long)]
    pub title: String,
    #[arg(long)]
    pub message: String,
    /// The type of the notification, which clients can tell apart
    #[arg(long = "type", default_value = "system")]
    pub kind: String,
    #[command(flatten)]
    pub file: DbFile,
}

/// `chat search WORDS…`
#[derive(Debug, Args)]
pub struct SearchFor {
    /// Words and "phrases"; from:USER, in:CONVERSATION, has:file or has:link, before:DATE and after:DATE
    #[arg(required = true, value_name = "WORDS")]
    pub words: Vec<String>,
    /// How many messages to show
    #[arg(long, value_name = "COUNT", default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..=100))]
    pub limit: u32,
    #[command(flatten)]
    pub file: DbFile,
}

/// `chat backup FILE`, `chat restore FILE` and `chat export FILE`
#[derive(Debug, Args)]
pub struct CopyFile {
    /// The file of the copy
    #[arg(value_name = "FILE")]
    pub copy: PathBuf,
    #[command(flatten)]
    pub file: DbFile,
}

/// `chat import FILE`
#[derive(Debug, Args)]
pub struct ImportFile {
    /// The export: a ZIP of chat export or of Slack, or Mattermost's JSON lines, in a ZIP or with attachments beside them
    #[arg(value_name = "FILE")]
    pub archive: PathBuf,
    /// Where it comes from [default: seen from what is in it]
    #[arg(long, value_enum, value_name = "WHAT")]
    pub from: Option<ImportFrom>,
    /// Say what would come, and change nothing
    #[arg(long)]
    pub dry_run: bool,
    /// Whoever is an administrator there is one here too, and their unwanted words come along (chat export only)
    #[arg(long)]
    pub admins: bool,
    /// Tells several Mattermost servers apart: their exports do not say which one they are of
    #[arg(long, value_name = "NAME", default_value = "")]
    pub name: String,
    /// The longest text of a message, in characters; a longer one becomes several messages
    #[arg(long, value_name = "CHARACTERS", default_value = "8000", value_parser = clap::value_parser!(u32).range(100..))]
    pub max_message: u32,
    /// The largest file; a larger one is left out
    #[arg(long, value_name = "SIZE", default_value = "100MiB", value_parser = values::size)]
    pub max_upload: u64,
    #[command(flatten)]
    pub file: DbFile,
}

/// `chat move --from FILE --to URL`, or the other way round
#[derive(Debug, Args)]
pub struct Move {
    /// What is moved, and stays as it is: a file, or postgres://user@host/database
    #[arg(long, value_name = "FILE|URL", value_parser = values::database())]
    pub from: Database,
    /// Where to: a database with nobody in it, or a new file
    #[arg(long, value_name = "URL|FILE", value_parser = values::database())]
    pub to: Database,
    /// Answer in JSON
    #[arg(long)]
    pub json: bool,
}

/// What can be imported.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ImportFrom {
    Chat,
    Slack,
    Mattermost,
}

/// `chat doctor FLAGS`
#[derive(Debug, Args)]
pub struct Doctor {
    /// Answer in JSON; before all other flags
    #[arg(long)]
    pub json: bool,
    /// The flags that the server is started with
    #[arg(
        trailing_var_arg = true,
        allow_hyphen_values = true,
        value_name = "FLAGS"
    )]
    pub flags: Vec<String>,
}

/// `chat healthcheck`
#[derive(Debug, Args)]
pub struct Healthcheck {
    /// The URL at which the server is reached
    #[arg(long, value_name = "URL", default_value = "http://127.0.0.1:3000", value_parser = origin::public_url)]
    pub url: String,
}

/// Flags of every subcommand.
#[derive(Debug, Args)]
pub struct DbFile {
    /// The database: a file, or postgres://user@host/database
    #[arg(long, value_name = "FILE|URL", default_value = "chat.db", value_parser = values::database())]
    pub db: Database,
    /// Answer in JSON
    #[arg(long)]
    pub json: bool,
}

#[derive(Debug, Args)]
pub struct Serve {
    /// The database, which holds everything: a file, or postgres://user@host/database, which several servers may share
    #[arg(long, value_name = "FILE|URL", default_value = "chat.db", value_parser = values::database(), help_heading = "Where")]
    pub db: Database,
    /// The address to listen on; repeatable. Port 0 picks a free port. With a dialect, that dialect's routes come first there
    #[arg(
        long,
        value_name = "[ADDR:]PORT[=DIALECT]",
        default_value = "127.0.0.1:3000",
        help_heading = "Where"
    )]
    pub listen: Vec<Listen>,
    /// PEM file with the certificate chain
    #[arg(
        long,
        value_name = "FILE",
        requires = "tls_key",
        help_heading = "Where"
    )]
    pub tls_cert: Option<PathBuf>,
    /// PEM file with the private key
    #[arg(
        long,
        value_name = "FILE",
        requires = "tls_cert",
        help_heading = "Where"
    )]
    pub tls_key: Option<PathBuf>,
    /// A domain for which the server gets a certificate by itself, from Let's Encrypt unless --acme-directory says otherwise;
    /// repeatable. Using it agrees to the directory's terms. The directory comes to port 443 of the domain, which must lead here
    #[arg(long, value_name = "DOMAIN", value_parser = values::host, conflicts_with_all = ["tls_cert", "tls_key"], help_heading = "Where")]
    pub acme: Vec<String>,
    /// Where the directory may write to; it is told when the account there is made, the first time
    #[arg(long, value_name = "EMAIL", value_parser = values::email, requires = "acme", help_heading = "Where")]
    pub acme_email: Option<String>,
    /// The ACME directory that issues the certificate
    #[arg(
        long,
        value_name = "URL",
        default_value = "https://acme-v02.api.letsencrypt.org/directory",
        value_parser = values::https_url,
        requires = "acme",
        help_heading = "Where"
    )]
    pub acme_directory: String,
    /// PEM file with the certificates that the directory's own is checked with, in place of the public ones
    #[arg(long, value_name = "FILE", requires = "acme", help_heading = "Where")]
    pub acme_ca_file: Option<PathBuf>,
    /// With --acme: the port on which plain HTTP is sent to HTTPS, where it may be listened on; 0: none
    #[arg(
        long,
        value_name = "PORT",
        default_value_t = 80,
        requires = "acme",
        help_heading = "Where"
    )]
    pub redirect_port: u16,
    /// A proxy whose X-Forwarded-For is believed: an address, or a network (10.0.0.0/8); repeatable
    #[arg(long, value_name = "CIDR", value_parser = values::network, help_heading = "Where")]
    pub trust_proxy: Vec<IpNet>,
    /// An origin whose web pages may send requests to this server, also with credentials; repeatable. Without this flag all
    /// pages may, but without credentials
    #[arg(long, value_name = "ORIGIN", help_heading = "Where")]
    pub cors_origin: Vec<Origin>,

    /// A throwaway instance: a database in a temporary directory, or with --db on PostgreSQL; a free port, no limits on how often
    /// and how many
    #[arg(long, help_heading = "For tests")]
    pub temp: bool,
    /// Print the URLs in one line of JSON on stdout when the server is ready
    #[arg(long, value_name = "FORMAT", help_heading = "For tests")]
    pub announce: Option<Announce>,
    /// Stop when standard input closes
    #[arg(long, help_heading = "For tests")]
    pub exit_with_stdin: bool,
    /// With --temp: make an account NAME@example.test at the start; repeatable
    #[arg(long, value_name = "NAME:PASSWORD", value_parser = values::user, help_heading = "For tests")]
    pub user: Vec<(String, String)>,

    /// `full` loses nothing that was acknowledged; `normal` may lose the last moments if the power fails
    #[arg(
        long,
        value_enum,
        default_value = "full",
        help_heading = "Promises and limits"
    )]
    pub durability: DurabilityFlag,
    /// Limit on signing up, logging in, codes and resets, per client address and route [default: 5/1m]
    #[arg(long, value_name = "N/SPAN|off", help_heading = "Promises and limits")]
    pub limit_auth: Option<Rate>,
    /// Limit on requests to the rooms API, per account, or without a login per address [default: 100/15m]
    #[arg(long, value_name = "N/SPAN|off", help_heading = "Promises and limits")]
    pub limit_api: Option<Rate>,
    /// Limit on POST /api/files/upload and the fileUpload event, per account [default: 10/1h]
    #[arg(long, value_name = "N/SPAN|off", help_heading = "Promises and limits")]
    pub limit_upload: Option<Rate>,
    /// Limit on the bytes of all uploads, per account; a file counts as at least 64KiB [default: 500MiB/1d]
    #[arg(long, value_name = "SIZE/SPAN|off", value_parser = values::volume, help_heading = "Promises and limits")]
    pub limit_upload_bytes: Option<Volume>,
    /// Limit on events, per socket; bursts may have five times as many [default: 20/1s]
    #[arg(long, value_name = "N/SPAN|off", help_heading = "Promises and limits")]
    pub limit_events: Option<Rate>,
    /// Limit on sockets that connect, per account; an address may have 20 times as many [default: 300/1m]
    #[arg(long, value_name = "N/SPAN|off", help_heading = "Promises and limits")]
    pub limit_connects: Option<Rate>,
    /// Limit on new conversations, per account [default: 300/1h]
    #[arg(long, value_name = "N/SPAN|off", help_heading = "Promises and limits")]
    pub limit_conversations: Option<Rate>,
    /// Limit on people who are made members of groups and rooms, per account [default: 1500/1h]
    #[arg(long, value_name = "N/SPAN|off", help_heading = "Promises and limits")]
    pub limit_members: Option<Rate>,
    /// Limit on the bytes of messages, per account; each counts as at least 1KiB [default: 1GiB/1d]
    #[arg(long, value_name = "SIZE/SPAN|off", value_parser = values::volume, help_heading = "Promises and limits")]
    pub limit_message_bytes: Option<Volume>,
    /// Limit on messages that are edited or deleted, per account [default: 300/1m]
    #[arg(long, value_name = "N/SPAN|off", help_heading = "Promises and limits")]
    pub limit_changes: Option<Rate>,
    /// How long a connection may wait for its next request; longer than a load balancer in front keeps it open
    #[arg(long, value_name = "SPAN", default_value = "75s", value_parser = values::span, help_heading = "Promises and limits")]
    pub keep_alive: Duration,
    /// How many connections one address may have, except proxies and this machine; idle ones are closed for new ones
    /// [default: 1024]
    #[arg(long, value_name = "N", help_heading = "Promises and limits", value_parser = clap::value_parser!(u32).range(1..))]
    pub connections_per_address: Option<u32>,
    /// Require a login to read rooms
    #[arg(long, help_heading = "Promises and limits")]
    pub members_only: bool,
    /// Let everybody read rooms without a login, also if not everybody may sign up
    #[arg(
        long,
        conflicts_with = "members_only",
        help_heading = "Promises and limits"
    )]
    pub anonymous_reading: bool,
    /// How large an uploaded file may be
    #[arg(long, value_name = "SIZE", default_value = "10MiB", value_parser = values::size, help_heading = "Promises and limits")]
    pub max_upload: u64,
    /// How much all files of an account may take up together [default: 5GiB]
    #[arg(long, value_name = "SIZE", value_parser = values::size, help_heading = "Promises and limits")]
    pub max_stored: Option<u64>,
    /// On how many devices an account may be logged in: past it, the one that was not used for longest is logged out
    /// [default: 100]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..), help_heading = "Promises and limits")]
    pub max_devices: Option<u32>,
    /// How many characters a message may have
    #[arg(
        long,
        value_name = "CHARACTERS",
        default_value = "8000",
        help_heading = "Promises and limits"
    )]
    pub max_message: usize,
    /// How long messages are kept, at least a day: older ones are removed for good; a conversation may keep them shorter
    #[arg(long, value_name = "SPAN", value_parser = values::kept, help_heading = "Promises and limits")]
    pub keep_messages: Option<Duration>,
    /// How long files are kept, at least a day, but for pictures of people and conversations
    #[arg(long, value_name = "SPAN", value_parser = values::kept, help_heading = "Promises and limits")]
    pub keep_files: Option<Duration>,
    /// How long after sending it a message may be edited by its author [default: for ever]
    #[arg(long, value_name = "SPAN", value_parser = values::span, help_heading = "Promises and limits")]
    pub edit_window: Option<Duration>,

    /// Back the database up by itself, into this directory; it must be there, and be this server's alone
    #[arg(long, value_name = "DIR", help_heading = "Backups")]
    pub backup_dir: Option<PathBuf>,
    /// How old the last good backup becomes before the next one is made
    #[arg(long, value_name = "SPAN", default_value = "1d", value_parser = values::span, requires = "backup_dir", help_heading = "Backups")]
    pub backup_every: Duration,
    /// How many backups are kept; older ones are removed once a new one is found sound
    #[arg(long, value_name = "N", default_value_t = 7, value_parser = clap::value_parser!(u32).range(1..), requires = "backup_dir", help_heading = "Backups")]
    pub backup_keep: u32,

    /// Who may sign up: `open` is everybody, `invited` is whoever has an invitation (chat invite), `closed` is nobody. If not
    /// everybody may, reading rooms needs a login too [default: invited; open on this machine's own addresses]
    #[arg(long, value_name = "WHO", value_enum, help_heading = "Accounts")]
    pub sign_up: Option<SignUpFlag>,
    /// A domain whose addresses may sign up, once they are proven; repeatable. Without this flag all addresses may
    #[arg(long, value_name = "DOMAIN", value_parser = values::domain, help_heading = "Accounts")]
    pub sign_up_domain: Vec<String>,
    /// Let everybody who has an account invite people, and not administrators alone
    #[arg(long, help_heading = "Accounts")]
    pub members_invite: bool,
    /// A room that is made once, for the first administrator, and that whoever then gets an account from this server is a member of
    #[arg(long, value_name = "NAME", value_parser = values::name, help_heading = "Accounts")]
    pub first_room: Option<String>,
    /// The file with the secret that signs tokens, at least 32 bytes, in place of the one in the database
    #[arg(long, value_name = "FILE", help_heading = "Accounts")]
    pub jwt_secret_file: Option<PathBuf>,
    /// Accept the tokens of another application: the file with its HS256 secret, or its RS256 or ES256 public key in PEM
    #[arg(long, value_name = "FILE", help_heading = "Accounts")]
    pub trust_jwt: Option<PathBuf>,
    /// An accepted audience (`aud`) of such tokens; repeatable. Without this flag any is accepted
    #[arg(
        long,
        value_name = "AUDIENCE",
        requires = "trust_jwt",
        help_heading = "Accounts"
    )]
    pub trust_aud: Vec<String>,
    /// An accepted issuer (`iss`) of such tokens; repeatable. Without this flag any is accepted
    #[arg(
        long,
        value_name = "ISSUER",
        requires = "trust_jwt",
        help_heading = "Accounts"
    )]
    pub trust_iss: Vec<String>,
    /// How long a login lasts
    #[arg(long, value_name = "SPAN", default_value = "7d", value_parser = values::span, help_heading = "Accounts")]
    pub jwt_ttl: Duration,
    /// How long a device may stay logged in by refreshing its token; the chat page refreshes it once a day
    #[arg(long, value_name = "SPAN", default_value = "90d", value_parser = values::span, help_heading = "Accounts")]
    pub login_max: Duration,
    /// How hard passwords are hashed; each step doubles the time [default: 11]
    #[arg(long, value_name = "COST", value_parser = clap::value_parser!(u32).range(4..=16), help_heading = "Accounts")]
    pub bcrypt_cost: Option<u32>,

    /// The mail server: smtp://[user@]host[:port], or smtps://. Without this flag mail stays in the outbox
    #[arg(long, value_name = "URL", help_heading = "Mail")]
    pub smtp_url: Option<String>,
    /// The file with the password of the user in --smtp-url
    #[arg(
        long,
        value_name = "FILE",
        requires = "smtp_url",
        help_heading = "Mail"
    )]
    pub smtp_password_file: Option<PathBuf>,
    /// The sender of mail
    #[arg(
        long,
        value_name = "ADDRESS",
        default_value = "chat <chat@localhost>",
        value_parser = values::sender,
        help_heading = "Mail"
    )]
    pub mail_from: Mailbox,
    /// How long a message may stay unread before a mail tells of it
    #[arg(long, value_name = "SPAN", default_value = "5m", value_parser = values::span, help_heading = "Mail")]
    pub mail_delay: Duration,
    /// The URL at which this server is reached, for links in mail and logins elsewhere [default: the first --acme domain's,
    /// or the first listener's]
    #[arg(long, value_name = "URL", value_parser = origin::public_url, help_heading = "Where")]
    pub public_url: Option<String>,

    /// Turn on logging in with Google, or another issuer: the client id that it gave to this server
    #[arg(
        long,
        value_name = "ID",
        requires = "google_client_secret_file",
        help_heading = "Accounts"
    )]
    pub google_client_id: Option<String>,
    /// The file with the secret that belongs to --google-client-id
    #[arg(
        long,
        value_name = "FILE",
        requires = "google_client_id",
        help_heading = "Accounts"
    )]
    pub google_client_secret_file: Option<PathBuf>,
    /// The OpenID Connect issuer, if it is not Google
    #[arg(
        long,
        value_name = "URL",
        default_value = "https://accounts.google.com",
        value_parser = issuer::issuer_url,
        help_heading = "Accounts"
    )]
    pub oidc_issuer: String,
    /// The URL that a browser is sent to after such a login, with the token in the fragment; without it the answer is JSON
    #[arg(long, value_name = "URL", value_parser = values::web_url, help_heading = "Accounts")]
    pub login_return: Option<String>,

    /// Make the account with this address an administrator at the start; a missing one is made, with --admin-password-file
    #[arg(long, value_name = "EMAIL", help_heading = "Accounts")]
    pub admin_email: Option<String>,
    /// The file with the password of the administrator in --admin-email
    #[arg(
        long,
        value_name = "FILE",
        requires = "admin_email",
        help_heading = "Accounts"
    )]
    pub admin_password_file: Option<PathBuf>,

    /// What is logged to stderr: error, warn, info, debug or trace
    #[arg(
        long,
        value_name = "LEVEL",
        default_value = "info",
        help_heading = "Log"
    )]
    pub log: tracing::Level,
    /// The format of the log
    #[arg(long, value_enum, default_value = "auto", help_heading = "Log")]
    pub log_format: LogFormat,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Announce {
    Json,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum DurabilityFlag {
    Full,
    Normal,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum SignUpFlag {
    Open,
    Invited,
    Closed,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum LogFormat {
    /// Text on a terminal, JSON elsewhere
    Auto,
    Text,
    Json,
}

impl Serve {
    /// The rate limits, in the order auth, API, upload, events, connects. With --temp there are none by default.
    pub fn rates(&self) -> [Rate; 5] {
        let usual = [(5, 60), (100, 15 * 60), (10, 60 * 60), (20, 1), (300, 60)];
        let given = [
            self.limit_auth,
            self.limit_api,
            self.limit_upload,
            self.limit_events,
            self.limit_connects,
        ];
        std::array::from_fn(|i| {
            let (count, seconds) = usual[i];
            self.limited(given[i], (count, Duration::from_secs(seconds)))
        })
    }

    /// How many bytes an account may upload in which time. With --temp there is no limit by default.
    pub fn volume(&self) -> Volume {
        let documented = Volume(Some((500 << 20, Duration::from_secs(24 * 60 * 60))));
        let unset = if self.temp { Volume(None) } else { documented };
        self.limit_upload_bytes.unwrap_or(unset)
    }

    /// Who may sign up. Where strangers can come, whoever is invited, unless the flag says otherwise.
    pub fn sign_up(&self) -> SignUpRule {
        let is_own = |listen: &Listen| listen.address.ip().to_canonical().is_loopback();
        let who = match self.sign_up {
            Some(SignUpFlag::Open) => Who::Everybody,
            Some(SignUpFlag::Invited) => Who::Invited,
            Some(SignUpFlag::Closed) => Who::Nobody,
            None if self.temp || (self.acme.is_empty() && self.listen.iter().all(is_own)) => {
                Who::Everybody
            }
            None => Who::Invited,
        };
        SignUpRule {
            who,
            domains: self.sign_up_domain.clone(),
        }
    }

    /// Does reading what is public need a login?
    pub fn is_members_only(&self) -> bool {
        self.members_only || !(self.sign_up().is_open() || self.anonymous_reading)
    }

    /// How many connections one address may have.
    pub fn connections_per_address(&self) -> Option<usize> {
        let usual = (!self.temp).then_some(1_024);
        self.connections_per_address
            .or(usual)
            .map(|most| most as usize)
    }

    fn message_kib(&self) -> Option<(u32, Duration)> {
        let Some(Volume(given)) = self.limit_message_bytes else {
            return (!self.temp).then_some(limits::MESSAGE_KIB);
        };
        let in_kib = |bytes: u64| u32::try_from(bytes >> 10).unwrap_or(u32::MAX).max(1);
        given.map(|(bytes, span)| (in_kib(bytes), span))
    }

    fn limited(&self, given: Option<Rate>, usual: (u32, Duration)) -> Rate {
        given.unwrap_or(Rate((!self.temp).then_some(usual)))
    }

    /// The options for opening the core.
    ///
    /// # Errors
    /// If a file with a secret or key cannot be read, or is not a good one.
    pub fn options(&self) -> anyhow::Result<Options> {
        let mut options = options();
        options.durability = match self.durability {
            DurabilityFlag::Full => Durability::Full,
            DurabilityFlag::Normal => Durability::Normal,
        };
        options.limits = Limits {
            message_chars: self.max_message,
            upload_bytes: self.max_upload,
            stored_bytes: self
                .max_stored
                .or((!self.temp).then_some(limits::STORED_BYTES)),
            // --temp limits sizes, not numbers.
            sockets: if self.temp {
                usize::MAX
            } else {
                Limits::default().sockets
            },
            devices: (self.max_devices.map(|most| most as usize))
                .or((!self.temp).then_some(limits::DEVICES)),
            requests: (!self.temp).then_some(limits::REQUESTS),
            handshakes: (!self.temp).then_some(limits::HANDSHAKES),
            memberships: (!self.temp).then_some(limits::MEMBERSHIPS),
            new_conversations: self
                .limited(self.limit_conversations, limits::NEW_CONVERSATIONS)
                .0,
            new_members: self.limited(self.limit_members, limits::NEW_MEMBERS).0,
            message_kib: self.message_kib(),
            changes: self.limited(self.limit_changes, limits::CHANGES).0,
            profile_changes: (!self.temp).then_some(limits::PROFILE_CHANGES),
            exports: (!self.temp).then_some(limits::EXPORTS),
            // The minute between two codes protects whoever is mailed: --limit-auth off does not lift it, only --temp does.
            resend: !self.temp || self.rates()[0].0.is_some(),
            mail_delay: self.mail_delay,
            mail_counted: !self.temp,
            edit_window: self.edit_window,
            keep_messages: self.keep_messages,
            keep_files: self.keep_files,
            sign_up: self.sign_up(),
            members_invite: self.members_invite,
            first_room: self.first_room.clone(),
        };
        options.bcrypt_cost =
            self.bcrypt_cost
                .unwrap_or(if self.temp { 4 } else { options.bcrypt_cost });
        options.token_ttl = self.jwt_ttl;
        options.login_max = self.login_max;
        if let Some(path) = &self.jwt_secret_file {
            let secret = std::fs::read(path)
                .with_context(|| format!("--jwt-secret-file {} cannot be read", path.display()))?;
            let secret = secret.trim_ascii().to_vec();
            if secret.len() < 32 {
                bail!(
                    "--jwt-secret-file {} holds less than 32 bytes: openssl rand -hex 32 makes a good one",
                    path.display()
                );
            }
            options.token_secret = Some(secret);
        }
        if let Some(path) = &self.trust_jwt {
            let content = std::fs::read(path)
                .with_context(|| format!("--trust-jwt {} cannot be read", path.display()))?;
            let trust = Trust::from_file(&content)
                .map_err(|wrong| anyhow!("--trust-jwt {} {wrong}", path.display()))?;
            options.trust = Some(trust.only(&self.trust_aud, &self.trust_iss));
        }
        Ok(options)
    }

    /// How mail is sent; `None` without --smtp-url.
    ///
    /// # Errors
    /// If the password cannot be read, or the URL is malformed.
    pub fn smtp(&self) -> anyhow::Result<Option<Smtp>> {
        let Some(url) = &self.smtp_url else {
            return Ok(None);
        };
        let password = self
            .smtp_password_file
            .as_deref()
            .map(|path| secret("--smtp-password-file", path))
            .transpose()?;
        Smtp::new(url, password, self.mail_from.clone()).map(Some)
    }

    /// Logging in with Google or another issuer, if that is turned on.
    ///
    /// # Errors
    /// If the client secret cannot be read.
    pub fn oidc(&self) -> anyhow::Result<Option<OidcFlags>> {
        let (Some(client_id), Some(path)) =
            (&self.google_client_id, &self.google_client_secret_file)
        else {
            return Ok(None);
        };
        Ok(Some(OidcFlags {
            issuer: self.oidc_issuer.clone(),
            client_id: client_id.clone(),
            client_secret: secret("--google-client-secret-file", path)?,
            login_return: self.login_return.clone(),
        }))
    }

    /// The folder for the server's own backups, if it makes any.
    ///
    /// # Errors
    /// If the directory is missing, cannot be written, or is another server's; or if the database is no file.
    pub fn backups(&self) -> anyhow::Result<Option<BackupFolder>> {
        if self.backup_dir.is_some() && self.db.file().is_none() {
            bail!(
                "--backup-dir is for a database file, and {} is none: leave it out, and let PostgreSQL's own tools make \
                 backups, such as pg_dump or pg_basebackup",
                self.db
            );
        }
        let folder = self.backup_dir.as_deref().map(|directory| {
            BackupFolder::open(directory, self.backup_every, self.backup_keep as usize)
        });
        folder.transpose()
    }

    /// The certificate that the server is to get by itself, if it gets any.
    pub fn acme(&self) -> Option<Plan> {
        let mut domains = self.acme.clone();
        let mut known = BTreeSet::new();
        domains.retain(|domain| known.insert(domain.clone()));
        (!domains.is_empty()).then(|| Plan {
            domains,
            email: self.acme_email.clone(),
            directory: self.acme_directory.clone(),
            ca_file: self.acme_ca_file.clone(),
            redirect_port: self.redirect_port,
        })
    }

    /// The addresses to listen on; with --temp and without --listen a free port.
    pub fn listeners(&self, given: bool) -> Vec<Listen> {
        if self.temp && !given {
            let address = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 0);
            return vec![Listen {
                address,
                dialect: None,
            }];
        }
        self.listen.clone()
    }
}

/// The one secret in a file.
///
/// # Errors
/// If it cannot be read.
pub fn secret(flag: &str, path: &Path) -> anyhow::Result<String> {
    let text = std::fs::read_to_string(path)
        .with_context(|| format!("{flag} {} cannot be read", path.display()))?;
    Ok(text.trim().to_owned())
}

/// The options without any flags, as the subcommands use them.
pub fn options() -> Options {
    Options {
        durability: Durability::Full,
        limits: Limits::default(),
        bcrypt_cost: BCRYPT_COST,
        token_ttl: Duration::from_secs(7 * 86_400),
        login_max: Duration::from_secs(90 * 86_400),
        token_secret: None,
        trust: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_flags_are_sound() {
        Flags::command().debug_assert();
    }
}
