//! `chat invite`: prints a link by which people make themselves an account; whoever can write the file may do it.

use serde_json::json;

use super::admin::UNTOLD;
use super::{Failure, close, visit};
use crate::core::admin;
use crate::core::invitation::{self, NewInvitation};
use crate::core::model::Time;
use crate::flags::Invite;

pub async fn run(flags: Invite) -> Result<(), Failure> {
    let core = visit(&flags.file.db)?;
    let new = NewInvitation {
        uses: flags.uses,
        expires_at: Some(Time::now().plus(flags.lasts)),
        conversations: Vec::new(),
    };
    let made = core
        .write(move |tx| Ok((invitation::make(tx, None, &new)?, admin::served_at(tx)?)))
        .await;
    close(core).await;
    let ((made, token), served_at) = made?;
    let url = flags.public_url.or(served_at);
    let link = invitation::link(url.as_deref().unwrap_or(UNTOLD), &token);
    let expires_at = made.expires_at.iso();
    if flags.file.json {
        let told = json!({ "link": link, "uses": made.uses, "expiresAt": expires_at });
        println!("{told}");
    } else {
        println!("{link}");
        println!(
            "Good until {expires_at}, for {} to sign up.",
            counted(made.uses)
        );
    }
    Ok(())
}

fn counted(uses: u32) -> String {
    match uses {
        1 => "one person".to_owned(),
        uses => format!("{uses} people"),
    }
}
