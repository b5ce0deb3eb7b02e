//! What is left when the power goes? Recorded writes replayed up to any moment, and everything acknowledged before it.
//!
//! Killing a process loses nothing that it has written; only the power does. So the server's writes are recorded while
//! people talk, through a kill and an orderly end, and the disk is rebuilt as a cut may leave it.

mod disk;

use super::chance::Chance;
use super::preload;
use crate::support::server::on_file;
use crate::support::*;
use disk::{Disk, Record};
use futures_util::future::join_all;
use std::collections::{BTreeMap, HashSet};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Mutex;
use tokio::time::sleep;

/// So many fill the write-ahead log past its bound, so that checkpoints are among what is cut.
pub const MESSAGES: usize = 3_000;

/// What the server wrote, and when somebody was told that something is kept.
pub struct Recording {
    log: Vec<u8>,
    directory: PathBuf,
    told: Vec<Told>,
    ann: Person,
    room: String,
}

/// The log was at least so long when this was acknowledged.
struct Told {
    by: usize,
    mark: String,
}

/// Says things, and notes with each acknowledgement how much had been written by then.
struct Talk<'t> {
    log: &'t Path,
    told: &'t Mutex<Vec<Told>>,
    room: &'t str,
}

impl Talk<'_> {
    fn note(&self, mark: &str) {
        // Asked after the acknowledgement came: what the server still wrote in between only makes us more lenient.
        let by = std::fs::metadata(self.log).expect("the log is there").len() as usize;
        let mark = mark.to_owned();
        self.told
            .lock()
            .expect("nothing panics here")
            .push(Told { by, mark });
    }

    async fn by_socket(
        &self,
        person: &Person,
        life: usize,
        event: &str,
        place: &str,
        count: usize,
    ) {
        let socket = &person.opens_a_socket().await;
        for start in (0..count).step_by(8) {
            join_all((start..(start + 8).min(count)).map(|at| async move {
                let mark = format!("{life} {event} {at}");
                let said = json!({ place: self.room, "content": long(&mark, at) });
                let answer = socket.asks(event, said).await;
                assert_looks_like(&answer, json!({ "ok": true }), &mark);
                self.note(&mark);
            }))
            .await;
        }
    }

    async fn by_rest(&self, person: &Person, life: usize, count: usize) {
        for at in 0..count {
            let mark = format!("{life} rest {at}");
            person.posts(self.room, &long(&mark, at)).await;
            self.note(&mark);
        }
    }
}

/// A message that begins with its mark and is short or long: pages that overflow are written differently.
fn long(mark: &str, at: usize) -> String {
    let length = [20, 200, 3_000, 7_900][at % 4];
    format!("{mark};{:.<length$}", "")
}

/// Three lives of a server on one file: one ends with a kill, one in order, and the last when everybody has talked.
pub async fn records(durability: &str, messages: usize, folder: &Path) -> Recording {
    let folder = folder.canonicalize().expect("the folder is there");
    let (directory, log) = (folder.join("disk"), folder.join("log"));
    std::fs::create_dir(&directory).expect("a directory for the database");
    let recorder = preload::compiled(include_str!("recorder.c"), "recorder.so", &folder);
    let file = directory.join("chat.db");
    let environment = [
        ("LD_PRELOAD", &*recorder),
        ("RECORD_TO", &*log),
        ("RECORD_UNDER", &*directory),
    ];
    let flags = [&on_file(&file)[..], &["--durability", durability]].concat();
    let begins = async || {
        let chat = Chat::start_in(&environment, &flags).await;
        chat.expect("a recorded server starts like any other")
    };

    let mut chat = begins().await;
    let mut ann = chat.rooms("ann").await;
    let room = ann.opens_room("General Discussion").await;
    let told = Mutex::default();
    let talk = Talk {
        log: &log,
        told: &told,
        room: &room,
    };
    for life in 0..3 {
        let each = messages / 12;
        tokio::join!(
            talk.by_socket(&ann, life, "message", "roomId", each),
            talk.by_socket(&ann, life, "send_message", "conversationId", each),
            talk.by_socket(&ann, life, "send-group-message", "conversationId", each),
            talk.by_rest(&ann, life, each),
        );
        match life {
            0 => {
                for at in 0..50 {
                    let said = json!({ "roomId": room, "content": long("unheard", at) });
                    ann.emit("message", said).await;
                }
                sleep(std::time::Duration::from_millis(5)).await;
                chat.kill().await;
            }
            1 => assert_eq!(chat.stop().await, 0),
            _ => break,
        }
        chat = begins().await;
        ann = ann.at(&chat);
    }
    chat.kill().await;

    let log = std::fs::read(&log).expect("the log");
    let told = told.into_inner().expect("nothing panicked");
    is_complete(&log, &directory);
    Recording {
        log,
        directory,
        told,
        ann,
        room,
    }
}

/// The recorder has missed nothing: with everything done, the files are what they are.
fn is_complete(log: &[u8], directory: &Path) {
    let mut disk = Disk::new(log, directory);
    let records = disk::read(log);
    records.iter().for_each(|(record, _)| disk.take(record));
    let files = std::fs::read_dir(directory).expect("the directory");
    let paths = files.map(|file| file.expect("a file").path());
    let paths: Vec<_> = paths
        .filter(|path| !path.ends_with("chat.db-shm"))
        .collect();
    let known = disk.now();
    assert_eq!(known.len(), paths.len(), "{paths:?}");
    for path in paths {
        let recorded = &known[path.to_str().expect("a plain path")];
        let real = std::fs::read(&path).expect("a file");
        assert!(
            *recorded == real,
            "{} was written behind our back",
            path.display()
        );
    }
}

/// What came of so many cuts.
#[derive(Debug, Default)]
pub struct Losses {
    pub cuts: usize,
    /// Cuts after which something acknowledged was missing, and how much in all.
    pub with_losses: usize,
    pub messages: usize,
    /// Cuts before anything was acknowledged.
    pub early: usize,
}

/// Cuts the power at so many moments, and looks at what is left each time.
pub async fn cuts(recording: &Recording, count: usize, seed: u64) -> Losses {
    let mut chance = Chance::of(seed);
    let records = disk::read(&recording.log);
    let mut cuts: Vec<_> = (0..count)
        .map(|at| moment(recording, &records, at, &mut chance))
        .collect();
    cuts.sort_unstable();
    let mut disk = Disk::new(&recording.log, &recording.directory);
    let (mut losses, mut done) = (Losses::default(), 0);
    for cut in cuts {
        records[done..cut]
            .iter()
            .for_each(|(record, _)| disk.take(record));
        done = cut;
        let left = disk.after_a_cut(&mut chance);
        let written = cut.checked_sub(1).map_or(0, |last| records[last].1);
        let told = recording.told.iter().filter(|told| told.by <= written);
        let told: Vec<_> = told.map(|told| &*told.mark).collect();
        let missing = found(recording, &left, &told, losses.cuts.is_multiple_of(10)).await;
        let words = format!("the cut after record {cut} of seed {seed}");
        let lost = missing.unwrap_or_else(|why| panic!("{words}: {why}"));
        losses.cuts += 1;
        losses.early += usize::from(told.is_empty());
        losses.with_losses += usize::from(lost > 0);
        losses.messages += lost;
    }
    losses
}

/// The number of records that were done before the cut. One in ten comes before anything was acknowledged; of the
/// others every second one comes with an acknowledgement, the worst moment for whoever gave it too early.
fn moment(
    recording: &Recording,
    records: &[(Record, usize)],
    at: usize,
    chance: &mut Chance,
) -> usize {
    let of = |by: usize| records.partition_point(|(_, end)| *end < by) + 1;
    match at % 10 {
        0 => chance.below(of(recording.told[0].by)),
        odd if odd % 2 == 1 => of(recording.told[chance.below(recording.told.len())].by),
        _ => chance.below(records.len() + 1),
    }
}

/// How much of what was told is missing in these files, which must be sound.
async fn found(
    recording: &Recording,
    left: &BTreeMap<String, Vec<u8>>,
    told: &[&str],
    served: bool,
) -> Result<usize, String> {
    let folder = tempfile::tempdir().expect("a folder");
    for (path, content) in left {
        let name = Path::new(path).file_name().expect("a file's name");
        std::fs::write(folder.path().join(name), content).expect("a file is rebuilt");
    }
    let file = folder.path().join("chat.db");
    if told.is_empty() || !has_begun(&file) {
        // There may be nothing yet, or half a beginning: whoever starts again then must be able to.
        let chat = Chat::start(&on_file(&file)).await;
        let chat = chat.map_err(|refusal| format!("{refusal:?}"))?;
        let bob = chat.rooms("bob").await;
        let room = bob.opens_room("Bob's").await;
        bob.posts(&room, "A new beginning").await;
        is_sound(&file)?;
        return Ok(told.len());
    }
    is_sound(&file)?;
    let kept = kept(&file)?;
    let missing = told.iter().filter(|mark| !kept.contains(**mark)).count();
    if served && missing == 0 {
        let chat = Chat::start(&on_file(&file))
            .await
            .map_err(|refusal| format!("{refusal:?}"))?;
        let ann = recording.ann.at(&chat);
        let history = ann.history(&recording.room).await.len();
        if history < kept.len() {
            return Err(format!("{} messages, but {history} are shown", kept.len()));
        }
        ann.posts(&recording.room, "And the talk goes on").await;
    }
    Ok(missing)
}

/// Is there a schema yet? It comes whole or not at all.
fn has_begun(file: &Path) -> bool {
    let tables = rusqlite::Connection::open(file).and_then(|conn| {
        conn.query_row("SELECT count(*) FROM sqlite_master", (), |row| row.get(0))
    });
    tables.is_ok_and(|tables: u32| tables > 0)
}

/// `chat check` finds nothing wrong.
fn is_sound(file: &Path) -> Result<(), String> {
    let checked = Command::new(env!("CARGO_BIN_EXE_chat"))
        .args(["check", "--json", "--db"])
        .arg(file)
        .stdin(Stdio::null())
        .output()
        .expect("the command can be started");
    match checked.status.success() {
        true => Ok(()),
        false => Err(format!("{checked:?}")),
    }
}

/// The marks of the messages in there, whose numbers must have neither gap nor double.
fn kept(file: &Path) -> Result<HashSet<String>, String> {
    let look = || -> rusqlite::Result<Vec<(i64, i64, i64, String)>> {
        let conn = rusqlite::Connection::open(file)?;
        let sql = "SELECT conversation, seq, id, text FROM messages ORDER BY conversation, seq";
        let mut rows = conn.prepare(sql)?;
        let row =
            |row: &rusqlite::Row<'_>| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?));
        rows.query_map((), row)?.collect()
    };
    let rows = look().map_err(|why| why.to_string())?;
    let mut kept = HashSet::new();
    let (mut place, mut last_seq, mut last_id) = (0, 0, 0);
    for (conversation, seq, id, text) in rows {
        if conversation != place {
            (place, last_seq, last_id) = (conversation, 0, 0);
        }
        if seq != last_seq + 1 || id <= last_id {
            return Err(format!(
                "message {id} is {seq} after {last_seq} and {last_id}"
            ));
        }
        (last_seq, last_id) = (seq, id);
        let (mark, _) = text.split_once(';').unwrap_or((&text, ""));
        if !kept.insert(mark.to_owned()) && mark != "unheard" {
            return Err(format!("{mark} is there twice"));
        }
    }
    Ok(kept)
}

#[tokio::test]
async fn what_was_acknowledged_survives_a_power_cut_at_any_moment() {
    let folder = tempfile::tempdir().expect("a folder");
    let recording = records("full", MESSAGES, folder.path()).await;
    let losses = cuts(&recording, 50, 1).await;
    assert_eq!((losses.with_losses, losses.messages), (0, 0), "{losses:?}");
    assert!(losses.early >= 3, "{losses:?}");
}

/// Had the scene above no eyes, it would not see this either.
#[tokio::test]
async fn with_durability_normal_a_power_cut_loses_the_last_moments_and_no_more() {
    let folder = tempfile::tempdir().expect("a folder");
    let recording = records("normal", 240, folder.path()).await;
    let losses = cuts(&recording, 20, 2).await;
    assert!(losses.with_losses > 0, "{losses:?}");
}
