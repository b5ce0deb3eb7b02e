//! Which files are kept? The files of all people.

use http::StatusCode;
use serde_json::{Value, json};

use super::{done, listed, listing, one};
use crate::core::admin;
use crate::core::id::Spelling;
use crate::core::model::File;
use crate::web::answer::Answer;
use crate::web::call::Call;
use crate::web::downloads;

/// GET /api/admin/files: newest first
pub async fn list(call: Call) -> Answer {
    call.admin()?;
    let (q, page, ()) = listing(&call, |_| ())?;
    let files = call
        .read(move |view| admin::files(view, q.as_deref(), page))
        .await?;
    let spell = call.core().spelling();
    Ok(listed("files", page, &files, |(file, name)| {
        shape(spell, file, name)
    }))
}

/// GET /api/admin/files/{fileId}
pub async fn show(call: Call) -> Answer {
    call.admin()?;
    let id = call.id(0, "fileId")?;
    let (file, name) = call.read(move |view| admin::file(view, id)).await?;
    let file = shape(call.core().spelling(), &file, &name);
    Ok(one(StatusCode::OK, "file", file))
}

/// GET /api/admin/files/{fileId}/content: its bytes; reading a private file is noted in the audit log
pub async fn content(call: Call) -> Answer {
    let (me, id) = (call.admin()?, call.id(0, "fileId")?);
    let (file, private) = call
        .read(move |view| Ok((admin::file(view, id)?.0, admin::is_private(view, id)?)))
        .await?;
    let reply = downloads::send(&call, &file)?;
    if private && reply.status().is_success() {
        call.write(move |tx| admin::note_read(tx, Some(me.id), id))
            .await?;
    }
    Ok(reply)
}

/// `{ id, name, type, size, uploader: { id, name }, conversation, public, url, createdAt }`
fn shape(spell: &Spelling, file: &File, uploader: &str) -> Value {
    json!({
        "id": spell.uuid(file.id),
        "name": file.original,
        "type": file.media_type,
        "size": file.size,
        "uploader": { "id": spell.uuid(file.uploader), "name": uploader },
        "conversation": file.conversation.map(|id| spell.uuid(id)),
        "public": file.public,
        "url": format!("/uploads/{}", spell.hex(file.id)),
        "createdAt": file.created_at.iso(),
    })
}

/// DELETE /api/admin/files/{fileId}: removes it everywhere
pub async fn delete(call: Call) -> Answer {
    let (me, file) = (call.admin()?, call.id(0, "fileId")?);
    call.write(move |tx| admin::delete_file(tx, Some(me.id), file))
        .await?;
    Ok(done("The file is deleted"))
}
