//! Signing up: a code is mailed, the code is verified, and a form registers the account.

use http::{StatusCode, header};
use serde_json::json;

use super::shapes;
use crate::core::account::Profile;
use crate::core::code::{self, Purpose};
use crate::core::error::{Error, Result};
use crate::core::invitation::{self, Newcomer};
use crate::core::model::{AccountId, Time};
use crate::core::{account, outbox, text};
use crate::mail::templates;
use crate::web::answer::{Answer, json_reply, ok};
use crate::web::call::Call;
use crate::web::fields::Fields;
use crate::web::forms::{self, FormFile};
use crate::web::login;
use crate::web::mailing;
use crate::web::oneself::{self, is_picture};

const GENDERS: &[&str] = &["male", "female", "other"];
const ROLES: &[&str] = &["student", "faculty", "recruiter", "pro_partner"];

/// POST /user/send-signup-code and /user/resend-signup-code
pub async fn send_code(mut call: Call) -> Answer {
    let mut fields = call.fields().await?;
    let email = fields.email();
    let invitation = fields.optional_text(&["invitation"]);
    let email = fields.done(Some(email))?;
    let code = code::digits();
    let (content, known) = (templates::sign_up(&code), templates::already_registered());
    call.write(move |tx| {
        code::issue(tx, Purpose::SignUp, &email, &code)?;
        match account::known_address(tx, &email)? {
            // The answer is the same, so it does not tell who has an account; nobody gets this code.
            Some(account) if account.proven_at.is_some() => {
                outbox::post(tx, account.email.as_deref().unwrap_or(&email), &known)
            }
            // Nor does it tell who is invited.
            _ => match invitation::may_sign_up(tx, newcomer(&email, invitation.as_deref())) {
                Ok(()) => code::mail_to_stranger(tx, &email, &content),
                Err(Error::Forbidden(_)) => Ok(()),
                Err(error) => Err(error),
            },
        }
    })
    .await?;
    let words = "If the address can be signed up, a code is on its way";
    ok(json!({ "message": mailing::on_its_way(&call, words, "the code") }))
}

/// Somebody whose address a code proves.
fn newcomer<'a>(email: &'a str, invitation: Option<&'a str>) -> Newcomer<'a> {
    Newcomer {
        email: Some(email),
        proven: true,
        invitation,
    }
}

/// POST /user/verify-email
pub async fn verify_email(mut call: Call) -> Answer {
    let token = verify(&mut call, Purpose::SignUp).await?;
    ok(json!({ "message": "Email verified", "verified": true, "signupToken": token }))
}

/// Reads `{ email, verificationCode }`, and returns the token for a right code.
pub async fn verify(call: &mut Call, purpose: Purpose) -> Result<String> {
    let client = call.visitor().proof();
    let mut fields = call.fields().await?;
    let (email, code) = (fields.email(), fields.code("verificationCode"));
    let (email, code) = fields.done(Some((email, code)))?;
    call.write(move |tx| code::verify(tx, purpose, &email, &code, client.as_deref()))
        .await?
}

/// POST /user/register
pub async fn register(mut call: Call) -> Answer {
    let client = call.visitor().proof();
    let is_form = forms::is_form(call.header(header::CONTENT_TYPE).unwrap_or_default());
    let most = call.core().limits().upload_bytes;
    let (given, picture) = if is_form {
        forms::read(&mut call, "profile", most).await?
    } else {
        (call.object().await?, None)
    };
    let mut fields = Fields::new(given, call.core().spelling());
    let email = fields.email();
    let name = fields
        .text(&["full_name", "fullName", "name", "username"])
        .trim()
        .to_owned();
    fields.check("full_name", text::wrong_with_name(&name));
    let gender = one_of(&mut fields, "gender", GENDERS);
    let role = one_of(&mut fields, "role", ROLES);
    let born_on = date_of_birth(&mut fields);
    let password = fields.new_password();
    let token = proof(&mut fields, "signupToken", client.as_deref());
    let invitation = fields.optional_text(&["invitation"]);
    if let Some(picture) = &picture
        && !is_picture(picture)
    {
        fields.fault("profile", "must be a PNG, JPEG, GIF or WebP picture");
    }
    let profile = Profile {
        home: "campus",
        name,
        gender,
        born_on,
        role,
    };
    fields.done(Some(()))?;

    // Checked before the slow hash, and again by the verb.
    let (address, asking, shown) = (email.clone(), client.clone(), token.clone());
    let brought = invitation.clone();
    call.read(move |view| {
        code::proven(
            view,
            Purpose::SignUp,
            &address,
            asking.as_deref(),
            shown.as_deref(),
        )?;
        invitation::may_sign_up(view, newcomer(&address, brought.as_deref()))
    })
    .await?;
    let hash = call.core().passwords().hash(password).await?;
    let id = call
        .write(move |tx| {
            account::register(
                tx,
                &email,
                &profile,
                &hash,
                client.as_deref(),
                token.as_deref(),
                invitation.as_deref(),
            )
        })
        .await?;
    let login = login::start(&call, id).await?;
    if let Some(picture) = picture {
        keep(&call, &login, id, picture).await?;
    }
    let own = call.read(move |view| account::get(view, id)).await?;
    let shape = shapes::logged_in(call.core().spelling(), "User registered", &login, &own);
    Ok(json_reply(StatusCode::CREATED, &shape))
}

/// The token for a right code. It is required if the client's address does not prove who had the code.
pub fn proof(fields: &mut Fields<'_>, name: &str, client: Option<&str>) -> Option<String> {
    let token = fields.optional_text(&[name]);
    if token.is_none() && client.is_none() {
        fields.fault(
            name,
            "is required here: behind a proxy that is not trusted, no address says whose code it was",
        );
    }
    token
}

fn one_of(fields: &mut Fields<'_>, name: &str, words: &[&str]) -> Option<String> {
    let given = fields.text(&[name]);
    if !words.contains(&given.as_str()) {
        fields.fault(name, format!("must be one of {}", words.join(", ")));
    }
    Some(given)
}

/// A date in the past, `YYYY-MM-DD`; a time after it is ignored.
fn date_of_birth(fields: &mut Fields<'_>) -> Option<String> {
    let given = fields.text(&["dateOfBirth", "date_of_birth"]);
    let day = given.get(..10).unwrap_or_default();
    let plausible = Time::from_iso(&format!("{day}T00:00:00Z"))
        .is_some_and(|date| date < Time::now() && day >= "1900-01-01");
    let rest = given.get(10..).unwrap_or_default();
    if !plausible || !(rest.is_empty() || rest.starts_with('T')) {
        fields.fault("dateOfBirth", "must be a date in the past: YYYY-MM-DD");
    }
    Some(day.to_owned())
}

async fn keep(call: &Call, login: &str, id: AccountId, picture: FormFile) -> Result<()> {
    let me = call.core().me(login).await?;
    let file = oneself::keep_picture(call, me, picture).await?;
    call.write(move |tx| account::show_picture(tx, id, file))
        .await
        .map_err(|error| match error {
            Error::NotFound(_) => Error::Internal("an account was gone before its picture".into()),
            other => other,
        })
}
