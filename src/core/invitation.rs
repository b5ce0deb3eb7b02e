//! Who may sign up, and invitations: an administrator's token, by which others make themselves an account.
//!
//! A token is stored as a hash. It is good for a number of accounts, until it expires or is revoked; each account uses it
//! up once, in the transaction that makes the account. Accounts that administrators and the command line make need none,
//! nor do those of the application whose tokens are trusted.

use std::time::Duration;

use aws_lc_rs::digest::{SHA256, digest};

use super::admin::By;
use super::error::{Error, Fault, Result};
use super::may::{Wish, may};
use super::model::{AccountId, ConversationId, Invitation, InvitationId, Kind, Listed, Page, Time};
use super::store::{Tx, View};
use super::{code, conversation, limits};

/// Who may make themselves an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Who {
    Everybody,
    /// Whoever has an invitation.
    Invited,
    Nobody,
}

impl Who {
    /// As the flag `--sign-up` has it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Everybody => "open",
            Self::Invited => "invited",
            Self::Nobody => "closed",
        }
    }
}

/// Who may make themselves an account, and with which addresses.
#[derive(Debug, Clone)]
pub struct SignUpRule {
    pub who: Who,
    /// In lower case. If there are any, only whoever has proven an address of one of them signs up.
    pub domains: Vec<String>,
}

impl SignUpRule {
    /// May everybody sign up, with any address?
    pub fn is_open(&self) -> bool {
        self.who == Who::Everybody && self.domains.is_empty()
    }
}

/// Somebody who wants an account.
#[derive(Debug, Clone, Copy)]
pub struct Newcomer<'a> {
    pub email: Option<&'a str>,
    /// Is the address proven to be theirs, or will it be before the account is made?
    pub proven: bool,
    /// The token that they bring.
    pub invitation: Option<&'a str>,
}

/// May this person sign up, as it stands now? Asked before a slow hash and before a code is mailed; [`admit`] asks again.
///
/// # Errors
/// `Forbidden`, with what is missing. It says nothing of accounts that are there.
pub fn may_sign_up(view: &View<'_>, newcomer: Newcomer<'_>) -> Result<()> {
    let rule = &view.limits.sign_up;
    if rule.who == Who::Nobody {
        return Err(Error::Forbidden(
            "Nobody may sign up here: accounts are made by the administrators",
        ));
    }
    if !rule.domains.is_empty() {
        if !newcomer.proven {
            return Err(Error::Forbidden(
                "Only proven addresses may sign up here: ask for a code by POST /user/send-signup-code",
            ));
        }
        let domain = newcomer
            .email
            .and_then(|email| email.trim().rsplit_once('@'));
        let domain = domain.map(|(_, domain)| domain.to_ascii_lowercase());
        if !domain.is_some_and(|domain| rule.domains.contains(&domain)) {
            return Err(Error::Forbidden(
                "Addresses of this domain may not sign up here",
            ));
        }
    }
    match newcomer.invitation {
        // Also where everybody may sign up: who brings one wants to be where it leads.
        Some(token) if !view.invites(&hash(token))? => Err(Error::Forbidden(
            "This invitation is not good, or not any more",
        )),
        None if rule.who == Who::Invited => {
            Err(Error::Forbidden("Signing up here needs an invitation"))
        }
        Some(_) | None => Ok(()),
    }
}

/// Uses the invitation up for an account that is about to be made, and returns the conversations that it leads to.
///
/// # Errors
/// As [`may_sign_up`].
pub(in crate::core) fn admit(tx: &Tx<'_>, newcomer: Newcomer<'_>) -> Result<Vec<ConversationId>> {
    may_sign_up(tx, newcomer)?;
    let used = newcomer
        .invitation
        .map(|token| tx.use_invitation(&hash(token)));
    match used.transpose()?.flatten() {
        Some(used) => tx.invited_to(used),
        None => Ok(Vec::new()),
    }
}

/// Makes a new account a member of the conversations that its invitation leads to. One that takes nobody in any more is
/// passed over: that must not keep anybody out.
pub(in crate::core) fn join(
    tx: &Tx<'_>,
    who: AccountId,
    conversations: &[ConversationId],
) -> Result<()> {
    for id in conversations {
        let Some((place, standing)) = tx.place_for(*id, Some(who))? else {
            continue;
        };
        let is_full =
            place.kind == Kind::Group && tx.member_count(*id)? >= limits::GROUP_MEMBERS as i64;
        if !standing.archived && !is_full {
            conversation::enrol(tx, *id, who)?;
        }
    }
    Ok(())
}

/// What an invitation is good for.
#[derive(Debug)]
pub struct NewInvitation {
    /// How many accounts may be made with it.
    pub uses: u32,
    /// `None`: in [`limits::INVITATION_LASTS`].
    pub expires_at: Option<Time>,
    /// Groups and rooms that whoever comes becomes a member of.
    pub conversations: Vec<ConversationId>,
}

/// Makes an invitation, and returns it with its token, which is not kept.
///
/// # Errors
/// `Invalid` for a time that has passed or is too far away, or too many conversations; `NotFound` and `Forbidden` for a
/// conversation that the administrator may not moderate; `Conflict` if nobody may sign up, or there are too many
/// invitations.
pub fn make(tx: &Tx<'_>, by: By, new: &NewInvitation) -> Result<(Invitation, String)> {
    let expires_at = new.expires_at;
    let expires_at = expires_at.unwrap_or_else(|| tx.now.plus(limits::INVITATION_LASTS));
    let mut faults = Vec::new();
    if !(1..=limits::INVITATION_USES).contains(&new.uses) {
        let wrong = format!("must be from 1 to {}", limits::INVITATION_USES);
        faults.push(Fault::new("uses", wrong));
    }
    if expires_at <= tx.now || expires_at > tx.now.plus(limits::INVITATION_LONGEST) {
        let wrong = format!("must be within {} days", days(limits::INVITATION_LONGEST));
        faults.push(Fault::new("expiresAt", wrong));
    }
    if new.conversations.len() > limits::INVITED_TO {
        let wrong = format!("must be at most {}", limits::INVITED_TO);
        faults.push(Fault::new("conversationIds", wrong));
    }
    if !faults.is_empty() {
        return Err(Error::Invalid(faults));
    }
    if tx.limits.sign_up.who == Who::Nobody {
        return Err(Error::Conflict(
            "Nobody may sign up here, with an invitation neither: the server runs with --sign-up closed",
        ));
    }
    if tx.count_invitations()? >= limits::INVITATIONS {
        return Err(Error::Conflict(
            "There are too many invitations: revoke some that nobody needs",
        ));
    }
    for id in &new.conversations {
        may(tx, by, Wish::Moderate, *id)?;
    }
    let token = code::token();
    let id = tx.insert_invitation(&hash(&token), by, new.uses, expires_at, &new.conversations)?;
    let made = get(tx, id)?;
    let detail = format!("for {} until {}", new.uses, expires_at.iso());
    tx.record(by, "invitation.make", &subject(id), &detail)?;
    Ok((made, token))
}

/// The invitations that have not expired and are not revoked, the newest first.
pub fn list(view: &View<'_>, page: Page) -> Result<Listed<Invitation>> {
    view.invitations(page)
}

/// Revokes an invitation. The accounts that were made with it stay.
///
/// # Errors
/// `NotFound`.
pub fn revoke(tx: &Tx<'_>, by: By, id: InvitationId) -> Result<()> {
    get(tx, id)?;
    tx.delete_invitation(id)?;
    tx.record(by, "invitation.revoke", &subject(id), "")
}

/// The link that leads to the chat page's sign-up form. The token is behind the `#`, which browsers send to no server.
pub fn link(url: &str, token: &str) -> String {
    format!("{}/#invitation={token}", url.trim_end_matches('/'))
}

fn get(view: &View<'_>, id: InvitationId) -> Result<Invitation> {
    view.invitation(id)?.ok_or(Error::NotFound("Invitation"))
}

fn subject(id: InvitationId) -> String {
    format!("invitation {}", id.number())
}

fn days(span: Duration) -> u64 {
    span.as_secs() / 86_400
}

/// A token is too long to guess, so its hash needs nothing beside it.
fn hash(token: &str) -> Vec<u8> {
    digest(&SHA256, format!("invitation\n{token}").as_bytes())
        .as_ref()
        .to_vec()
}
