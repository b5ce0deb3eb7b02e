//! What does one do with one's own account? The dialects' routes for it differ by their names and envelopes only.

use http::header;

use super::call::Call;
use super::fields::Fields;
use super::forms::{self, FormFile};
use super::mailing;
use super::uploads::Intake;
use crate::core::error::{Error, Result};
use crate::core::id::Spelling;
use crate::core::model::{Account, Blocked, Device, DeviceId, FileId, Me};
use crate::core::oneself::{AddressMail, Change, NewPicture, Proof, Said};
use crate::core::outbox::MailContent;
use crate::core::{block, code, device, file, oneself, text};

/// What a document calls one's name and picture; it is refused by the first name.
pub struct ProfileNames {
    pub name: &'static [&'static str],
    pub picture: &'static str,
}

const CURRENT: &[&str] = &[
    "currentPassword",
    "current_password",
    "oldPassword",
    "password",
];
const NEW: &[&str] = &["newPassword", "new_password"];
const PASSWORD: &[&str] = &["password", "currentPassword", "current_password"];

/// May these bytes be a profile picture? Their content decides.
pub fn is_picture(picture: &FormFile) -> bool {
    infer::get(&picture.bytes).is_some_and(|known| file::is_picture(known.mime_type()))
}

/// Stores a picture that came in a form, as its owner's file.
///
/// # Errors
/// As [`Intake`].
pub async fn keep_picture(call: &Call, me: Me, picture: FormFile) -> Result<FileId> {
    let name = match picture.name.as_str() {
        "" => "profile".to_owned(),
        name => name.to_owned(),
    };
    let mut intake = Intake::begin(call.core().clone(), me, name, &call.web().rates)?;
    intake.add(picture.bytes).await?;
    Ok(intake.finish(None, None).await?.id)
}

/// Changes one's name or picture: a form with the picture itself, or JSON with the path or id of a file of one's own;
/// `null` takes the picture away.
///
/// # Errors
/// `Invalid`, `Taken` for a username of somebody else's, `TooOften`; as [`forms::read`].
pub async fn change_profile(call: &mut Call, names: &ProfileNames) -> Result<Account> {
    let me = call.me()?;
    let is_form = forms::is_form(call.header(header::CONTENT_TYPE).unwrap_or_default());
    let most = call.core().limits().upload_bytes;
    let (given, picture) = match is_form {
        true => forms::read(call, names.picture, most).await?,
        false => (call.object().await?, None),
    };
    let mut fields = Fields::new(given, call.core().spelling());
    let name = fields.optional_text(names.name);
    let wrong = name
        .as_deref()
        .map(str::trim)
        .and_then(text::wrong_with_name);
    fields.check(names.name[0], wrong);
    let mut chosen = chosen_picture(&mut fields, names.picture);
    if picture.as_ref().is_some_and(|picture| !is_picture(picture)) {
        fields.fault(names.picture, "must be a PNG, JPEG, GIF or WebP picture");
    }
    fields.done(Some(()))?;
    let mut kept = None;
    if let Some(picture) = picture {
        kept = Some(keep_picture(call, me.clone(), picture).await?);
        chosen = kept.map(NewPicture::File);
    }
    let change = Change {
        name,
        picture: chosen,
    };
    let changed = call.write(move |tx| oneself::change(tx, &me, change)).await;
    if let (Err(_), Some(kept)) = (&changed, kept) {
        call.write(move |tx| file::abandon(tx, kept)).await?;
    }
    let named = |error: Error| error.about("name", names.name[0]);
    changed.map_err(|error| named(error).about("picture", names.picture))
}

fn chosen_picture(fields: &mut Fields<'_>, name: &str) -> Option<NewPicture> {
    if !fields.has(&[name]) {
        return None;
    }
    let spelling: &Spelling = fields.spelling();
    match fields.optional_text(&[name]).as_deref() {
        None | Some("") => Some(NewPicture::Blank),
        Some(given) => {
            let named = file::named(spelling, given).or_else(|| file::at(spelling, given));
            if named.is_none() {
                fields.fault(
                    name,
                    "must be a picture, the path or id of one of yours, or null",
                );
            }
            named.map(|named| NewPicture::File(named.id))
        }
    }
}

/// Has somebody prove, beside their token, that it is they: by their password, or, if they have none, by a recent login.
///
/// # Errors
/// `Forbidden` for a wrong password and a login that is too old, `Invalid` without the password, under the name of its field.
async fn proven(call: &Call, me: &Me, field: &str, password: Option<String>) -> Result<Proof> {
    let asking = me.clone();
    let hash = call
        .read(move |view| oneself::to_prove_by(view, &asking))
        .await?;
    let Some(hash) = hash else {
        return Ok(Proof::RecentLogin);
    };
    let password = password.filter(|password| !password.is_empty());
    let password = password.ok_or_else(|| Error::invalid(field, "must not be empty"))?;
    let passwords = call.core().passwords();
    match passwords.fits(password, Some(hash.clone()), None).await? {
        true => Ok(Proof::Password(hash)),
        false => Err(Error::Forbidden("The password is wrong")),
    }
}

/// `{ currentPassword, newPassword }`: sets another password and ends all other devices.
///
/// # Errors
/// `Invalid`; `Forbidden` for a wrong password, and for none if the login is too old.
pub async fn change_password(call: &mut Call) -> Result<()> {
    let me = call.me()?;
    let mut fields = call.fields().await?;
    let (current, new) = (fields.optional_text(CURRENT), fields.text(NEW));
    fields.check(NEW[0], text::wrong_with_password(&new));
    fields.done(Some(()))?;
    let proof = proven(call, &me, CURRENT[0], current).await?;
    let hash = call.core().passwords().hash(new).await?;
    call.write(move |tx| oneself::change_password(tx, &me, &proof, &hash))
        .await
}

/// `{ email, password }`: mails a code to this address; answers what to tell, which is the same whether or not the address
/// has an account.
///
/// # Errors
/// `Invalid`, `Forbidden` as [`change_password`], `Conflict` if it is one's own already, `TooOften`.
pub async fn ask_for_address(call: &mut Call, mail: fn(&str) -> AddressMail) -> Result<String> {
    let me = call.me()?;
    let mut fields = call.fields().await?;
    let (email, password) = (fields.email(), fields.optional_text(PASSWORD));
    let email = fields.done(Some(email))?;
    let proof = proven(call, &me, PASSWORD[0], password).await?;
    let code = code::digits();
    let mail = mail(&code);
    call.write(move |tx| oneself::ask_for_address(tx, &me, &proof, &email, &code, &mail))
        .await?;
    let words = "If nobody else has the address, a code is on its way";
    Ok(mailing::on_its_way(call, words, "the code"))
}

/// `{ code }`: the address that it was mailed to is one's own from now on, and the one before gets this mail.
///
/// # Errors
/// `Invalid` for a wrong code, `Taken` if somebody else has proven the address since, `TooOften`.
pub async fn prove_address(call: &mut Call, farewell: MailContent) -> Result<Account> {
    let me = call.me()?;
    let mut fields = call.fields().await?;
    let name = match fields.has(&["code"]) {
        true => "code",
        false => "verificationCode",
    };
    let code = fields.code(name);
    let code = fields.done(Some(code))?;
    let proven = call.write(move |tx| oneself::prove_address(tx, &me, &code, &farewell));
    let proven = proven.await?;
    proven.map_err(|error| error.about("verificationCode", name))
}

/// One's own devices that are alive, and the one that asks.
pub async fn devices(call: &Call) -> Result<(Vec<Device>, DeviceId)> {
    let me = call.me()?;
    let current = me.device;
    let devices = call.read(move |view| device::list(view, &me)).await?;
    Ok((devices, current))
}

/// Ends the device whose id is in the path.
///
/// # Errors
/// `NotFound` for what is none, or somebody else's.
pub async fn end_device(call: &Call, name: &str) -> Result<()> {
    let me = call.me()?;
    let id = call.id(0, name)?;
    call.write(move |tx| device::remove(tx, &me, id)).await
}

/// Whom one has blocked, the latest first.
pub async fn blocked(call: &Call) -> Result<Vec<Blocked>> {
    let me = call.me()?;
    call.read(move |view| block::list(view, &me)).await
}

/// Blocks the person whose id is in the path, or does so no more.
///
/// # Errors
/// As [`block::block`] and [`block::unblock`].
pub async fn block(call: &Call, on: bool) -> Result<()> {
    let me = call.me()?;
    let who = call.id(0, "userId")?;
    call.write(move |tx| match on {
        true => block::block(tx, &me, who),
        false => block::unblock(tx, &me, who),
    })
    .await
}

/// `{ password, messages: "keep" | "delete" }`: removes one's own account.
///
/// # Errors
/// `Invalid`, `Forbidden` as [`change_password`], `Conflict` for the last administrator.
pub async fn remove(call: &mut Call) -> Result<()> {
    let me = call.me()?;
    let mut fields = call.fields().await?;
    let password = fields.optional_text(PASSWORD);
    let said = fields.word("messages", &[("keep", Said::Stays), ("delete", Said::Goes)]);
    fields.done(Some(()))?;
    let proof = proven(call, &me, PASSWORD[0], password).await?;
    call.write(move |tx| oneself::remove(tx, &me, &proof, said))
        .await?;
    call.core().erasures().notify_one();
    Ok(())
}
