//! `chat notify`: sends a system notification; a running server sends it to sockets within a second.

use serde_json::json;

use super::{Failure, close, visit};
use crate::core::{account, notice};
use crate::flags::Notify;

pub async fn run(flags: Notify) -> Result<(), Failure> {
    let core = visit(&flags.file.db)?;
    let Notify {
        user,
        title,
        message,
        kind,
        file,
    } = flags;
    let sent = core
        .write(move |tx| {
            let to = account::found(tx, &user)?;
            Ok((notice::make(tx, None, to.id, &title, &message, &kind)?, to))
        })
        .await;
    close(core).await;
    let (notice, to) = sent?;
    if file.json {
        let sent =
            json!({ "id": notice.id.number(), "userId": to.id.number(), "title": notice.title });
        println!("{sent}");
    } else {
        println!("{} was notified: {}", to.name, notice.title);
    }
    Ok(())
}
