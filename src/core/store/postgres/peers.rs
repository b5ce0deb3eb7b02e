//! The servers on one database, and who is there, as rows. A file has one server, and no such tables.

use crate::core::error::Result;
use crate::core::model::{AccountId, Attendance, Id, ServerId, ServerSeen, Time};
use crate::core::store::{Tx, View};

impl View<'_> {
    /// What other servers have said.
    pub(in crate::core) fn attendances(&self) -> Result<Vec<(ServerId, AccountId, Attendance)>> {
        if self.conn.sqlite().is_some() {
            return Ok(Vec::new());
        }
        self.all(
            "SELECT server, account, sockets, online FROM attendances",
            (),
            |row| {
                let said = Attendance {
                    sockets: row.get::<_, u32>("sockets")? as usize,
                    online: row.get("online")?,
                };
                let server = ServerId(row.get("server")?);
                Ok((server, Id::stored(row.get("account")?), said))
            },
        )
    }
}

impl View<'_> {
    /// Does a server run on this database that was heard of since then? A file's server locks the file instead.
    pub(in crate::core) fn is_served_since(&self, then: Time) -> Result<bool> {
        if self.conn.sqlite().is_some() {
            return Ok(false);
        }
        let living = "SELECT count(*) FROM servers WHERE seen_at >= $1";
        Ok(self.count(living, [then.0])? > 0)
    }

    /// The servers that run on this database, with what each has said. Of a file there is none to tell of.
    pub(in crate::core) fn servers(&self) -> Result<Vec<ServerSeen>> {
        if self.conn.sqlite().is_some() {
            return Ok(Vec::new());
        }
        self.all(
            "SELECT id, name, seen_at,
                 (SELECT CAST(coalesce(sum(a.sockets), 0) AS BIGINT) FROM attendances a WHERE a.server = s.id) AS sockets,
                 (SELECT count(*) FROM attendances a WHERE a.server = s.id AND a.sockets > 0) AS people
             FROM servers s ORDER BY name, id",
            (),
            |row| {
                let id = ServerId(row.get("id")?);
                Ok(ServerSeen {
                    id,
                    is_this: id == self.directory.server(),
                    name: row.get("name")?,
                    sockets: row.get("sockets")?,
                    people: row.get("people")?,
                    seen_at: Time(row.get("seen_at")?),
                })
            },
        )
    }
}

impl Tx<'_> {
    pub(in crate::core) fn put_attendance(
        &self,
        server: ServerId,
        account: AccountId,
        said: Attendance,
    ) -> Result<()> {
        self.write(
            "INSERT INTO attendances (server, account, sockets, online) VALUES ($1, $2, $3, $4)
             ON CONFLICT (server, account) DO UPDATE SET sockets = excluded.sockets, online = excluded.online",
            (server.0, account.number(), said.sockets as i64, said.online),
        )
    }

    pub(in crate::core) fn delete_attendance(
        &self,
        server: ServerId,
        account: AccountId,
    ) -> Result<()> {
        self.write(
            "DELETE FROM attendances WHERE server = $1 AND account = $2",
            (server.0, account.number()),
        )
    }

    /// All that a server has said; answers of whom.
    pub(in crate::core) fn delete_attendances(&self, server: ServerId) -> Result<Vec<AccountId>> {
        self.save()?;
        self.all(
            "DELETE FROM attendances WHERE server = $1 RETURNING account",
            [server.0],
            |row| row.get(0).map(Id::stored),
        )
    }

    /// `false` if this server is not known, or no more.
    pub(in crate::core) fn renew_server(&self, server: ServerId) -> Result<bool> {
        let known = self.change(
            "UPDATE servers SET seen_at = $1 WHERE id = $2",
            (self.now.0, server.0),
        )?;
        Ok(known > 0)
    }

    pub(in crate::core) fn insert_server(&self, server: ServerId, name: &str) -> Result<()> {
        self.write(
            "INSERT INTO servers (id, seen_at, name) VALUES ($1, $2, $3)",
            (server.0, self.now.0, name),
        )
    }

    pub(in crate::core) fn delete_server(&self, server: ServerId) -> Result<()> {
        self.write("DELETE FROM servers WHERE id = $1", [server.0])
    }

    /// Servers that were last heard of before.
    pub(in crate::core) fn servers_before(&self, before: Time) -> Result<Vec<ServerId>> {
        self.all(
            "SELECT id FROM servers WHERE seen_at < $1",
            [before.0],
            |row| Ok(ServerId(row.get(0)?)),
        )
    }
}
