//! Is this PostgreSQL server fit for chat? Looking changes nothing.

use std::time::Duration;

use anyhow::anyhow;
use futures_util::StreamExt;
use tokio::time::timeout;
use tokio_postgres::{Client, Row};

use super::address::Address;
use super::connect::connect;
use super::parameters::Encryption;
use crate::core::model::Time;
use crate::core::store::backup::LAST_SAID;
use crate::core::store::identify::VERSION;

/// Sessions that a chat server may have at once.
const SESSIONS: i64 = 8;
/// How long all questions together may take.
const PATIENCE: Duration = Duration::from_secs(15);

/// What was found.
#[derive(Debug, Clone)]
pub struct Look {
    pub server: ServerLook,
    pub database: DatabaseLook,
    pub tables: Tables,
    pub road: Road,
}

/// The server, and how it keeps what was committed.
#[derive(Debug, Clone)]
pub struct ServerLook {
    /// `15.14 (Debian 15.14-1)`
    pub version: String,
    pub flushes: bool,
    pub writes_full_pages: bool,
    /// `synchronous_commit` of our sessions.
    pub commits: String,
    /// Servers that copy it.
    pub standbys: i64,
    /// A commit waits for one of them.
    pub waits_for_standby: bool,
    /// It takes no writes: it is a standby itself, or is set so.
    pub is_read_only: bool,
    pub now: Time,
}

/// The database, and who may use it.
#[derive(Debug, Clone)]
pub struct DatabaseLook {
    pub name: String,
    pub encoding: String,
    pub role: String,
    pub is_superuser: bool,
    pub may_make_tables: bool,
    /// Roles beside ours that may connect, superusers not counted.
    pub others: i64,
    /// Sessions that our role may still have, and how many a server needs.
    pub sessions_left: i64,
    pub sessions_needed: i64,
}

/// Whose tables there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tables {
    None,
    Foreign,
    Older,
    Ours {
        /// When something was said last.
        last_said: Option<Time>,
    },
    Newer {
        found: i64,
        known: i64,
    },
}

/// The way to the server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Road {
    /// It does not leave this machine.
    Here,
    Plain,
    /// Encrypted, for whoever is at the other end.
    Encrypted,
    /// And it is known who that is.
    Verified,
}

/// Looks at a server.
///
/// # Errors
/// Why there is no answer.
pub async fn look(address: &Address) -> anyhow::Result<Look> {
    let client = client(address).await?;
    let looking = async {
        anyhow::Ok(Look {
            server: server(&client).await?,
            database: database(&client).await?,
            tables: tables(&client).await?,
            road: road(&client, address).await?,
        })
    };
    let looked = timeout(PATIENCE, looking).await;
    looked.map_err(|_| anyhow!("it did not answer within {} s", PATIENCE.as_secs()))?
}

/// Until when the certificate for these domains is valid that this directory issued; `None` if none is kept there.
pub(in crate::core) async fn certificate_end(
    address: &Address,
    directory: &str,
    domains: &str,
) -> Option<Time> {
    let client = client(address).await.ok()?;
    let ends = "SELECT ends_at FROM certificates WHERE directory = $1 AND domains = $2";
    let asked = async { client.query_opt(ends, &[&directory, &domains]).await };
    let found = timeout(PATIENCE, asked).await.ok()?.ok()??;
    Some(Time(found.get(0)))
}

async fn client(address: &Address) -> anyhow::Result<Client> {
    let (client, mut driving) = connect(address).await?;
    tokio::spawn(async move { while let Some(Ok(_)) = driving.next().await {} });
    Ok(client)
}

async fn server(client: &Client) -> Result<ServerLook, tokio_postgres::Error> {
    let asked = "SELECT current_setting('server_version') AS version,
            current_setting('fsync') = 'on' AS flushes,
            current_setting('full_page_writes') = 'on' AS writes_full_pages,
            current_setting('synchronous_commit') AS commits,
            current_setting('synchronous_standby_names') <> '' AS waits_for_standby,
            (SELECT count(*) FROM pg_stat_replication) AS standbys,
            pg_is_in_recovery() OR current_setting('default_transaction_read_only') = 'on' AS is_read_only,
            CAST(floor(extract(epoch FROM clock_timestamp()) * 1000) AS BIGINT) AS now";
    let row: Row = client.query_one(asked, &[]).await?;
    Ok(ServerLook {
        version: row.get("version"),
        flushes: row.get("flushes"),
        writes_full_pages: row.get("writes_full_pages"),
        commits: row.get("commits"),
        standbys: row.get("standbys"),
        waits_for_standby: row.get("waits_for_standby"),
        is_read_only: row.get("is_read_only"),
        now: Time(row.get("now")),
    })
}

async fn database(client: &Client) -> Result<DatabaseLook, tokio_postgres::Error> {
    // Names as statements need them. A limit of -1 is none.
    let asked = "SELECT quote_ident(d.datname) AS name, pg_encoding_to_char(d.encoding) AS encoding,
            quote_ident(r.rolname) AS role, r.rolsuper AS is_superuser,
            coalesce(has_schema_privilege(CAST(to_regnamespace('public') AS OID), 'CREATE'), false) AS may_make_tables,
            (SELECT count(*) FROM pg_roles AS o
             WHERE o.rolcanlogin AND NOT o.rolsuper AND o.oid <> r.oid
               AND has_database_privilege(o.oid, d.oid, 'CONNECT')) AS others,
            least(
                CAST(current_setting('max_connections') AS BIGINT)
                    - CASE WHEN r.rolsuper THEN 0
                           ELSE CAST(current_setting('superuser_reserved_connections') AS BIGINT) END
                    - (SELECT sum(numbackends) FROM pg_stat_database),
                CASE WHEN d.datconnlimit < 0 THEN NULL ELSE d.datconnlimit
                    - (SELECT numbackends FROM pg_stat_database AS s WHERE s.datid = d.oid) END,
                CASE WHEN r.rolconnlimit < 0 THEN NULL ELSE r.rolconnlimit
                    - (SELECT count(*) FROM pg_stat_activity AS a WHERE a.usesysid = r.oid) END) AS sessions_left
        FROM pg_database AS d, pg_roles AS r
        WHERE d.datname = current_database() AND r.rolname = current_user";
    let row: Row = client.query_one(asked, &[]).await?;
    Ok(DatabaseLook {
        name: row.get("name"),
        encoding: row.get("encoding"),
        role: row.get("role"),
        is_superuser: row.get("is_superuser"),
        may_make_tables: row.get("may_make_tables"),
        others: row.get("others"),
        // Our own is free in a moment.
        sessions_left: row.get::<_, i64>("sessions_left") + 1,
        sessions_needed: SESSIONS,
    })
}

async fn tables(client: &Client) -> Result<Tables, tokio_postgres::Error> {
    let asked = "SELECT count(*) AS tables,
            count(*) FILTER (WHERE table_name = 'schema_version') AS ours
        FROM information_schema.tables WHERE table_schema = 'public'";
    let row: Row = client.query_one(asked, &[]).await?;
    match (row.get::<_, i64>("tables"), row.get::<_, i64>("ours")) {
        (0, _) => return Ok(Tables::None),
        (_, 0) => return Ok(Tables::Foreign),
        _ => {}
    }
    let version = client.query_one("SELECT version FROM public.schema_version", &[]);
    let (found, known) = (version.await?.get::<_, i64>(0), i64::from(VERSION));
    if found != known {
        let newer = Tables::Newer { found, known };
        return Ok(if found > known { newer } else { Tables::Older });
    }
    let last = client.query_opt(LAST_SAID, &[]).await?;
    Ok(Tables::Ours {
        last_said: last.map(|row| Time(row.get(0))),
    })
}

async fn road(client: &Client, address: &Address) -> Result<Road, tokio_postgres::Error> {
    let asked = "SELECT coalesce((SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()), false) AS is_encrypted,
            coalesce(host(inet_client_addr()) = host(inet_server_addr()), true) AS is_here";
    let row: Row = client.query_one(asked, &[]).await?;
    Ok(match (row.get("is_encrypted"), address.0.encryption) {
        (true, Encryption::VerifyFull | Encryption::VerifyCa) => Road::Verified,
        _ if row.get("is_here") => Road::Here,
        (true, _) => Road::Encrypted,
        (false, _) => Road::Plain,
    })
}
