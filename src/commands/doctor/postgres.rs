//! What is wrong with a PostgreSQL server, the database on it, and the way there, and what to type?

use super::Findings;
use crate::core::database::{Address, DatabaseLook, Road, ServerLook, Tables, look};
use crate::core::model::Time;

/// Two clocks that differ by more milliseconds are wrong.
const APART: i64 = 5_000;

/// Looks at it. `durable`: what was acknowledged is to stay when the power fails.
pub async fn examine(address: &Address, durable: bool, findings: &mut Findings) {
    match look(address).await {
        Ok(found) => {
            server(&found.server, findings);
            tables(found.tables, findings);
            role(&found.database, found.tables, findings);
            sessions(&found.database, findings);
            durability(&found.server, &found.database.name, durable, findings);
            standbys(&found.server, findings);
            road(found.road, findings);
            clock(found.server.now, found.tables, findings);
            encoding(&found.database, findings);
        }
        Err(why) => {
            let text = format!("{address} cannot be used ({why:#}): psql '{address}' says more");
            findings.problem("database", text);
        }
    }
}

fn server(server: &ServerLook, findings: &mut Findings) {
    let name = format!("PostgreSQL {}", server.version);
    if server.is_read_only {
        let text = format!(
            "{name} answers and takes no writes: name its primary in --db, or all: postgres://user@one,two/database"
        );
        findings.problem("database", text);
    } else {
        findings.ok("database", format!("{name} answers"));
    }
}

fn encoding(database: &DatabaseLook, findings: &mut Findings) {
    let DatabaseLook { name, encoding, .. } = database;
    match encoding.as_str() {
        "UTF8" => findings.ok("encoding", "it is UTF8"),
        _ => findings.problem(
            "encoding",
            format!("it is {encoding}: make a new database: CREATE DATABASE {name} ENCODING 'UTF8' TEMPLATE template0"),
        ),
    }
}

fn tables(tables: Tables, findings: &mut Findings) {
    match tables {
        Tables::None => findings.ok("tables", "there are none yet: the first start makes them"),
        Tables::Ours { .. } => findings.ok("tables", "they are of this version"),
        Tables::Older => findings.ok(
            "tables",
            "they are of an older version: the next start brings them up to date",
        ),
        Tables::Newer { found, known } => findings.problem(
            "tables",
            format!("they are of a newer version ({found}, this one knows {known}): update chat"),
        ),
        Tables::Foreign => findings.problem(
            "tables",
            "they are another program's: CREATE DATABASE chat, and name that one in --db",
        ),
    }
}

/// Who we are there, and who else may come.
fn role(database: &DatabaseLook, tables: Tables, findings: &mut Findings) {
    let DatabaseLook { name, role, .. } = database;
    let makes_tables = matches!(tables, Tables::None | Tables::Older);
    if makes_tables && !database.may_make_tables {
        let text = format!("{role} may not make tables: GRANT CREATE ON SCHEMA public TO {role}");
        findings.problem("role", text);
    } else if database.is_superuser {
        let text = format!(
            "{role} is a superuser, who may do everything there: CREATE ROLE chat LOGIN, ALTER DATABASE {name} OWNER TO chat, and name that role in --db"
        );
        findings.warning("role", text);
    } else {
        findings.ok("role", format!("{role} may do what it needs"));
    }
    match database.others {
        0 => findings.ok("others", "no other role may connect, but superusers"),
        many => findings.warning(
            "others",
            format!("so many other roles may connect: {many}; REVOKE CONNECT ON DATABASE {name} FROM PUBLIC"),
        ),
    }
}

fn sessions(database: &DatabaseLook, findings: &mut Findings) {
    let (left, needed) = (database.sessions_left, database.sessions_needed);
    let text = format!("{left} are left, and a server takes up to {needed}");
    match left < needed {
        true => findings.problem(
            "sessions",
            format!("{text}: ALTER SYSTEM SET max_connections = 200, and restart PostgreSQL; or see the limits of the role and the database"),
        ),
        false => findings.ok("sessions", text),
    }
}

fn durability(server: &ServerLook, name: &str, durable: bool, findings: &mut Findings) {
    let before = findings.0.len();
    for (setting, is_on) in [
        ("fsync", server.flushes),
        ("full_page_writes", server.writes_full_pages),
    ] {
        if !is_on {
            let text = format!(
                "{setting} is off, so a power cut may destroy everything: ALTER SYSTEM SET {setting} = on, and reload PostgreSQL"
            );
            findings.problem("durability", text);
        }
    }
    if durable && server.commits == "off" {
        let text = format!(
            "synchronous_commit is off, so a power cut loses what was acknowledged last: ALTER DATABASE {name} SET synchronous_commit = on"
        );
        findings.problem("durability", text);
    }
    if findings.0.len() == before {
        let text = match durable {
            true => "what was acknowledged is flushed to the disk",
            false => "with --durability normal the last moments may be lost when the power fails",
        };
        findings.ok("durability", text);
    }
}

/// What is not promised if a standby takes over.
fn standbys(server: &ServerLook, findings: &mut Findings) {
    const WAIT: &str =
        "ALTER SYSTEM SET synchronous_standby_names = 'ANY 1 (*)', and reload PostgreSQL";
    let waits = server.waits_for_standby && !matches!(server.commits.as_str(), "off" | "local");
    match (server.standbys, waits) {
        (0, true) => findings.problem(
            "standbys",
            "commits wait for a standby, and none is there: start it, or ALTER SYSTEM SET synchronous_standby_names = '', and reload PostgreSQL",
        ),
        (0, false) => findings.ok("standbys", "there are none"),
        (there, true) => findings.ok(
            "standbys",
            format!("so many copy it: {there}; commits wait for them"),
        ),
        (there, false) => findings.warning(
            "standbys",
            format!("so many copy it: {there}; no commit waits for them: if one takes over, what was acknowledged last may be lost: {WAIT}"),
        ),
    }
}

fn road(road: Road, findings: &mut Findings) {
    match road {
        Road::Here => findings.ok("encryption", "what is said there does not leave this machine"),
        Road::Verified => findings.ok("encryption", "it is encrypted, and the certificate is good"),
        Road::Encrypted => findings.warning(
            "encryption",
            "it is encrypted, for whoever answers: set sslmode=verify-full in --db, and sslrootcert=FILE if the authority is your own",
        ),
        Road::Plain => findings.warning(
            "encryption",
            "messages cross the network in the clear: turn ssl on there, and set sslmode=verify-full in --db",
        ),
    }
}

fn clock(there: Time, tables: Tables, findings: &mut Findings) {
    let here = Time::now();
    let said = match tables {
        Tables::Ours { last_said } => last_said,
        _ => None,
    };
    let times = format!("it is {}, and {} at the database", here.iso(), there.iso());
    match said.filter(|said| said.is_ahead(there)) {
        Some(said) => findings.problem(
            "clock",
            format!(
                "{times}, and something there is from {}: timedatectl set-ntp true",
                said.iso()
            ),
        ),
        None if (here.0 - there.0).abs() > APART => {
            findings.warning(
                "clock",
                format!("{times}: timedatectl set-ntp true on both"),
            );
        }
        None => findings.ok("clock", times),
    }
}
