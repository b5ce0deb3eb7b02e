//! What may an administrator do? Verbs on everybody's accounts, messages, files and mail. Every change is in the audit log,
//! with who made it: an administrator or the command line.

use super::code::{self, Purpose};
use super::error::{Error, Fault, Result};
use super::may::{Wish, may};
use super::model::{
    Account, AccountId, Audited, ConversationId, Device, DeviceId, File, FileId, Kind, Listed,
    MailId, Me, Message, MessageId, Named, Page, ServerSeen, Sid, StateChange, Time,
};
pub use super::store::{Figures, Participant, PeopleOrder, PersonSeen, PlaceSeen};
use super::store::{NewAccount, Tx, View};
use super::{
    account, change, conversation as place, device, erasure, file as files_of, first_room, limits,
    owner, text,
};

/// Who does something: an administrator, or the command line.
pub type By = Option<AccountId>;

/// Somebody whom an administrator makes an account for.
#[derive(Debug)]
pub struct NewPerson {
    pub name: String,
    /// Is the name a username, which only one account may have?
    pub username: bool,
    pub email: String,
    /// Without one they choose it by a mailed link before they can log in.
    pub password_hash: Option<String>,
    pub admin: bool,
}

/// What is wrong with the name and the address of a new person. [`add`] checks it; a handler that hashes a password first
/// checks it before.
pub fn wrong_with(name: &str, email: &str) -> Vec<Fault> {
    let wrong = [
        ("name", text::wrong_with_name(name.trim())),
        ("email", text::wrong_with_email(email.trim())),
    ];
    let faults = wrong.map(|(field, wrong)| Some(Fault::new(field, wrong?)));
    faults.into_iter().flatten().collect()
}

/// What to change about an account; `None` leaves a field as it is.
#[derive(Debug, Default)]
pub struct Change {
    pub name: Option<String>,
    pub suspended: Option<bool>,
    pub admin: Option<bool>,
    pub password_hash: Option<String>,
}

/// Why an account with an unproven address does not become an administrator's without a new password.
const UNPROVEN: &str = "is required: nobody has proven the address of this account, so it needs a new password, and every \
                        earlier way into it ends";

/// An account, as the audit log names it.
pub(in crate::core) fn subject(account: &Account) -> String {
    format!("user {} ({})", account.id.number(), account.name)
}

/// Makes an account. Its address counts as proven, because the operator vouches for it. If somebody has signed up with that
/// address without proving it, the account is this person's now: the old password, devices and external logins are void.
///
/// # Errors
/// `Invalid`, and `Taken` if the name or the address is somebody's.
pub fn add(tx: &Tx<'_>, by: By, new: NewPerson) -> Result<Account> {
    let faults = wrong_with(&new.name, &new.email);
    if !faults.is_empty() {
        return Err(Error::Invalid(faults));
    }
    let (name, email) = (new.name.trim(), new.email.trim());
    let username = new.username.then_some(name);
    let typed = tx.account_by_email(email)?;
    // An administrator's account is never taken over, even if its address was not proven.
    let id = match typed.filter(|typed| typed.is_unproven() && !typed.admin) {
        Some(typed) => {
            tx.record(by, "user.take-over", &subject(&typed), "")?;
            tx.name_account(typed.id, name, username)?;
            if typed.suspended_at.is_some() {
                tx.suspend_account(typed.id, false)?;
            }
            typed.id
        }
        None => tx.insert_account(&NewAccount {
            home: "admin",
            username: username.map(str::to_owned),
            name: name.to_owned(),
            email: Some(email.to_owned()),
            password: None,
            external: None,
        })?,
    };
    account::take_over(tx, id, new.password_hash.as_deref())?;
    if new.admin {
        tx.update_admin(id, true)?;
    }
    let account = known(tx, id)?;
    let detail = if new.admin { "administrator" } else { "" };
    tx.record(by, "user.add", &subject(&account), detail)?;
    tx.announce(StateChange::AccountChanged(id));
    first_room::welcome(tx, id)?;
    Ok(account)
}

/// Removes a member from a group or a room.
///
/// # Errors
/// `NotFound` for what is no group or room, and for who is no member.
pub fn remove_member(tx: &Tx<'_>, me: &Me, id: ConversationId, who: AccountId) -> Result<()> {
    may(tx, Some(me.id), Wish::Administer, id)?;
    place::leave_for(tx, id, who)?;
    let detail = format!("user {}", who.number());
    tx.record(
        Some(me.id),
        "conversation.remove-member",
        &owner::subject(id),
        &detail,
    )
}

/// Changes an account. A suspension or a new password ends all its devices. An account with an unproven address becomes an
/// administrator's only with a new password: the old password, devices and external logins are void.
///
/// # Errors
/// `NotFound`; `Invalid`, also if that password is missing; `Conflict` if no administrator would be left.
pub fn change(tx: &Tx<'_>, by: By, id: AccountId, change: Change) -> Result<Account> {
    let before = known(tx, id)?;
    if change.suspended == Some(true) || change.admin == Some(false) {
        leaves_an_administrator(tx, by, &before)?;
    }
    if let Some(name) = &change.name {
        if let Some(wrong) = text::wrong_with_name(name.trim()) {
            return Err(Error::invalid("name", wrong));
        }
        tx.rename_account(id, name.trim())?;
        tx.record(by, "user.rename", &subject(&before), name.trim())?;
        tx.announce(StateChange::ProfileChanged(id));
    }
    if change.admin == Some(true) && before.is_unproven() {
        let hash = change.password_hash.as_deref();
        let hash = hash.ok_or_else(|| Error::invalid("password", UNPROVEN))?;
        tx.record(by, "user.take-over", &subject(&before), "")?;
        account::take_over(tx, id, Some(hash))?;
    }
    if let Some(admin) = change.admin.filter(|admin| *admin != before.admin) {
        tx.update_admin(id, admin)?;
        let action = if admin {
            "user.make-admin"
        } else {
            "user.make-plain"
        };
        tx.record(by, action, &subject(&before), "")?;
    }
    if let Some(hash) = &change.password_hash {
        tx.update_password(id, hash)?;
        device::end_all(tx, id)?;
        tx.record(by, "user.password", &subject(&before), "")?;
    }
    let was = before.suspended_at.is_some();
    if let Some(suspended) = change.suspended.filter(|suspended| *suspended != was) {
        tx.suspend_account(id, suspended)?;
        if suspended {
            device::end_all(tx, id)?;
        }
        let action = if suspended {
            "user.suspend"
        } else {
            "user.resume"
        };
        tx.record(by, action, &subject(&before), "")?;
    }
    tx.announce(StateChange::AccountChanged(id));
    known(tx, id)
}

/// Removes an account: name and address are blanked, files that it shared nowhere are deleted, memberships end; if these are
/// many, some of them a little later. Its messages stay.
///
/// # Errors
/// `NotFound`, and `Conflict` for the last administrator.
pub fn remove(tx: &Tx<'_>, by: By, id: AccountId) -> Result<()> {
    let account = known(tx, id)?;
    leaves_an_administrator(tx, by, &account)?;
    device::end_all(tx, id)?;
    tx.blank_account(id)?;
    erasure::begin(tx, id)?;
    tx.record(by, "user.remove", &format!("user {}", id.number()), "")?;
    tx.announce(StateChange::AccountChanged(id));
    tx.announce(StateChange::ProfileChanged(id));
    Ok(())
}

fn known(view: &View<'_>, id: AccountId) -> Result<Account> {
    view.account(id)?.ok_or(Error::NotFound("User"))
}

/// The command line can always make another one; the page cannot.
fn leaves_an_administrator(tx: &Tx<'_>, by: By, account: &Account) -> Result<()> {
    if by.is_some() && account.admin && tx.administrators_beside(account.id)? == 0 {
        return Err(Error::Conflict("This is the last administrator"));
    }
    Ok(())
}

/// Ends somebody's device.
///
/// # Errors
/// `NotFound` for one that is not theirs, or over.
pub fn end_device(tx: &Tx<'_>, by: By, id: AccountId, ended: DeviceId) -> Result<()> {
    let account = known(tx, id)?;
    device::end_one_of(tx, id, ended)?;
    tx.record(by, "device.end", &subject(&account), "")
}

/// Makes a device with which an administrator uses the server as this person; it is listed like any other.
///
/// # Errors
/// `NotFound`, `Forbidden` for a suspended account.
pub fn log_in_as(
    tx: &Tx<'_>,
    by: By,
    id: AccountId,
    address: &str,
    expires_at: Time,
) -> Result<Sid> {
    let account = known(tx, id)?;
    let device = device::log_in(tx, id, "Administrator", address, expires_at)?;
    tx.record(by, "user.token", &subject(&account), "")?;
    Ok(device)
}

/// A token with which this person can choose a new password; the administrator passes it on.
///
/// # Errors
/// `NotFound`, and `Conflict` for an account without an address.
pub fn reset_link(tx: &Tx<'_>, by: By, id: AccountId) -> Result<(String, Time)> {
    let account = known(tx, id)?;
    let email = account.email.as_deref();
    let email = email.ok_or(Error::Conflict("This account has no e-mail address"))?;
    let made = code::hand_out(tx, Purpose::Link, email)?;
    tx.record(by, "user.reset-link", &subject(&account), "")?;
    Ok(made)
}

/// A token that makes its holder the first administrator; an earlier one is void. `None` if there is one.
pub fn offer_set_up(tx: &Tx<'_>) -> Result<Option<String>> {
    if tx.administrators_beside(AccountId::stored(0))? > 0 {
        return Ok(None);
    }
    link(tx).map(Some)
}

/// Stores the public URL of the server that runs on this file.
pub fn serve_at(tx: &Tx<'_>, url: &str) -> Result<()> {
    tx.put_server_url(url)
}

/// The public URL of the server that runs or ran last on this file; `None` if none has yet.
pub fn served_at(view: &View<'_>) -> Result<Option<String>> {
    view.server_url()
}

/// A token that makes its holder an administrator, whether or not there is one; an earlier one is void.
pub fn link(tx: &Tx<'_>) -> Result<String> {
    code::hand_out(tx, Purpose::SetUp, "").map(|(token, _)| token)
}

/// Is this a token that makes an administrator? Asked before the password is hashed; [`set_up`] asks again.
///
/// # Errors
/// `Invalid` for a token that is wrong, used or expired.
pub fn may_set_up(view: &View<'_>, token: &str) -> Result<()> {
    code::good(view, Purpose::SetUp, token).map(drop)
}

/// Makes the holder of such a token an administrator.
///
/// # Errors
/// `Invalid` for a token that is wrong, used or expired; as [`add`].
pub fn set_up(tx: &Tx<'_>, token: &str, new: NewPerson) -> Result<Account> {
    code::redeem(tx, Purpose::SetUp, token)?;
    add(tx, None, NewPerson { admin: true, ..new })
}

/// Deletes a message for everybody, and tells them.
///
/// # Errors
/// `NotFound`.
pub fn delete_message(tx: &Tx<'_>, by: By, id: MessageId) -> Result<()> {
    change::erase_as_admin(tx, by, id).map(drop)
}

/// May only some accounts read this file?
pub fn is_private(view: &View<'_>, id: FileId) -> Result<bool> {
    // Its long ids cannot be guessed, but an administrator sees them in lists: so reading it is audited.
    let named = Named { id, sealed: false };
    match files_of::get(view, None, named) {
        Ok(_) => Ok(false),
        Err(Error::NotFound(_)) => Ok(true),
        Err(error) => Err(error),
    }
}

/// Notes in the audit log that an administrator has read a private file.
///
/// # Errors
/// `NotFound`.
pub fn note_read(tx: &Tx<'_>, by: By, id: FileId) -> Result<()> {
    let file = tx.file(id)?.ok_or(Error::NotFound("File"))?;
    tx.record(
        by,
        "file.read",
        &format!("file {}", id.number()),
        &file.original,
    )
}

/// Deletes a file, wherever it is shown.
///
/// # Errors
/// `NotFound`.
pub fn delete_file(tx: &Tx<'_>, by: By, id: FileId) -> Result<()> {
    let file = tx.file(id)?.ok_or(Error::NotFound("File"))?;
    tx.hide_picture(id)?;
    tx.delete_file(id)?;
    if file.public {
        tx.announce(StateChange::ProfileChanged(file.uploader));
    }
    tx.record(
        by,
        "file.delete",
        &format!("file {}", id.number()),
        &file.original,
    )
}

/// Sends a mail now that waits for its next try.
///
/// # Errors
/// `NotFound`, and `Conflict` if it has been sent.
pub fn retry_mail(tx: &Tx<'_>, by: By, id: MailId) -> Result<()> {
    let mail = tx.mail(id)?.ok_or(Error::NotFound("Mail"))?;
    if mail.sent_at.is_some() {
        return Err(Error::Conflict(
            "This mail has been sent, and its text forgotten",
        ));
    }
    tx.mail_is_due(id)?;
    tx.record(by, "mail.retry", &format!("mail {}", id.number()), &mail.to)
}

/// Notes in the audit log an act that changed no row.
pub fn note(tx: &Tx<'_>, by: By, action: &str, subject: &str) -> Result<()> {
    tx.record(by, action, subject, "")
}

/// When the last backup was made.
pub fn last_backup(view: &View<'_>) -> Result<Option<Time>> {
    Ok(view.last_audited("backup.")?.map(|(at, _)| at))
}

/// When something was said last.
pub fn last_said(view: &View<'_>) -> Result<Option<Time>> {
    view.last_said()
}

/// When a backup that the server made by itself failed last, and why. Of several failures in a row the first is noted.
pub fn last_backup_failure(view: &View<'_>) -> Result<Option<(Time, String)>> {
    view.last_audited(BACKUP_FAILED)
}

/// Notes that a backup failed that the server made by itself.
pub fn note_backup_failure(tx: &Tx<'_>, why: &str) -> Result<()> {
    tx.record(None, BACKUP_FAILED, "backup", why)
}

const BACKUP_FAILED: &str = "backup_failure.note";

/// Who changed what, newest first.
pub fn audit(view: &View<'_>, q: Option<&str>, page: Page) -> Result<Listed<Audited>> {
    view.audit(q, page)
}

/// Everybody, with when they were last here.
pub fn people(
    view: &View<'_>,
    q: Option<&str>,
    order: PeopleOrder,
    page: Page,
) -> Result<Listed<PersonSeen>> {
    view.people_seen(q, order, page)
}

/// One of them.
///
/// # Errors
/// `NotFound`.
pub fn person(view: &View<'_>, id: AccountId) -> Result<PersonSeen> {
    view.person_seen(id)?.ok_or(Error::NotFound("User"))
}

/// All conversations, newest first; only those of one kind if one is given.
pub fn conversations(
    view: &View<'_>,
    q: Option<&str>,
    kind: Option<Kind>,
    page: Page,
) -> Result<Listed<PlaceSeen>> {
    view.places_seen(q, kind, page)
}

/// One of them, with its members.
///
/// # Errors
/// `NotFound`.
pub fn conversation(view: &View<'_>, id: ConversationId) -> Result<(PlaceSeen, Vec<Participant>)> {
    let place = view.place_seen(id)?;
    let place = place.ok_or(Error::NotFound("Conversation"))?;
    Ok((place, view.participants(id)?))
}

/// Messages before this one, newest first, deleted ones too; and whether there are more.
///
/// # Errors
/// `NotFound` for no conversation, `Invalid` for a message of another one.
pub fn messages(
    view: &View<'_>,
    id: ConversationId,
    before: Option<MessageId>,
    limit: u32,
) -> Result<(Vec<(Message, bool)>, bool)> {
    let seen = view.place_seen(id)?;
    let place = seen
        .ok_or(Error::NotFound("Conversation"))?
        .conversation
        .place;
    let found = view.messages_seen(place, before, limit.min(limits::PAGE) + 1)?;
    let mut found = found.ok_or_else(|| Error::invalid("before", "is no message of this one"))?;
    let more = found.len() > limit as usize;
    found.truncate(limit as usize);
    Ok((found, more))
}

/// All files, newest first, with their uploaders' names.
pub fn files(view: &View<'_>, q: Option<&str>, page: Page) -> Result<Listed<(File, String)>> {
    view.files_seen(q, page)
}

/// One of them.
///
/// # Errors
/// `NotFound`.
pub fn file(view: &View<'_>, id: FileId) -> Result<(File, String)> {
    let file = view.file(id)?.ok_or(Error::NotFound("File"))?;
    let uploader = view.account(file.uploader)?;
    Ok((file, uploader.map_or(String::new(), |account| account.name)))
}

/// Somebody's devices that are alive.
///
/// # Errors
/// `NotFound`.
pub fn devices(view: &View<'_>, id: AccountId) -> Result<Vec<Device>> {
    known(view, id)?;
    view.devices_of(id)
}

/// How many bytes of files there are.
pub fn file_bytes(view: &View<'_>) -> Result<i64> {
    view.file_bytes()
}

/// The servers that run on this database, if others may.
pub fn servers(view: &View<'_>) -> Result<Vec<ServerSeen>> {
    view.servers()
}

/// How much there is of everything.
pub fn figures(view: &View<'_>) -> Result<Figures> {
    view.figures()
}
