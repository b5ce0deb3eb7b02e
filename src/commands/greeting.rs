//! What is printed when a server has started? Its URLs, what to do first, and what it may lose.

use std::io::{self, Write};

use super::admin::set_up_link;
use crate::core::Durability;
use crate::core::database::Database;
use crate::core::invitation::Who;
use crate::flags::quoted;
use crate::server::Server;

/// What is printed at the start.
pub struct Greeting<'g> {
    pub server: &'g Server,
    pub db: &'g Database,
    /// The database file is new.
    pub is_fresh: bool,
    /// The token that makes the first administrator.
    pub set_up: Option<&'g str>,
    pub durability: Durability,
    pub sign_up: Who,
    /// A flag says who may sign up, not the addresses that it listens on.
    pub sign_up_chosen: bool,
    /// The output is a terminal.
    pub is_seen: bool,
}

impl Greeting<'_> {
    /// Prints it. A closed output is ignored.
    pub fn say(&self, mut out: impl Write) {
        self.write(&mut out).and_then(|()| out.flush()).ok();
    }

    fn write(&self, out: &mut impl Write) -> io::Result<()> {
        let url = self.server.url();
        writeln!(out, "chat {} serves", env!("CARGO_PKG_VERSION"))?;
        for endpoint in self.server.endpoints() {
            let mut more = String::new();
            if endpoint.address.ip().is_unspecified() {
                more += "   at every address of this machine";
            }
            if let Some(dialect) = endpoint.dialect {
                more += &format!("   {dialect} first");
            }
            writeln!(out, "  {}{more}", self.bold(&endpoint.url))?;
        }
        if self.server.endpoints().iter().all(|own| own.url != url) {
            writeln!(out, "  {}   from outside", self.bold(url))?;
        }
        let new = if self.is_fresh { "new, " } else { "" };
        writeln!(out, "  {}   {new}everything is in it", self.db)?;
        if self.durability == Durability::Normal {
            writeln!(out)?;
            writeln!(
                out,
                "With --durability normal the last moments may be lost when the power fails, also what was acknowledged."
            )?;
        }
        match self.sign_up {
            Who::Everybody => {}
            Who::Invited => {
                let why = match self.sign_up_chosen {
                    true => "",
                    false => {
                        ", because others than this machine reach it (--sign-up open lifts that)"
                    }
                };
                writeln!(
                    out,
                    "\nOnly who is invited may sign up{why}. This makes an invitation:"
                )?;
                let command = format!("chat invite --db {}", quoted(&self.db.to_string()));
                writeln!(out, "  {}", self.bold(&command))?;
            }
            Who::Nobody => writeln!(
                out,
                "\nNobody may sign up: administrators make the accounts."
            )?,
        }
        if self.is_fresh && self.sign_up == Who::Everybody {
            writeln!(out, "\nOpen it in a browser, and sign up:")?;
            writeln!(out, "  {}", self.bold(&format!("{url}/")))?;
        }
        if let Some(token) = self.set_up {
            writeln!(
                out,
                "\nNobody administers it yet. Open this within 30 minutes, once:"
            )?;
            writeln!(out, "  {}", self.bold(&set_up_link(url, token)))?;
        }
        writeln!(out, "\nCtrl-C ends it.")
    }

    fn bold(&self, text: &str) -> String {
        match self.is_seen {
            true => format!("\x1b[1m{text}\x1b[0m"),
            false => text.to_owned(),
        }
    }
}
