//! Who is there? What all dialects' routes for that share.

use super::call::Call;
use crate::core::error::Result;
use crate::core::limits;
use crate::core::model::Presence;
use crate::core::presence;

/// Those of `userIds`, ids with commas between them, of whom the caller may know whether they are there.
///
/// # Errors
/// `Unauthorized`, `Invalid` for what is no id and for too many.
pub async fn asked_for(call: &Call) -> Result<Vec<Presence>> {
    let me = call.me()?;
    let mut query = call.query();
    let people = query.listed_ids(&["userIds"], limits::PAGE as usize);
    let people = query.done(Some(people))?;
    call.read(move |view| presence::of(view, &me, &people))
        .await
}
