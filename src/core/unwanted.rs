//! Words and patterns that administrators do not want to be said here: texts with one of them are refused, or reported.
//!
//! The list is compiled when it changes, and held in memory; the database knows it. A text is compared with it before the
//! writer runs the verb ([`Core::screened`](super::Core::screened)).

use std::sync::Arc;

use super::admin::By;
use super::error::{Error, Result};
use super::limits;
use super::model::{StateChange, UnwantedId};
use super::store::{Tx, View};
use super::word_list::Verdict;
pub use super::word_list::{Consequence, Entry, List, Sort, wrong_with_entry};

/// A verdict that was found before the verb, and the list that it is by. The default: none yet.
#[derive(Debug, Clone, Default)]
pub struct Screened(Option<(Arc<List>, Verdict)>);

impl Screened {
    pub(in crate::core) fn by<'t>(list: Arc<List>, texts: impl Iterator<Item = &'t str>) -> Self {
        match list.is_empty() {
            true => Self(None),
            false => {
                let verdict = Verdict::on(&list, texts);
                Self(Some((list, verdict)))
            }
        }
    }
}

/// What the list says now. If it is another one than before the verb, the texts are compared again.
pub(in crate::core) fn verdict<'t>(
    view: &View<'_>,
    screened: &Screened,
    texts: impl Iterator<Item = &'t str>,
) -> Verdict {
    let list = view.directory.unwanted();
    if list.is_empty() {
        return Verdict::default();
    }
    match &screened.0 {
        Some((by, verdict)) if Arc::ptr_eq(by, &list) => verdict.clone(),
        _ => Verdict::on(&list, texts),
    }
}

/// What is wrong with the name of a person, a conversation or a file, or a description.
pub(in crate::core) fn wrong_with(view: &View<'_>, name: &str) -> Option<String> {
    let list = view.directory.unwanted();
    let refused = !list.is_empty() && Verdict::on(&list, std::iter::once(name)).refused;
    refused.then(|| "contains words that are not allowed here".to_owned())
}

/// The same, as a refusal of this field.
///
/// # Errors
/// `Invalid`.
pub(in crate::core) fn check(view: &View<'_>, field: &str, name: &str) -> Result<()> {
    match wrong_with(view, name) {
        Some(wrong) => Err(Error::invalid(field, wrong)),
        None => Ok(()),
    }
}

/// Adds an entry, or changes what becomes of one that is there.
///
/// # Errors
/// `Invalid` for an overlong word and for a pattern that is none or too large, alone or with the others; `Conflict` if there
/// are [`limits::UNWANTED`].
pub fn put(
    tx: &Tx<'_>,
    by: By,
    typed: &str,
    sort: Sort,
    consequence: Consequence,
) -> Result<Entry> {
    let typed = match sort {
        Sort::Word => typed.trim(),
        Sort::Pattern => typed,
    };
    if let Some(wrong) = wrong_with_entry(typed, sort) {
        return Err(Error::invalid("text", wrong));
    }
    let id = tx.put_unwanted(by, typed, sort, consequence, tx.now)?;
    let entries = tx.unwanted_entries()?;
    if entries.len() > limits::UNWANTED {
        return Err(Error::Conflict("The list may have 500 entries"));
    }
    let put = entries.iter().find(|entry| entry.id == id).cloned();
    let put = put.ok_or(Error::NotFound("Word"))?;
    if let Err(error) = List::of(entries) {
        tracing::debug!(%error, "the unwanted patterns are too large");
        let wrong = "makes the list of patterns too large";
        return Err(Error::invalid("text", wrong));
    }
    let subject = format!("{} {typed}", sort.name());
    tx.record(by, "words.put", &subject, consequence.name())?;
    tx.announce(StateChange::UnwantedChanged);
    Ok(put)
}

/// Takes an entry off the list.
///
/// # Errors
/// `NotFound`.
pub fn remove(tx: &Tx<'_>, by: By, id: UnwantedId) -> Result<()> {
    let gone = tx.delete_unwanted(id)?.ok_or(Error::NotFound("Word"))?;
    let subject = format!("{} {}", gone.sort.name(), gone.text);
    tx.record(by, "words.remove", &subject, "")?;
    tx.announce(StateChange::UnwantedChanged);
    Ok(())
}
