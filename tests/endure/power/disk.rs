//! What is on the disk after a power cut? Files rebuilt from recorded writes, as they may be found afterwards.
//!
//! A file holds what was written before its last completed sync began. Of what came later each write is there, is
//! missing, or is there in part, by sectors, in whatever order. Names are kinder, as on every journalling file system:
//! they change in one order, and of what no sync has settled a beginning is there. A sync of the directory settles all
//! of it; a sync of a file settles what was done to its own name, and with it everything before that, as ext4's
//! journal does. (SQLite relies on no more than that for its log, and syncs the directory besides.)

use super::super::chance::Chance;
use std::collections::{BTreeMap, HashMap};
use std::ops::Range;
use std::path::Path;

/// Disks promise this much to be whole.
const SECTOR: usize = 512;

pub struct Disk<'l> {
    log: &'l [u8],
    directory: String,
    nodes: Vec<Node>,
    /// By path, as programs see it, and as a cut would leave it.
    names: BTreeMap<String, usize>,
    durable_names: BTreeMap<String, usize>,
    renamings: Vec<Naming>,
    renamings_settled: usize,
    open: HashMap<u64, Option<usize>>,
    syncing: HashMap<u64, (usize, usize)>,
}

#[derive(Default)]
struct Node {
    durable: Vec<u8>,
    /// All changes ever, of which so many are durable.
    changes: Vec<Change>,
    settled: usize,
}

#[derive(Clone)]
enum Change {
    Write(usize, Range<usize>),
    Truncate(usize),
}

#[derive(Clone)]
struct Naming {
    path: String,
    node: Option<usize>,
    concerns: usize,
}

/// One record of the log, and where the next one begins.
pub struct Record {
    letter: u8,
    which: u64,
    offset: usize,
    bytes: Range<usize>,
}

/// Where each record ends.
pub fn read(log: &[u8]) -> Vec<(Record, usize)> {
    let (mut records, mut at) = (Vec::new(), 0);
    while at < log.len() {
        let number = |place: usize| {
            let from = at + 1 + 8 * place;
            let bytes = log[from..from + 8].try_into();
            u64::from_ne_bytes(bytes.expect("eight bytes"))
        };
        let (begin, length) = (at + 25, number(2) as usize);
        let record = Record {
            letter: log[at],
            which: number(0),
            offset: number(1) as usize,
            bytes: begin..begin + length,
        };
        at = begin + length;
        records.push((record, at));
    }
    records
}

impl<'l> Disk<'l> {
    pub fn new(log: &'l [u8], directory: &Path) -> Self {
        Self {
            log,
            directory: directory.to_str().expect("a plain path").to_owned(),
            nodes: Vec::new(),
            names: BTreeMap::new(),
            durable_names: BTreeMap::new(),
            renamings: Vec::new(),
            renamings_settled: 0,
            open: HashMap::new(),
            syncing: HashMap::new(),
        }
    }

    /// Does what was recorded next.
    pub fn take(&mut self, record: &Record) {
        let text = || String::from_utf8_lossy(&self.log[record.bytes.clone()]).into_owned();
        match record.letter {
            b'P' => {
                self.open.clear();
                self.syncing.clear();
            }
            b'O' => {
                let path = text();
                let opened = (path != self.directory).then(|| self.node(path));
                self.open.insert(record.which, opened);
            }
            b'C' => drop(self.open.remove(&record.which)),
            b'W' => {
                let change = Change::Write(record.offset, record.bytes.clone());
                self.change(record.which, change);
            }
            b'T' => self.change(record.which, Change::Truncate(record.offset)),
            b'B' => {
                let changes =
                    self.open[&record.which].map_or(0, |node| self.nodes[node].changes.len());
                let until = (changes, self.renamings.len());
                self.syncing.insert(record.which, until);
            }
            b'E' => self.settle(record.which),
            b'U' => {
                let path = text();
                let node = self.names.remove(&path).expect("it was there");
                self.rename(path, None, node);
            }
            b'R' => {
                let both = text();
                let (from, to) = both.split_once('\0').expect("two paths");
                let node = self.names.remove(from).expect("it was there");
                self.names.insert(to.to_owned(), node);
                self.rename(to.to_owned(), Some(node), node);
                self.rename(from.to_owned(), None, node);
            }
            other => panic!("no record begins with {other}"),
        }
    }

    fn node(&mut self, path: String) -> usize {
        if let Some(node) = self.names.get(&path) {
            return *node;
        }
        let node = self.nodes.len();
        self.nodes.push(Node::default());
        self.names.insert(path.clone(), node);
        self.rename(path, Some(node), node);
        node
    }

    fn rename(&mut self, path: String, node: Option<usize>, concerns: usize) {
        self.renamings.push(Naming {
            path,
            node,
            concerns,
        });
    }

    fn change(&mut self, which: u64, change: Change) {
        let node = self.open[&which].expect("a directory is not written to");
        self.nodes[node].changes.push(change);
    }

    fn settle(&mut self, which: u64) {
        let (changes, renamings) = self
            .syncing
            .remove(&which)
            .expect("a sync begins before it ends");
        let mut names_until = renamings;
        if let Some(node) = self.open[&which] {
            let last = self.renamings[..renamings]
                .iter()
                .rposition(|naming| naming.concerns == node);
            names_until = last.map_or(0, |last| last + 1);
            let log = self.log;
            let node = &mut self.nodes[node];
            for at in node.settled..changes {
                apply(&mut node.durable, &node.changes[at], log, |_| true);
            }
            node.settled = node.settled.max(changes);
        }
        for naming in self
            .renamings
            .iter()
            .take(names_until)
            .skip(self.renamings_settled)
        {
            apply_naming(&mut self.durable_names, naming);
        }
        self.renamings_settled = self.renamings_settled.max(names_until);
    }

    /// The files as they may be found if the power goes now.
    pub fn after_a_cut(&self, chance: &mut Chance) -> BTreeMap<String, Vec<u8>> {
        let mut names = self.durable_names.clone();
        let open = &self.renamings[self.renamings_settled..];
        for naming in &open[..chance.below(open.len() + 1)] {
            apply_naming(&mut names, naming);
        }
        let files = names.into_iter().map(|(path, node)| {
            let node = &self.nodes[node];
            let mut content = node.durable.clone();
            for change in &node.changes[node.settled..] {
                let fate = chance.below(3);
                let mut stays = |_| match fate {
                    0 => true,
                    1 => false,
                    _ => chance.below(2) == 0,
                };
                apply(&mut content, change, self.log, &mut stays);
            }
            (path, content)
        });
        files.collect()
    }

    /// The files as programs see them.
    pub fn now(&self) -> BTreeMap<String, Vec<u8>> {
        let files = self.names.iter().map(|(path, node)| {
            let node = &self.nodes[*node];
            let mut content = node.durable.clone();
            for change in &node.changes[node.settled..] {
                apply(&mut content, change, self.log, |_| true);
            }
            (path.clone(), content)
        });
        files.collect()
    }
}

fn apply_naming(names: &mut BTreeMap<String, usize>, naming: &Naming) {
    match naming.node {
        Some(node) => names.insert(naming.path.clone(), node),
        None => names.remove(&naming.path),
    };
}

/// Applies those sectors of a change that stay; a truncation is one.
fn apply(content: &mut Vec<u8>, change: &Change, log: &[u8], mut stays: impl FnMut(usize) -> bool) {
    match change {
        Change::Truncate(size) => {
            if stays(*size) {
                content.resize(*size, 0);
            }
        }
        Change::Write(offset, bytes) => {
            let (mut from, end) = (*offset, offset + bytes.len());
            while from < end {
                let until = (from / SECTOR * SECTOR + SECTOR).min(end);
                if stays(from) {
                    if content.len() < until {
                        content.resize(until, 0);
                    }
                    let there = bytes.start + (from - offset)..bytes.start + (until - offset);
                    content[from..until].copy_from_slice(&log[there]);
                }
                from = until;
            }
        }
    }
}
