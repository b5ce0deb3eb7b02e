//! What one does with one's own account: name and picture, password, address, downloading all, and leaving for good.

use super::account;
use super::admin;
use super::code::{self, Purpose};
use super::erasure;
use super::error::{Error, Result};
use super::limits;
use super::model::{Account, AccountId, FileId, Me, Picture, StateChange};
use super::outbox::{self, MailContent};
use super::quota::{self, Quota};
pub use super::store::{Cursor, Membership, OwnMessages};
use super::store::{Tx, View};
use super::{device, file, model, text, unwanted};

/// What to change; `None` leaves it as it is.
#[derive(Debug, Default)]
pub struct Change {
    pub name: Option<String>,
    pub picture: Option<NewPicture>,
}

/// A picture that somebody chooses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NewPicture {
    /// None any more.
    Blank,
    /// One of their own files.
    File(FileId),
}

/// How somebody has proven, beside their token, that it is they: a stolen token alone must not take an account away.
#[derive(Debug)]
pub enum Proof {
    /// By the password; this is its hash.
    Password(String),
    /// The account has no password: by a login within [`limits::RECENT_LOGIN`].
    RecentLogin,
}

/// What becomes of one's messages when one leaves for good.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Said {
    Stays,
    Goes,
}

const NO_PASSWORD: &str = "This account has no password: log in again and do this within 10 minutes, or choose a password \
                           by a mailed link first";

/// What somebody has to prove who they are by: the hash of their password; `None` if they have none and have logged in
/// just now.
///
/// # Errors
/// `Forbidden` if they have no password and logged in longer ago.
pub fn to_prove_by(view: &View<'_>, me: &Me) -> Result<Option<String>> {
    let hash = view.password_hash(me.id)?;
    if hash.is_none() {
        logged_in_recently(view, me)?;
    }
    Ok(hash)
}

fn logged_in_recently(view: &View<'_>, me: &Me) -> Result<()> {
    let devices = view.devices_of(me.id)?;
    let since = view.now.minus(limits::RECENT_LOGIN);
    let recent = devices
        .iter()
        .any(|device| device.id == me.device && device.created_at > since);
    match recent {
        true => Ok(()),
        false => Err(Error::Forbidden(NO_PASSWORD)),
    }
}

/// Does the proof still hold? The password may have been changed since it was compared.
fn holds(view: &View<'_>, me: &Me, proof: &Proof) -> Result<()> {
    match (proof, view.password_hash(me.id)?) {
        (Proof::Password(hash), Some(now)) if *hash == now => Ok(()),
        (Proof::RecentLogin, None) => logged_in_recently(view, me),
        _ => Err(Error::Conflict("The password was changed meanwhile")),
    }
}

/// Changes one's name or picture, and has those told who share a conversation. If the account has a username, the name is
/// that username.
///
/// # Errors
/// `Invalid` for a name that is not allowed and for a file that is not one's own, `Taken` if the username is somebody's,
/// `UsedUp`.
pub fn change(tx: &Tx<'_>, me: &Me, change: Change) -> Result<Account> {
    let before = account::get(tx, me.id)?;
    let name = change.name.map(|name| name.trim().to_owned());
    if let Some(wrong) = name.as_deref().and_then(text::wrong_with_name) {
        return Err(Error::invalid("name", wrong));
    }
    let name = name.filter(|name| *name != before.name);
    if let Some(name) = &name {
        unwanted::check(tx, "name", name)?;
    }
    let picture = change.picture.filter(|picture| match picture {
        NewPicture::Blank => before.picture.is_some(),
        NewPicture::File(file) => before.picture != Some(Picture::Kept(*file)),
    });
    if name.is_none() && picture.is_none() {
        return Ok(before);
    }
    if let Some(NewPicture::File(id)) = picture {
        let file = tx.file(id)?.filter(|file| file.uploader == me.id);
        if !file.is_some_and(|file| file::is_picture(&file.media_type)) {
            return Err(Error::invalid("picture", "must be a picture of yours"));
        }
    }
    let (limit, quota) = (
        tx.limits.profile_changes,
        "You have changed your name or picture often lately",
    );
    let changes = tx.directory.profile_changes();
    changes.count(me.id, tx.now, 1, limit, quota)?;
    if let Some(name) = name {
        let username = before.username.is_some().then_some(&*name);
        tx.name_account(me.id, &name, username)?;
        let subject = admin::subject(&before);
        tx.record(Some(me.id), "user.rename", &subject, &name)?;
    }
    match picture {
        Some(NewPicture::File(file)) => account::show_picture(tx, me.id, file)?,
        Some(NewPicture::Blank) => account::show_no_picture(tx, me.id)?,
        None => tx.announce(StateChange::ProfileChanged(me.id)),
    }
    tx.announce(StateChange::AccountChanged(me.id));
    account::get(tx, me.id)
}

/// Sets another password. This device stays, all others end.
///
/// # Errors
/// `Conflict` if the proof does not hold any more.
pub fn change_password(tx: &Tx<'_>, me: &Me, proof: &Proof, hash: &str) -> Result<()> {
    holds(tx, me, proof)?;
    let before = account::get(tx, me.id)?;
    tx.update_password(me.id, hash)?;
    device::end_others(tx, me)?;
    tx.record(Some(me.id), "user.password", &admin::subject(&before), "")?;
    tx.announce(StateChange::AccountChanged(me.id));
    Ok(())
}

/// What is mailed to an address that somebody wants to have.
#[derive(Debug)]
pub struct AddressMail {
    /// If nobody has proven it: the code.
    pub code: MailContent,
    /// If somebody else has: that somebody wanted it.
    pub taken: MailContent,
}

/// Mails a code to an address that is to become one's own. Until [`prove_address`] nothing changes, and nobody learns
/// whether the address has an account.
///
/// # Errors
/// `Conflict` if the proof does not hold any more, or if it is one's own and proven; `UsedUp` as [`code::issue`].
pub fn ask_for_address(
    tx: &Tx<'_>,
    me: &Me,
    proof: &Proof,
    email: &str,
    code: &str,
    mail: &AddressMail,
) -> Result<()> {
    holds(tx, me, proof)?;
    let known = tx.account_by_email(email)?;
    if known
        .as_ref()
        .is_some_and(|known| known.id == me.id && known.proven_at.is_some())
    {
        return Err(Error::Conflict("This is your address already"));
    }
    code::issue(tx, Purpose::Address, email, code)?;
    quota::count(tx, Quota::AskedBy(me.id))?;
    tx.note_who_asked(Purpose::Address.name(), email, me.id)?;
    match known.filter(|known| known.id != me.id && !may_be_released(known)) {
        // The answer is the same, so it does not tell who has an account; nobody gets this code.
        Some(known) => outbox::post(tx, known.email.as_deref().unwrap_or(email), &mail.taken),
        None => outbox::post(tx, email, &mail.code),
    }
}

/// An address that nobody has proven blocks nobody. An administrator keeps theirs even so.
fn may_be_released(holder: &Account) -> bool {
    holder.proven_at.is_none() && !holder.admin
}

/// Is this the code? Then the address that it was mailed to is one's own and proven, and the one before is told so. An
/// account that had it without proof has no address any more.
///
/// The outer error is the database's, the inner one the refusal: a wrong try is counted.
///
/// # Errors
/// Inside, as [`code::verify`]; `Taken` if somebody else has proven the address since.
pub fn prove_address(
    tx: &Tx<'_>,
    me: &Me,
    code: &str,
    farewell: &MailContent,
) -> Result<Result<Account>> {
    let Some(email) = tx.address_asked_by(Purpose::Address.name(), me.id)? else {
        return Ok(Err(code::wrong()));
    };
    if let Err(refused) = code::verify(tx, Purpose::Address, &email, code, None)? {
        return Ok(Err(refused));
    }
    code::spend(tx, Purpose::Address, &email)?;
    let before = account::get(tx, me.id)?;
    if let Some(holder) = tx.account_by_email(&email)?.filter(|one| one.id != me.id) {
        if !may_be_released(&holder) {
            return Ok(Err(Error::Taken("Email")));
        }
        tx.drop_digests(holder.id)?;
        tx.release_address(holder.id)?;
        tx.announce(StateChange::AccountChanged(holder.id));
    }
    if let Some(old) = before
        .email
        .as_deref()
        .filter(|_| before.proven_at.is_some())
    {
        outbox::post(tx, old, farewell)?;
    }
    tx.drop_digests(me.id)?;
    tx.move_to_address(me.id, &email)?;
    // Not the address itself: the audit log outlives the account.
    tx.record(Some(me.id), "user.email", &admin::subject(&before), "")?;
    tx.announce(StateChange::AccountChanged(me.id));
    account::get(tx, me.id).map(Ok)
}

/// Removes one's own account, as [`admin::remove`] does; with [`Said::Goes`] its messages and files are deleted too, a few
/// at a time.
///
/// # Errors
/// `Conflict` for the last administrator, and if the proof does not hold any more.
pub fn remove(tx: &Tx<'_>, me: &Me, proof: &Proof, said: Said) -> Result<()> {
    holds(tx, me, proof)?;
    admin::remove(tx, Some(me.id), me.id)?;
    match said {
        Said::Stays => Ok(()),
        Said::Goes => erasure::also_messages(tx, me.id),
    }
}

/// Counts a download of all that is one's own.
///
/// # Errors
/// `UsedUp`.
pub fn begin_export(view: &View<'_>, me: &Me) -> Result<()> {
    let quota = "You have downloaded what is yours often lately";
    let exports = view.directory.exports();
    exports.count(me.id, view.now, 1, view.limits.exports, quota)
}

/// The conversations that one belongs to, at most `most` behind `after`.
pub fn memberships(
    view: &View<'_>,
    me: AccountId,
    after: Option<model::ConversationId>,
    most: u32,
) -> Result<Vec<Membership>> {
    view.own_memberships(me, after, most)
}

/// One's own messages behind this place, in all conversations, also in those that one has left: a few at a time.
pub fn messages(view: &View<'_>, me: AccountId, from: Cursor) -> Result<OwnMessages> {
    view.own_messages(me, from)
}

/// One's own files, at most `most` behind `after`.
pub fn files(
    view: &View<'_>,
    me: AccountId,
    after: Option<FileId>,
    most: u32,
) -> Result<Vec<model::File>> {
    view.own_files(me, after, most)
}
