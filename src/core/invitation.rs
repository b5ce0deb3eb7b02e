//! Who may sign up, and invitations: a token, by which others make themselves an account. Administrators invite, and all
//! others where they may.
//!
//! A token is stored as a hash. It is good for a number of accounts, until it expires or is revoked; each account uses it
//! up once, in the transaction that makes the account. Accounts that administrators and the command line make need none,
//! nor do those of the application whose tokens are trusted.

use std::time::Duration;

use aws_lc_rs::digest::{SHA256, digest};

use super::admin::By;
use super::error::{Error, Fault, Result};
use super::may::{Wish, may};
use super::model::{
    AccountId, ConversationId, Invitation, InvitationId, Kind, Listed, Me, Page, Time,
};
use super::store::{Tx, View};
use super::{account, admin, code, conversation, first_room, limits};

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

/// Has somebody make themselves an account: uses up the invitation that they bring, and takes them into the first room and
/// wherever it leads to.
///
/// # Errors
/// As [`may_sign_up`], first of all; those of `make`.
pub(in crate::core) fn let_in(
    tx: &Tx<'_>,
    newcomer: Newcomer<'_>,
    make: impl FnOnce() -> Result<AccountId>,
) -> Result<AccountId> {
    may_sign_up(tx, newcomer)?;
    let used = newcomer
        .invitation
        .map(|token| tx.use_invitation(&hash(token)));
    let used = used.transpose()?.flatten();
    let id = make()?;
    first_room::welcome(tx, id)?;
    if let Some(used) = used {
        let by = get(tx, used)?.by;
        let newcomer = admin::subject(&account::get(tx, id)?);
        tx.record(by, "invitation.use", &newcomer, &subject(used))?;
        join(tx, id, &tx.invited_to(used)?)?;
    }
    Ok(id)
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

/// How much somebody may invite.
struct Allowance {
    uses: u32,
    longest: Duration,
    /// How many invitations of theirs are kept at the same time.
    kept: i64,
    /// Do revoked ones count until they would have expired?
    revoked_too: bool,
}

const ADMINISTRATORS: Allowance = Allowance {
    uses: limits::INVITATION_USES,
    longest: limits::INVITATION_LONGEST,
    kept: limits::INVITATIONS,
    revoked_too: false,
};

const MEMBERS: Allowance = Allowance {
    uses: limits::MEMBER_INVITATION_USES,
    longest: limits::MEMBER_INVITATION_LONGEST,
    kept: limits::MEMBER_INVITATIONS,
    revoked_too: true,
};

/// May this person invite?
///
/// # Errors
/// `Forbidden`.
pub fn may_invite(view: &View<'_>, me: &Me) -> Result<()> {
    match view.limits.members_invite || view.directory.is_admin(me.id) {
        true => Ok(()),
        false => Err(Error::Forbidden("Only administrators invite people here")),
    }
}

/// Makes an invitation in the name of an administrator or of the command line, and returns it with its token, which is not
/// kept.
///
/// # Errors
/// `Invalid` for a time that has passed or is too far away, or too many conversations; `NotFound` and `Forbidden` for a
/// conversation that they may take nobody into; `Conflict` if nobody may sign up, or there are too many invitations.
pub fn make(tx: &Tx<'_>, by: By, new: &NewInvitation) -> Result<(Invitation, String)> {
    insert(tx, by, new, &ADMINISTRATORS)
}

/// The same in the name of whoever may invite, who gets less of it if they are no administrator.
///
/// # Errors
/// As [`may_invite`] and [`make`].
pub fn make_own(tx: &Tx<'_>, me: &Me, new: &NewInvitation) -> Result<(Invitation, String)> {
    may_invite(tx, me)?;
    let allowance = match tx.directory.is_admin(me.id) {
        true => &ADMINISTRATORS,
        false => &MEMBERS,
    };
    insert(tx, Some(me.id), new, allowance)
}

fn insert(
    tx: &Tx<'_>,
    by: By,
    new: &NewInvitation,
    allowance: &Allowance,
) -> Result<(Invitation, String)> {
    let expires_at = new.expires_at;
    let expires_at = expires_at.unwrap_or_else(|| tx.now.plus(limits::INVITATION_LASTS));
    let mut faults = Vec::new();
    if !(1..=allowance.uses).contains(&new.uses) {
        let wrong = format!("must be from 1 to {}", allowance.uses);
        faults.push(Fault::new("uses", wrong));
    }
    if expires_at <= tx.now || expires_at > tx.now.plus(allowance.longest) {
        let wrong = format!("must be within {} days", days(allowance.longest));
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
    if tx.count_invitations(by, allowance.revoked_too)? >= allowance.kept {
        return Err(Error::Conflict(match allowance.revoked_too {
            true => "You have made too many invitations: each counts until it would have expired",
            false => "There are too many invitations: revoke some that nobody needs",
        }));
    }
    for id in &new.conversations {
        may_lead_to(tx, by, *id)?;
    }
    let token = code::token();
    let id = tx.insert_invitation(&hash(&token), by, new.uses, expires_at, &new.conversations)?;
    let made = get(tx, id)?;
    let detail = format!("for {} until {}", new.uses, expires_at.iso());
    tx.record(by, "invitation.make", &subject(id), &detail)?;
    Ok((made, token))
}

/// May an invitation of theirs take people in there? The command line's may everywhere, others' into rooms where they may
/// speak and groups that they may add people to.
fn may_lead_to(tx: &Tx<'_>, by: By, id: ConversationId) -> Result<()> {
    let place = match by {
        Some(_) => Some(may(tx, by, Wish::Speak, id)?),
        None => tx.place_for(id, None)?,
    };
    let (place, _) = place.ok_or(Error::NotFound("Conversation"))?;
    match place.kind {
        Kind::Room => Ok(()),
        Kind::Group if by.is_none() => Ok(()),
        Kind::Group => may(tx, by, Wish::Moderate, id).map(|_| ()),
        Kind::Direct | Kind::Session => Err(Error::Forbidden(
            "Invitations lead to groups and rooms only",
        )),
    }
}

/// The invitations that have not expired and are not revoked, the newest first.
pub fn list(view: &View<'_>, page: Page) -> Result<Listed<Invitation>> {
    view.invitations(None, page)
}

/// One's own that have not expired and are not revoked, the newest first.
///
/// # Errors
/// As [`may_invite`].
pub fn own(view: &View<'_>, me: &Me, page: Page) -> Result<Listed<Invitation>> {
    may_invite(view, me)?;
    view.invitations(Some(me.id), page)
}

/// Revokes an invitation. The accounts that were made with it stay.
///
/// # Errors
/// `NotFound`.
pub fn revoke(tx: &Tx<'_>, by: By, id: InvitationId) -> Result<()> {
    get(tx, id)?;
    tx.revoke_invitation(id)?;
    tx.record(by, "invitation.revoke", &subject(id), "")
}

/// Revokes an invitation of one's own, also if one may not invite any more.
///
/// # Errors
/// `NotFound`, also for somebody else's.
pub fn revoke_own(tx: &Tx<'_>, me: &Me, id: InvitationId) -> Result<()> {
    match get(tx, id)?.by {
        Some(by) if by == me.id => revoke(tx, Some(me.id), id),
        _ => Err(Error::NotFound("Invitation")),
    }
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

/// The group or the room that an operator typed: by its whole name, or `id:7`.
///
/// # Errors
/// `NotFound`, and `Malformed` if several are called so.
pub fn place_typed(view: &View<'_>, typed: &str) -> Result<ConversationId> {
    if let Some(id) = typed.strip_prefix("id:") {
        let id = id.parse().ok().and_then(ConversationId::new);
        return id.ok_or(Error::NotFound("Conversation"));
    }
    let named = view.conversations_named(typed)?;
    match named[..] {
        [] => Err(Error::NotFound("Conversation")),
        [only] => Ok(only),
        _ => {
            let said = named.iter().map(|id| format!("id:{}", id.number()));
            let said = said.collect::<Vec<_>>().join(" or ");
            Err(Error::Malformed(format!(
                "{typed} could be several: say {said}"
            )))
        }
    }
}

/// A token is too long to guess, so its hash needs nothing beside it.
fn hash(token: &str) -> Vec<u8> {
    digest(&SHA256, format!("invitation\n{token}").as_bytes())
        .as_ref()
        .to_vec()
}
