//! System notifications over REST: listed and marked read.

use serde_json::{Value, json};

use super::shapes;
use crate::core::notice;
use crate::web::answer::{Answer, ok};
use crate::web::call::{Call, page, pagination};

/// Items of a page by default.
const PAGE: u32 = 20;

/// GET /api/notifications: the caller's own, newest first
pub async fn list_notifications(call: Call) -> Answer {
    let me = call.me()?;
    let mut query = call.query();
    let page = page(&mut query, PAGE);
    query.done(Some(()))?;
    let (notices, unread) = call.read(move |view| notice::list(view, &me, page)).await?;
    ok(json!({
        "success": true,
        "notifications": notices.items.iter().map(shapes::notice).collect::<Value>(),
        "unreadCount": unread,
        "pagination": pagination(page, notices.total),
    }))
}

/// PATCH /api/notifications/:id/read: mark one as read
pub async fn read_notification(call: Call) -> Answer {
    let me = call.me()?;
    let id = call.id(0, "id")?;
    let notice = call.write(move |tx| notice::mark_read(tx, &me, id)).await?;
    ok(json!({ "success": true, "notification": shapes::notice(&notice) }))
}
