//! `chat import`: takes in what `chat export`, Slack or Mattermost has written.
//!
//! First everything is read, and nothing is changed: people, conversations and files' names into memory, messages into a file
//! that is gone with the process. Then it is written, a few hundred at a time, each under its key in the export: whoever ends
//! it, even by `kill -9`, types the same again, and it goes on. Messages are written in the order in which they were said in
//! all conversations together. Last, members enter the conversations, whose history is complete now.

mod archive;
mod container;
mod emoji;
mod json;
mod mattermost;
mod own;
mod slack;

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};
use std::io::Read;
use std::path::Path;
use std::sync::Arc;

use anyhow::anyhow;
use aws_lc_rs::digest::{Context, SHA256};
use serde_json::{Value, json};

use super::progress::Progress;
use super::stop::Stop;
use super::{Failure, close};
use crate::core::database::Database;
use crate::core::error::Error;
use crate::core::id::Spelling;
use crate::core::importing::{
    self, Arrived, Blocking, Counted, Import, Imposed, Kept, Listing, NewPlace, Newcomer, Placed,
    Reading, Said, State, Taken, What,
};
use crate::core::limits::{self, FILE_PART};
use crate::core::model::{
    AccountId, Attachment, ConversationId, File, FileId, Named, Notice, Session, Time,
};
use crate::core::{Core, Durability, Locked, OpenError, backup, file, hex, message, text};
use crate::flags::{self, ImportFile, ImportFrom};
use crate::web::{media, people};
use archive::{Archive, Attached, Conversation, FileFrom, Message};
use container::Container;

/// Rows that one commit writes.
const BATCH: usize = 400;
/// Texts of one commit, in bytes.
const BATCH_BYTES: usize = 2 << 20;

pub async fn run(flags: ImportFile) -> Result<(), Failure> {
    let stop = Stop::listen();
    let progress = Arc::new(Progress::begin());
    let done = work(&flags, &stop, &progress).await;
    progress.end();
    let done = done.map_err(|failure| match stop.check() {
        Ok(()) => failure,
        Err(_) => {
            anyhow!("stopped; what is here stays, and the same command goes on with the rest")
                .into()
        }
    });
    tell(&flags, &done?);
    Ok(())
}

/// What an import has done, or would do.
struct Outcome {
    source: String,
    people: [u64; 3],
    places: [u64; 2],
    messages: Counted,
    late: u64,
    files: [u64; 2],
    archive: Archive,
}

async fn work(
    flags: &ImportFile,
    stop: &Stop,
    progress: &Arc<Progress>,
) -> Result<Outcome, Failure> {
    let db = &flags.file.db;
    // Before a long read: a server must not be running, and the file must be ours. A new one is made when all is read.
    let is_there = db.file().is_none_or(Path::exists);
    let mut opened = match (is_there, flags.dry_run) {
        (true, true) => match super::visit(db) {
            Err(Failure::Database(OpenError::NoTables(_))) => None,
            visited => Some((visited?, None)),
        },
        (true, false) => Some(alone(db)?),
        (false, _) => None,
    };
    let (path, from, admins, name) = (
        flags.archive.clone(),
        flags.from,
        flags.admins,
        flags.name.clone(),
    );
    // Beside the database there is room for as much again; elsewhere there is a place for what is soon gone.
    let folder = match db.file() {
        Some(file) => backup::directory_of(file).to_owned(),
        None => std::env::temp_dir(),
    };
    let (limit, stop, shown) = (flags.max_message as usize, stop.clone(), progress.clone());
    let read = tokio::task::spawn_blocking(move || {
        let archive = Archive::new(&folder, limit, stop, shown)?;
        read(&path, from, archive, admins, &name)
    })
    .await
    .map_err(|error| anyhow!("{error}"))
    .and_then(|read| read);
    if read.is_ok() && opened.is_none() && !flags.dry_run {
        opened = Some(alone(db)?);
    }
    let done = match (read, &opened) {
        (Err(error), _) => Err(error.into()),
        (Ok(archive), None) => Ok(foreseen(archive)),
        (Ok(archive), Some((core, _))) if flags.dry_run => foresee(core, archive).await,
        (Ok(archive), Some((core, _))) => {
            let writing = Writing {
                core,
                most: flags.max_upload,
                path: &flags.archive,
                progress,
            };
            writing.all(archive).await
        }
    };
    if let Some((core, _lock)) = opened {
        close(core).await;
    }
    done
}

fn alone(db: &Database) -> Result<(Core, Option<Locked>), OpenError> {
    let mut options = flags::options();
    // What a power cut takes is imported again; all is on the disk when it ends.
    options.durability = Durability::Normal;
    Core::open_alone(db, options)
}

fn read(
    path: &Path,
    from: Option<ImportFrom>,
    mut archive: Archive,
    admins: bool,
    name: &str,
) -> anyhow::Result<Archive> {
    let container = &mut Container::open(path)?;
    let from = match from {
        Some(said) => said,
        None if own::is_ours(container) => ImportFrom::Chat,
        None if slack::is_slack(container) => ImportFrom::Slack,
        None if mattermost::is_mattermost(container) => ImportFrom::Mattermost,
        None => {
            return Err(anyhow!(
                "{} is no export of chat, Slack or Mattermost; say which one it is with --from",
                path.display()
            ));
        }
    };
    let read = match from {
        ImportFrom::Chat => own::read(container, &mut archive, admins),
        ImportFrom::Slack => slack::read(container, &mut archive),
        ImportFrom::Mattermost => mattermost::read(container, &mut archive, name),
    };
    read.map_err(|error| error.context(format!("{} cannot be imported", path.display())))?;
    archive.seal()?;
    Ok(archive)
}

/// What would come to an empty database.
fn foreseen(archive: Archive) -> Outcome {
    Outcome {
        source: archive.source.clone(),
        people: [archive.people.len() as u64, 0, 0],
        places: [archive.places.len() as u64, 0],
        messages: Counted {
            made: archive.said.len() as u64,
            before: 0,
        },
        late: 0,
        files: [archive.files.len() as u64, 0],
        archive,
    }
}

/// What would come to this one.
async fn foresee(core: &Core, archive: Archive) -> Result<Outcome, Failure> {
    let source = archive.source.clone();
    let import = core
        .read(move |view| importing::earlier(view, &source))
        .await?;
    let emails: Vec<_> = archive
        .people
        .iter()
        .filter_map(|one| one.email.clone())
        .collect();
    let met = core
        .read(move |view| {
            emails.iter().try_fold(0, |count, email| {
                Ok(count + u64::from(importing::would_meet(view, email)?.is_some()))
            })
        })
        .await?;
    let mut outcome = foreseen(archive);
    let Some(import) = import else {
        outcome.people = [outcome.people[0].saturating_sub(met), met, 0];
        return Ok(outcome);
    };
    let count = async |what: What, keys: Vec<String>| {
        core.read(move |view| importing::count_before(view, import, what, &keys))
            .await
    };
    let archive = &outcome.archive;
    let people = archive.people.iter().map(|one| one.key.clone()).collect();
    let before = count(What::Account, people).await?;
    let met = met.saturating_sub(before);
    outcome.people = [outcome.people[0].saturating_sub(before + met), met, before];
    let places = archive.places.iter().map(|one| one.key.clone()).collect();
    let before = count(What::Conversation, places).await?;
    outcome.places = [outcome.places[0] - before, before];
    let files = archive.files.iter().map(|one| one.key.clone()).collect();
    let before = count(What::File, files).await?;
    outcome.files = [outcome.files[0].saturating_sub(before), before];
    for from in (0..archive.said.len()).step_by(BATCH) {
        archive.stop.check()?;
        let upto = (from + BATCH).min(archive.said.len());
        let keys = (from..upto).map(|at| Ok(archive.said.read(at)?.key));
        let keys = keys.collect::<anyhow::Result<Vec<_>>>()?;
        let before = count(What::Message, keys).await?;
        outcome.messages.before += before;
        outcome.messages.made -= before;
    }
    Ok(outcome)
}

struct Writing<'a> {
    core: &'a Core,
    /// Bytes of the largest file.
    most: u64,
    path: &'a Path,
    progress: &'a Progress,
}

impl Writing<'_> {
    async fn all(&self, mut archive: Archive) -> Result<Outcome, Failure> {
        let source = archive.source.clone();
        if archive.source == format!("chat {}", server(self.core)) {
            let own = anyhow!(
                "{} was exported from this very database: give another one with --db",
                self.path.display()
            );
            return Err(own.into());
        }
        let import = self
            .core
            .write(move |tx| importing::begin(tx, &source))
            .await?;
        let (accounts, people) = self.people(import, &mut archive).await?;
        self.blocks(import, &mut archive, &accounts).await?;
        self.unwanted(import, &mut archive, &accounts).await?;
        self.sessions(import, &mut archive, &accounts).await?;
        let places = self.places(import, &archive, &accounts).await?;
        let (files, counted) = self.files(import, &mut archive, &accounts, &places).await?;
        let spelled = spellings(self.core, &archive.files, &files);
        let writer = Messages {
            accounts: &accounts,
            places: &places,
            files: &files,
            spelling: self.core.spelling(),
            spelled,
        };
        let (messages, late) = self.messages(import, &mut archive, &writer).await?;
        self.restraints(import, &mut archive, &accounts, &places)
            .await?;
        self.members(&mut archive, &accounts, &places, &files)
            .await?;
        self.notices(import, &mut archive, &accounts).await?;
        self.index(&archive).await?;
        let outcome = Outcome {
            source: archive.source.clone(),
            people,
            places: [
                places.iter().filter(|one| one.made).count() as u64,
                places.iter().filter(|one| !one.made).count() as u64,
            ],
            messages,
            late,
            files: counted,
            archive,
        };
        let (source, detail) = (outcome.source.clone(), sentence(&outcome));
        self.core
            .write(move |tx| importing::note(tx, &source, &detail))
            .await?;
        Ok(outcome)
    }

    async fn people(
        &self,
        import: Import,
        archive: &mut Archive,
    ) -> Result<(Vec<AccountId>, [u64; 3]), Failure> {
        let mut accounts = Vec::with_capacity(archive.people.len());
        let mut counted = [0; 3];
        for from in (0..archive.people.len()).step_by(BATCH) {
            archive.stop.check()?;
            self.progress
                .say(format!("people: {from} of {}", archive.people.len()));
            let upto = (from + BATCH).min(archive.people.len());
            let batch: Vec<Newcomer> = archive.people[from..upto].to_vec();
            let arrived = self
                .core
                .write(move |tx| importing::arrive(tx, import, batch))
                .await?;
            for (one, at) in arrived.iter().zip(from..) {
                accounts.push(one.id());
                match one {
                    Arrived::Made {
                        renamed,
                        without_address,
                        ..
                    } => {
                        counted[0] += 1;
                        let new = &archive.people[at];
                        let place = format!("account {}", new.name);
                        if let (Some(name), Some(wanted)) = (renamed, &new.username) {
                            let why = format!("the username {wanted} is taken: it is {name} here");
                            archive.left_out.note(place.clone(), why);
                        }
                        if *without_address {
                            archive.left_out.note(
                                place,
                                "somebody here has signed up with its address and not proven it: it is made without one",
                            );
                        }
                    }
                    Arrived::Met(_) => counted[1] += 1,
                    Arrived::Before(_) => counted[2] += 1,
                }
            }
        }
        Ok((accounts, counted))
    }

    async fn sessions(
        &self,
        import: Import,
        archive: &mut Archive,
        accounts: &[AccountId],
    ) -> Result<(), Failure> {
        let sessions = archive.sessions.drain(..).map(|(key, one)| {
            let session = Session {
                mentor: accounts[one.mentor as usize],
                mentee: accounts[one.mentee as usize],
                ..one.session
            };
            (key, session)
        });
        let sessions: Vec<_> = sessions.collect();
        for batch in sessions.chunks(BATCH) {
            archive.stop.check()?;
            let batch = batch.to_vec();
            self.core
                .write(move |tx| importing::hold(tx, import, batch))
                .await?;
        }
        Ok(())
    }

    async fn places(
        &self,
        import: Import,
        archive: &Archive,
        accounts: &[AccountId],
    ) -> Result<Vec<Placed>, Failure> {
        let mut places = Vec::with_capacity(archive.places.len());
        for batch in archive.places.chunks(BATCH) {
            archive.stop.check()?;
            let new = batch.iter().map(|one| new_place(archive, one, accounts));
            let new: Vec<_> = new.collect();
            places.extend(
                self.core
                    .write(move |tx| importing::place(tx, import, new))
                    .await?,
            );
        }
        Ok(places)
    }

    /// The files, with their media types; `None` for one that was left out.
    async fn files(
        &self,
        import: Import,
        archive: &mut Archive,
        accounts: &[AccountId],
        places: &[Placed],
    ) -> Result<(Vec<Option<File>>, [u64; 2]), Failure> {
        let mut files = Vec::with_capacity(archive.files.len());
        let mut counted = [0; 2];
        let mut container = match archive.files.is_empty() {
            true => return Ok((files, counted)),
            false => Container::open(self.path)?,
        };
        container.enter_folder_of("users.json");
        for at in 0..archive.files.len() {
            archive.stop.check()?;
            self.progress
                .say(format!("files: {at} of {}", archive.files.len()));
            let from = &archive.files[at];
            let key = from.key.clone();
            let before = self
                .core
                .read(move |view| importing::file_before(view, import, &key))
                .await?;
            let id = match before {
                Some(id) => {
                    counted[1] += 1;
                    Some(id)
                }
                None => match self
                    .file(import, &mut container, from, accounts, places)
                    .await?
                {
                    Ok(id) => {
                        counted[0] += 1;
                        Some(id)
                    }
                    Err(reason) => {
                        let entry = from.entry.clone();
                        archive.left_out.note(entry, reason);
                        None
                    }
                },
            };
            files.push(match id {
                Some(id) => {
                    let named = Named { id, sealed: true };
                    let uploader = accounts[archive.files[at].uploader as usize];
                    let got = self
                        .core
                        .read(move |view| file::get(view, Some(uploader), named))
                        .await;
                    match got {
                        // It was deleted here since.
                        Err(Error::NotFound(_)) => None,
                        got => Some(got?),
                    }
                }
                None => None,
            });
        }
        Ok((files, counted))
    }

    /// Stores one file, part by part. Inside: why it is left out.
    async fn file(
        &self,
        import: Import,
        container: &mut Container,
        from: &FileFrom,
        accounts: &[AccountId],
        places: &[Placed],
    ) -> Result<Result<FileId, String>, Failure> {
        let uploader = accounts[from.uploader as usize];
        let mut entry = match container.read(&from.entry) {
            Ok(Some(entry)) => entry,
            Ok(None) => return Ok(Err("it is not there".into())),
            Err(error) => return Ok(Err(format!("it is damaged: {error:#}"))),
        };
        let mut part = vec![0; FILE_PART];
        let damaged = |error: std::io::Error| format!("it is damaged: {error}");
        let mut read = match fill(&mut entry, &mut part) {
            Ok(read) => read,
            Err(error) => return Ok(Err(damaged(error))),
        };
        let media_type = media::of(&part[..read], &from.original);
        let is_picture = file::is_picture(&media_type);
        if from.picture_of.is_some() && !is_picture {
            return Ok(Err("it is no picture".into()));
        }
        let original = match from.original.trim() {
            "" => "file".to_owned(),
            name => text::cut(name, limits::FILE_NAME_CHARS),
        };
        let id = self
            .core
            .write(move |tx| importing::begin_file(tx, uploader, &original, &media_type))
            .await?;
        let (mut size, mut hash, mut wrong) = (0, Context::new(&SHA256), None);
        for position in 0.. {
            if read == 0 {
                break;
            }
            size += read as u64;
            if size > self.most {
                wrong = Some(format!("it is larger than {} bytes", self.most));
                break;
            }
            hash.update(&part[..read]);
            let bytes = part[..read].to_vec();
            self.core
                .write(move |tx| file::add_part(tx, id, position, &bytes))
                .await?;
            match fill(&mut entry, &mut part) {
                Ok(more) => read = more,
                Err(error) => {
                    wrong = Some(damaged(error));
                    break;
                }
            }
        }
        let hash = hex(hash.finish().as_ref());
        if wrong.is_none() && from.hash.as_ref().is_some_and(|said| *said != hash) {
            wrong = Some("it is damaged: its SHA-256 is another".into());
        }
        if let Some(wrong) = wrong {
            self.core.write(move |tx| file::abandon(tx, id)).await?;
            return Ok(Err(wrong));
        }
        let kept = Kept {
            conversation: from.conversation.map(|at| places[at as usize].id),
            size,
            hash,
            public: from.public && is_picture,
            created_at: from.created_at,
        };
        let (key, picture_of) = (
            from.key.clone(),
            from.picture_of.map(|at| accounts[at as usize]),
        );
        self.core
            .write(move |tx| importing::finish_file(tx, import, &key, id, &kept, picture_of))
            .await?;
        Ok(Ok(id))
    }

    async fn messages(
        &self,
        import: Import,
        archive: &mut Archive,
        writer: &Messages<'_>,
    ) -> Result<(Counted, u64), Failure> {
        let (mut counted, mut late) = (Counted::default(), 0);
        let all = archive.said.len();
        let (mut batch, mut bytes) = (Vec::with_capacity(BATCH), 0);
        // Those that do not fit are late only if they were not here before.
        let mut unfitting = Vec::new();
        for at in 0..=all {
            let is_full = batch.len() == BATCH || bytes >= BATCH_BYTES;
            if (is_full || at == all) && !batch.is_empty() {
                archive.stop.check()?;
                self.progress.say(format!("messages: {at} of {all}"));
                let batch = std::mem::replace(&mut batch, Vec::with_capacity(BATCH));
                bytes = 0;
                let said = self
                    .core
                    .write(move |tx| importing::say(tx, import, batch))
                    .await?;
                counted.made += said.made;
                counted.before += said.before;
            }
            if (unfitting.len() == BATCH || at == all) && !unfitting.is_empty() {
                archive.stop.check()?;
                let keys = std::mem::take(&mut unfitting);
                let count = keys.len() as u64;
                let before = self
                    .core
                    .read(move |view| importing::count_before(view, import, What::Message, &keys))
                    .await?;
                counted.before += before;
                late += count - before;
            }
            if at < all {
                let message = archive.said.read(at)?;
                let place = writer.places[message.place as usize];
                let is_late = place.state == State::Complete
                    || place.floor.is_some_and(|floor| message.at < floor.0);
                if is_late {
                    unfitting.push(message.key);
                } else {
                    bytes += message.text.len();
                    batch.push(writer.said(place.id, message));
                }
            }
        }
        Ok((counted, late))
    }

    async fn blocks(
        &self,
        import: Import,
        archive: &mut Archive,
        accounts: &[AccountId],
    ) -> Result<(), Failure> {
        let blocks = std::mem::take(&mut archive.blocks);
        for batch in blocks.chunks(BATCH) {
            archive.stop.check()?;
            let blocks = batch.iter().cloned().map(|one| Blocking {
                key: one.key,
                account: accounts[one.who as usize],
                blocked: accounts[one.blocked as usize],
                at: one.at,
            });
            let blocks = blocks.collect();
            let left_out = self
                .core
                .write(move |tx| importing::block(tx, import, blocks))
                .await?;
            for (one, reason) in batch.iter().zip(left_out) {
                if let Some(reason) = reason {
                    let who = &archive.people[one.who as usize].name;
                    archive.left_out.note(format!("a block by {who}"), reason);
                }
            }
        }
        Ok(())
    }

    async fn unwanted(
        &self,
        import: Import,
        archive: &mut Archive,
        accounts: &[AccountId],
    ) -> Result<(), Failure> {
        let entries = std::mem::take(&mut archive.unwanted);
        for batch in entries.chunks(BATCH) {
            archive.stop.check()?;
            let listed = batch.iter().cloned().map(|one| Listing {
                key: one.key,
                text: one.text,
                sort: one.sort,
                consequence: one.consequence,
                by: one.by.map(|who| accounts[who as usize]),
                at: one.at,
            });
            let listed = listed.collect();
            let left_out = self
                .core
                .write(move |tx| importing::list(tx, import, listed))
                .await?;
            for (one, reason) in batch.iter().zip(left_out) {
                if let Some(reason) = reason {
                    let place = format!("the unwanted {} {}", one.sort.name(), one.text);
                    archive.left_out.note(place, reason);
                }
            }
        }
        Ok(())
    }

    /// Before members come in: who is banned is none.
    async fn restraints(
        &self,
        import: Import,
        archive: &mut Archive,
        accounts: &[AccountId],
        places: &[Placed],
    ) -> Result<(), Failure> {
        let restraints = std::mem::take(&mut archive.restraints);
        for batch in restraints.chunks(BATCH) {
            archive.stop.check()?;
            let imposed = batch.iter().cloned().map(|one| Imposed {
                key: one.key,
                place: places[one.place as usize].id,
                account: accounts[one.who as usize],
                kind: one.kind,
                until: one.until,
                by: accounts[one.by as usize],
                at: one.at,
            });
            let imposed = imposed.collect();
            let left_out = self
                .core
                .write(move |tx| importing::restrain(tx, import, imposed))
                .await?;
            for (one, reason) in batch.iter().zip(left_out) {
                if let Some(reason) = reason {
                    let who = &archive.people[one.who as usize].name;
                    let place = &archive.places[one.place as usize].name;
                    let kind = one.kind.name();
                    archive
                        .left_out
                        .note(format!("a {kind} of {who} in {place}"), reason);
                }
            }
        }
        Ok(())
    }

    async fn members(
        &self,
        archive: &mut Archive,
        accounts: &[AccountId],
        places: &[Placed],
        files: &[Option<File>],
    ) -> Result<(), Failure> {
        for (nth, placed) in places.iter().enumerate() {
            archive.stop.check()?;
            self.progress
                .say(format!("conversations: {nth} of {}", places.len()));
            let from = &archive.places[nth];
            let members = from.members.iter().map(|one| Taken {
                account: accounts[one.who as usize],
                joined_at: one.joined_at,
                reading: match one.read_upto {
                    Some(number) if placed.state == State::New => {
                        let read = from.numbers.partition_point(|one| *one <= number);
                        Reading::Upto(read as i64)
                    }
                    _ => Reading::All,
                },
                owner_since: one.owner_since,
                level: one.level,
                muted_until: one.muted_until,
            });
            let members: Vec<_> = members.collect();
            let placed = *placed;
            for batch in members.chunks(BATCH) {
                let batch = batch.to_vec();
                self.core
                    .write(move |tx| importing::take_in(tx, placed, &batch))
                    .await?;
            }
            if placed.state == State::Complete {
                continue;
            }
            let picture = from.picture.and_then(|at| files[at as usize].as_ref());
            let (archived_at, picture) = (from.archived_at, picture.map(|file| file.id));
            self.core
                .write(move |tx| importing::complete(tx, placed, archived_at, picture))
                .await?;
        }
        Ok(())
    }

    async fn notices(
        &self,
        import: Import,
        archive: &mut Archive,
        accounts: &[AccountId],
    ) -> Result<(), Failure> {
        let notices = archive.notices.drain(..).map(|(key, who, notice)| {
            let account = accounts[who as usize];
            (key, Notice { account, ..notice })
        });
        let notices: Vec<_> = notices.collect();
        for batch in notices.chunks(BATCH) {
            archive.stop.check()?;
            let batch = batch.to_vec();
            self.core
                .write(move |tx| importing::notify(tx, import, batch))
                .await?;
        }
        Ok(())
    }

    /// A server would do it by itself, and answer searches later.
    async fn index(&self, archive: &Archive) -> Result<(), Failure> {
        self.progress.say("the search index".to_owned());
        while self.core.index_some().await? {
            archive.stop.check()?;
        }
        Ok(())
    }
}

/// What this server calls itself in exports.
pub(super) fn server(core: &Core) -> String {
    // Any id will do: the spelling is this server's own.
    let one: Option<ConversationId> = ConversationId::new(1);
    one.map_or(String::new(), |id| core.spelling().uuid(id).to_string())
}

fn new_place(archive: &Archive, one: &Conversation, accounts: &[AccountId]) -> NewPlace {
    let account = |at: u32| accounts[at as usize];
    let pair_name = match one.pair {
        Some((first, second)) => slack::names_of(archive, &[first, second]),
        None => one.name.clone(),
    };
    NewPlace {
        key: one.key.clone(),
        kind: one.kind,
        name: one.name.clone(),
        description: one.description.clone(),
        creator: one.creator.map(account),
        pair: one
            .pair
            .map(|(first, second)| (account(first), account(second))),
        session: one.session.clone(),
        created_at: one.created_at,
        keep: one.keep,
        slow_mode: one.slow_mode,
        group_name: pair_name,
    }
}

/// Reads until the buffer is full, or all is read.
fn fill(from: &mut impl Read, into: &mut [u8]) -> std::io::Result<usize> {
    let mut read = 0;
    while read < into.len() {
        match from.read(&mut into[read..])? {
            0 => break,
            more => read += more,
        }
    }
    Ok(read)
}

/// What the ids of files were spelled like there, and are here: a UUID for a UUID, hex digits for hex digits.
fn spellings(core: &Core, from: &[FileFrom], files: &[Option<File>]) -> HashMap<String, String> {
    let mut spelled = HashMap::new();
    for (from, file) in from.iter().zip(files) {
        let Some(file) = file else { continue };
        for there in &from.spelled {
            let here = match there.len() {
                36 => core.spelling().uuid(file.id),
                _ => core.spelling().hex(file.id),
            };
            spelled.insert(there.to_ascii_lowercase(), here.to_string());
        }
    }
    spelled
}

/// Makes messages of what was read.
struct Messages<'a> {
    accounts: &'a [AccountId],
    places: &'a [Placed],
    files: &'a [Option<File>],
    spelling: &'a Spelling,
    /// Spellings of files' ids there and here.
    spelled: HashMap<String, String>,
}

impl Messages<'_> {
    fn said(&self, place: ConversationId, from: Message) -> Said {
        let account = |at: &u32| self.accounts[*at as usize];
        let author = account(&from.author);
        let distinct = |people: &[u32]| -> Vec<AccountId> {
            let mut seen = HashSet::new();
            let all = people.iter().map(account);
            all.filter(|who| seen.insert(*who)).collect()
        };
        let mut mentions = distinct(&from.mentions);
        mentions.retain(|who| *who != author);
        mentions.truncate(limits::MENTIONS);
        let mut reactions: Vec<(String, Vec<AccountId>)> = Vec::new();
        let mut left = limits::REACTIONS as usize;
        for (emoji, people) in from.reactions {
            let mut people = distinct(&people[..people.len().min(left)]);
            people.truncate(left);
            let is_new = reactions.iter().all(|(known, _)| *known != emoji);
            if people.is_empty() || !importing::is_emoji(&emoji) || !is_new {
                continue;
            }
            if reactions.len() == limits::EMOJI {
                break;
            }
            left -= people.len();
            reactions.push((emoji, people));
        }
        let content_type = match from.content_type.as_deref() {
            None | Some(message::PLAIN) => Cow::Borrowed(message::PLAIN),
            Some(other) => Cow::Owned(other.to_owned()),
        };
        let attachments = from.attachments.into_iter();
        Said {
            key: from.key,
            place,
            author,
            text: self.relinked(text::without_hidden(from.text)),
            content_type,
            attachments: attachments.filter_map(|one| self.attachment(one)).collect(),
            client_id: from.client_id,
            reply_to: from.reply_to,
            mentions,
            reactions,
            pin: from.pin.map(|(at, by)| (Time(at), account(&by))),
            edited_at: from.edited_at.map(Time),
            sent_at: Time(from.at),
        }
    }

    /// The text with files of the other server named as they are here.
    fn relinked(&self, text: String) -> String {
        let of_an_id = |c: char| c.is_ascii_hexdigit() || c == '-';
        if self.spelled.is_empty() || !(text.contains("/uploads/") || text.contains("/api/files/"))
        {
            return text;
        }
        let mut whole = String::with_capacity(text.len());
        let mut rest = &*text;
        while let Some(at) = rest.find(of_an_id) {
            whole.push_str(&rest[..at]);
            let end = rest[at..]
                .find(|c| !of_an_id(c))
                .map_or(rest.len(), |end| at + end);
            let word = &rest[at..end];
            // The id is the end of a name: `plan-64f8….pdf`.
            let here = [36, 24].into_iter().find_map(|len| {
                let start = word.len().checked_sub(len)?;
                let here = self.spelled.get(&word[start..].to_ascii_lowercase())?;
                Some((start, here))
            });
            match here {
                Some((start, here)) => {
                    whole.push_str(&word[..start]);
                    whole.push_str(here);
                }
                None => whole.push_str(word),
            }
            rest = &rest[end..];
        }
        whole.push_str(rest);
        whole
    }

    fn attachment(&self, one: Attached) -> Option<Attachment> {
        let file = one.file.and_then(|at| self.files[at as usize].as_ref());
        let (url, size, media_type) = match (file, one.url) {
            (Some(file), old) => {
                let new = old.as_ref().map(|old| self.relinked(old.clone()));
                let url = match new {
                    Some(new) if file::is_ours(&new) && Some(&new) != old.as_ref() => new,
                    _ => people::file_url(self.spelling, file),
                };
                let media_type = one.media_type.unwrap_or_else(|| file.media_type.clone());
                (url, file.size as i64, media_type)
            }
            (None, Some(url)) => {
                let elsewhere = url.starts_with("https://") || url.starts_with("http://");
                // A file of the other server that is not here: there is a name, and nothing behind it.
                let url = if elsewhere {
                    url
                } else {
                    importing::NOWHERE.to_owned()
                };
                let bytes = || "application/octet-stream".to_owned();
                (url, one.size, one.media_type.unwrap_or_else(bytes))
            }
            (None, None) => return None,
        };
        if url.len() > limits::URL_BYTES
            || url.contains(|c: char| c.is_whitespace() || c.is_control())
        {
            return None;
        }
        Some(Attachment {
            filename: one.filename,
            media_type,
            url,
            size,
            file: file.map(|file| Named {
                id: file.id,
                sealed: true,
            }),
        })
    }
}

fn tell(flags: &ImportFile, outcome: &Outcome) {
    let left_out = &outcome.archive.left_out;
    if flags.file.json {
        println!("{}", shape(flags, outcome));
        return;
    }
    let would = if flags.dry_run { "would come" } else { "came" };
    println!("{would} from {}: {}", outcome.source, sentence(outcome));
    if outcome.late > 0 {
        println!(
            "{} messages are left out: people have talked in their conversations since the first import",
            outcome.late
        );
    }
    if outcome.archive.system > 0 {
        println!(
            "{} lines about joining, topics and the like are no messages here",
            outcome.archive.system
        );
    }
    for (reason, count) in &left_out.reasons {
        println!("{count} times: {reason}");
    }
    for (place, reason) in &left_out.examples {
        println!("  {place}: {reason}");
    }
    let more = left_out.count() - left_out.examples.len() as u64;
    if more > 0 {
        println!("  and {more} more");
    }
}

fn sentence(outcome: &Outcome) -> String {
    let Outcome {
        people,
        places,
        messages,
        files,
        ..
    } = outcome;
    format!(
        "{} people ({} had an account, {} were here), {} conversations ({} were here), {} messages ({} were here), {} files ({} were here)",
        people[0] + people[1],
        people[1],
        people[2],
        places[0],
        places[1],
        messages.made,
        messages.before,
        files[0],
        files[1],
    )
}

fn shape(flags: &ImportFile, outcome: &Outcome) -> Value {
    let Outcome {
        people,
        places,
        messages,
        files,
        archive,
        ..
    } = outcome;
    let examples = archive.left_out.examples.iter();
    let examples = examples.map(|(place, reason)| json!({ "place": place, "reason": reason }));
    json!({
        "dryRun": flags.dry_run,
        "source": outcome.source,
        "people": { "made": people[0], "met": people[1], "before": people[2] },
        "conversations": { "made": places[0], "before": places[1] },
        "messages": { "made": messages.made, "before": messages.before, "late": outcome.late },
        "files": { "made": files[0], "before": files[1] },
        "system": archive.system,
        "leftOut": archive.left_out.reasons,
        "examples": examples.collect::<Value>(),
    })
}
