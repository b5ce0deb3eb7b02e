//! Which password is for this server, this database and this user? A file in libpq's format, so that none need stand in a
//! command line: `host:port:database:user:password`, a line for each, `*` for any.

use std::fs::File;
use std::io::Read;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail, ensure};

/// More bytes than this are no list of passwords.
const MOST: u64 = 1 << 20;

/// A file of passwords, as it was when it was read.
pub(super) struct Passfile {
    path: PathBuf,
    lines: Vec<[String; 5]>,
}

impl Passfile {
    /// Reads it.
    ///
    /// # Errors
    /// If it cannot be read, or can be by others.
    pub fn read(path: &Path) -> anyhow::Result<Self> {
        let name = path.display();
        let unreadable = || format!("passfile {name} cannot be read");
        let file = File::open(path).with_context(unreadable)?;
        let metadata = file.metadata().with_context(unreadable)?;
        ensure!(metadata.is_file(), "passfile {name} is no file");
        // Root may let the group of a service read it; systemd's credentials are so.
        let others = if metadata.uid() == 0 { 0o037 } else { 0o077 };
        if metadata.mode() & others != 0 {
            let mode = metadata.mode() & 0o777;
            bail!("passfile {name} can be read by others (mode {mode:o}): chmod 600 {name}");
        }
        let mut text = String::new();
        file.take(MOST)
            .read_to_string(&mut text)
            .with_context(unreadable)?;
        Ok(Self {
            path: path.to_path_buf(),
            lines: text.lines().filter_map(fields).collect(),
        })
    }

    /// The password in the first line that fits. A host may have several names.
    ///
    /// # Errors
    /// If none fits.
    pub fn password(
        &self,
        hosts: &[&str],
        port: u16,
        database: &str,
        user: &str,
    ) -> anyhow::Result<&str> {
        let port = port.to_string();
        let fits = |field: &str, values: &[&str]| field == "*" || values.contains(&field);
        let fitting = self.lines.iter().find(|[host, at, of, whose, _]| {
            fits(host, hosts) && fits(at, &[&port]) && fits(of, &[database]) && fits(whose, &[user])
        });
        let host = hosts.first().copied().unwrap_or_default();
        let [.., password] = fitting.with_context(|| {
            format!(
                "passfile {} has no line {host}:{port}:{database}:{user}:PASSWORD",
                self.path.display()
            )
        })?;
        Ok(password)
    }
}

/// The fields of a line; a backslash takes the meaning from what follows it.
fn fields(line: &str) -> Option<[String; 5]> {
    if line.starts_with('#') {
        return None;
    }
    let (mut fields, mut chars) = (vec![String::new()], line.chars());
    while let Some(next) = chars.next() {
        let plain = match next {
            ':' => {
                fields.push(String::new());
                continue;
            }
            '\\' => chars.next()?,
            other => other,
        };
        fields.last_mut()?.push(plain);
    }
    fields.truncate(5);
    fields.try_into().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs::{self, Permissions};
    use std::os::unix::fs::PermissionsExt;

    fn file(text: &str, mode: u32) -> (tempfile::TempDir, PathBuf) {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("pass");
        fs::write(&path, text).expect("a file");
        fs::set_permissions(&path, Permissions::from_mode(mode)).expect("its mode");
        (folder, path)
    }

    #[test]
    fn the_first_line_that_fits_has_the_password() {
        let text = "# all of ours\n\nshort:1\ndb:5432:chat:ann:one\ndb:*:chat:*:t\\:w\\\\o\r\n[\\:\\:1]:1:*:*:six\n*:*:*:bob:three:rest\n";
        let (_folder, path) = file(text, 0o600);
        let known = Passfile::read(&path).expect("it is read");
        let of = |host: &str, port, database: &str, user: &str| {
            known
                .password(&[host], port, database, user)
                .ok()
                .map(str::to_owned)
        };
        assert_eq!(of("db", 5432, "chat", "ann").as_deref(), Some("one"));
        assert_eq!(of("db", 5433, "chat", "ann").as_deref(), Some("t:w\\o"));
        assert_eq!(of("db", 5433, "other", "bob").as_deref(), Some("three"));
        assert_eq!(of("[::1]", 1, "chat", "ann").as_deref(), Some("six"));
        assert_eq!(of("db", 5433, "other", "ann"), None);
        let socket = known.password(&["/run/pg", "db"], 5432, "chat", "ann");
        assert_eq!(socket.ok(), Some("one"));
        let why = known
            .password(&["x"], 1, "y", "z")
            .expect_err("nothing fits");
        assert!(why.to_string().contains("x:1:y:z:PASSWORD"), "{why}");
    }

    #[test]
    fn a_file_that_others_can_read_is_refused() {
        let text = "*:*:*:*:secret\n";
        for mode in [0o644, 0o604, 0o660] {
            let (_folder, path) = file(text, mode);
            let why = Passfile::read(&path)
                .err()
                .expect("it is refused")
                .to_string();
            assert!(
                why.contains("chmod 600") && !why.contains("secret"),
                "{why}"
            );
        }
        let (_folder, path) = file(text, 0o400);
        assert!(Passfile::read(&path).is_ok());
        assert!(Passfile::read(Path::new("/nowhere")).is_err());
    }
}
