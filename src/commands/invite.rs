//! `chat invite`: prints a link by which people make themselves an account, lists such links and revokes them; whoever can
//! write the file may do it.

use serde_json::json;

use super::admin::UNTOLD;
use super::{Failure, close, table, visit};
use crate::core::admin;
use crate::core::error::Error;
use crate::core::invitation::{self, NewInvitation};
use crate::core::limits;
use crate::core::model::{Invitation, InvitationId, Page, Time};
use crate::flags::{DbFile, Invite, InviteCommand, InviteRevoke};
use crate::web::qr;

pub async fn run(flags: Invite) -> Result<(), Failure> {
    match flags.command {
        Some(InviteCommand::List(file)) => list(&file).await,
        Some(InviteCommand::Revoke(which)) => revoke(which).await,
        None => make(flags).await,
    }
}

async fn make(flags: Invite) -> Result<(), Failure> {
    let core = visit(&flags.file.db)?;
    let (uses, expires_at, to) = (flags.uses, Time::now().plus(flags.lasts), flags.to);
    let made = core
        .write(move |tx| {
            let conversations = to.iter().map(|typed| invitation::place_typed(tx, typed));
            let new = NewInvitation {
                uses,
                expires_at: Some(expires_at),
                conversations: conversations.collect::<Result<_, _>>()?,
            };
            Ok((invitation::make(tx, None, &new)?, admin::served_at(tx)?))
        })
        .await;
    close(core).await;
    let ((made, token), served_at) = made?;
    let url = flags.public_url.or(served_at);
    let link = invitation::link(url.as_deref().unwrap_or(UNTOLD), &token);
    let expires_at = made.expires_at.iso();
    if flags.file.json {
        let id = made.id.number();
        let told = json!({ "id": id, "link": link, "uses": made.uses, "expiresAt": expires_at });
        println!("{told}");
    } else {
        println!("{link}");
        if flags.qr {
            println!("\n{}\n", qr::lines(&link));
        }
        let leads = match names(&made) {
            names if names.is_empty() => String::new(),
            names => format!(" It leads to {names}."),
        };
        println!(
            "Good until {expires_at}, for {} to sign up.{leads}",
            counted(made.uses)
        );
    }
    Ok(())
}

async fn list(file: &DbFile) -> Result<(), Failure> {
    let core = visit(&file.db)?;
    let page = Page {
        page: 1,
        limit: limits::INVITATIONS as u32,
        descending: true,
    };
    let known = core.read(move |view| invitation::list(view, page)).await;
    let people = core.directory();
    let known = known.map(|known| {
        let named = known.items.into_iter().map(|one| {
            let by = one
                .by
                .and_then(|by| people.name(by).map(|name| name.to_string()));
            (one, by)
        });
        named.collect::<Vec<_>>()
    });
    close(core.clone()).await;
    let known = known?;
    if file.json {
        for (one, by) in &known {
            let conversations = one.conversations.iter().map(|(_, name)| name);
            println!(
                "{}",
                json!({
                    "id": one.id.number(), "uses": one.uses, "used": one.used, "by": by,
                    "createdAt": one.created_at.iso(), "expiresAt": one.expires_at.iso(),
                    "conversations": conversations.collect::<Vec<_>>(),
                })
            );
        }
        return Ok(());
    }
    let rows = known.into_iter().map(|(one, by)| {
        [
            one.id.number().to_string(),
            format!("{} of {}", one.used, one.uses),
            one.expires_at.iso().to_string(),
            by.unwrap_or_else(|| "the command line".to_owned()),
            names(&one),
        ]
    });
    table::print(
        ["id", "used", "good until", "by", "leads to"],
        &rows.collect::<Vec<_>>(),
    );
    Ok(())
}

async fn revoke(which: InviteRevoke) -> Result<(), Failure> {
    let core = visit(&which.file.db)?;
    let revoked = core
        .write(move |tx| {
            let id = InvitationId::new(which.id).ok_or(Error::NotFound("Invitation"))?;
            invitation::revoke(tx, None, id)
        })
        .await;
    close(core).await;
    revoked?;
    if which.file.json {
        println!("{}", json!({ "id": which.id, "revoked": true }));
    } else {
        println!("Nobody signs up with invitation {} any more.", which.id);
    }
    Ok(())
}

fn names(invitation: &Invitation) -> String {
    let names = invitation.conversations.iter().map(|(_, name)| &**name);
    names.collect::<Vec<_>>().join(", ")
}

fn counted(uses: u32) -> String {
    match uses {
        1 => "one person".to_owned(),
        uses => format!("{uses} people"),
    }
}
