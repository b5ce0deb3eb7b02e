//! What is in the file that is imported? A ZIP, or one file with others beside it. What is unpacked is bounded, and no name in
//! it becomes a path outside of its folder.

use std::cell::Cell;
use std::collections::HashMap;
use std::fs::File;
use std::io::{self, BufReader, Read};
use std::path::{Component, Path, PathBuf};
use std::rc::Rc;

use anyhow::{Context, bail};
use zip::ZipArchive;

/// A ZIP may unpack to so many times its size, and so many bytes more: texts shrink to a tenth, seldom to a thirtieth.
const TIMES: u64 = 100;
const MORE: u64 = 256 << 20;
/// Entries of a ZIP: a busy Slack of ten years has a tenth of that.
const ENTRIES: usize = 2_000_000;

/// The file that is imported.
pub enum Container {
    Zip(Box<Zip>),
    /// A file with JSON lines; what it names lies beside it.
    Plain(PathBuf),
}

pub struct Zip {
    archive: ZipArchive<BufReader<File>>,
    /// Bytes that may still be unpacked.
    left: Rc<Cell<u64>>,
    names: HashMap<String, usize>,
    /// The folder in it that everything is in; mostly none.
    prefix: String,
}

impl Container {
    /// # Errors
    /// If it cannot be read.
    pub fn open(path: &Path) -> anyhow::Result<Self> {
        let mut file =
            File::open(path).with_context(|| format!("{} cannot be read", path.display()))?;
        let mut head = [0; 4];
        let read = file
            .read(&mut head)
            .with_context(|| format!("{} cannot be read", path.display()))?;
        if head[..read] != *b"PK\x03\x04" && head[..read] != *b"PK\x05\x06" {
            return Ok(Self::Plain(path.to_owned()));
        }
        let size = file.metadata()?.len();
        let archive = ZipArchive::new(BufReader::new(file))
            .with_context(|| format!("{} is no whole ZIP", path.display()))?;
        if archive.len() > ENTRIES {
            bail!("{} has more than {ENTRIES} entries", path.display());
        }
        // A name that is none is passed over; of two entries with the same name the last counts.
        let names = archive.file_names().enumerate();
        let names = names.filter_map(|(at, name)| Some((name.ok()?.into_owned(), at)));
        let names: HashMap<String, usize> = names.collect();
        Ok(Self::Zip(Box::new(Zip {
            archive,
            left: Rc::new(Cell::new(size.saturating_mul(TIMES).saturating_add(MORE))),
            names,
            prefix: String::new(),
        })))
    }

    /// Everything is in the folder of the entry of this name, if there is one such folder.
    pub fn enter_folder_of(&mut self, name: &str) {
        if let Self::Zip(zip) = self
            && !zip.names.contains_key(name)
        {
            let ends = format!("/{name}");
            let outer = zip
                .names
                .keys()
                .find(|entry| entry.ends_with(&ends) && entry.matches('/').count() == 1);
            if let Some(outer) = outer {
                zip.prefix = outer[..outer.len() - name.len()].to_owned();
            }
        }
    }

    /// The names in a ZIP, in no order; none of a plain file.
    pub fn names(&self) -> Vec<String> {
        match self {
            Self::Zip(zip) => zip
                .names
                .keys()
                .filter_map(|name| name.strip_prefix(&*zip.prefix).map(str::to_owned))
                .collect(),
            Self::Plain(_) => Vec::new(),
        }
    }

    pub fn has(&self, name: &str) -> bool {
        match self {
            Self::Zip(zip) => zip.names.contains_key(&format!("{}{name}", zip.prefix)),
            Self::Plain(path) => beside(path, name).is_some(),
        }
    }

    /// What is in the entry of this name, or in the file of this name beside the plain one. `None` if there is none.
    ///
    /// # Errors
    /// If the ZIP is damaged there, or it is packed in a way that is not read here.
    pub fn read(&mut self, name: &str) -> anyhow::Result<Option<Box<dyn Read + '_>>> {
        match self {
            Self::Zip(zip) => {
                let Some(at) = zip.names.get(&format!("{}{name}", zip.prefix)) else {
                    return Ok(None);
                };
                let entry = zip
                    .archive
                    .by_index(*at)
                    .with_context(|| format!("{name} in the ZIP cannot be read"))?;
                Ok(Some(Box::new(Bounded {
                    from: entry,
                    left: zip.left.clone(),
                })))
            }
            Self::Plain(path) => match beside(path, name) {
                Some(found) => Ok(Some(Box::new(File::open(found)?))),
                None => Ok(None),
            },
        }
    }

    /// The plain file itself.
    pub fn read_plain(&mut self) -> anyhow::Result<Option<Box<dyn Read + '_>>> {
        match self {
            Self::Zip(_) => Ok(None),
            Self::Plain(path) => Ok(Some(Box::new(File::open(path)?))),
        }
    }
}

/// A file in the folder of another one, and not outside of it, by a link either.
pub fn beside(plain: &Path, name: &str) -> Option<PathBuf> {
    let name = Path::new(name);
    if !name
        .components()
        .all(|part| matches!(part, Component::Normal(_) | Component::CurDir))
    {
        return None;
    }
    let folder = match plain.parent() {
        Some(parent) if parent != Path::new("") => parent,
        _ => Path::new("."),
    };
    let folder = folder.canonicalize().ok()?;
    let found = folder.join(name).canonicalize().ok()?;
    (found.starts_with(&folder) && found.is_file()).then_some(found)
}

/// Counts what is unpacked.
struct Bounded<R> {
    from: R,
    left: Rc<Cell<u64>>,
}

impl<R: Read> Read for Bounded<R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let read = self.from.read(into)?;
        match self.left.get().checked_sub(read as u64) {
            Some(left) => self.left.set(left),
            None => {
                let bomb = format!("the ZIP unpacks to more than {TIMES} times its size");
                return Err(io::Error::other(bomb));
            }
        }
        Ok(read)
    }
}
