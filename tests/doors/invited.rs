//! Who may sign up: everybody, whoever is invited, or nobody; with any address, or with those of a domain.

use crate::support::arriving::student;
use crate::support::person::{email_of, password_of};
use crate::support::*;
use futures_util::future::join_all;

/// A throwaway server that only the invited may sign up at.
async fn for_the_invited(flags: &[&str]) -> Chat {
    Chat::with(&[&["--sign-up", "invited"], flags].concat()).await
}

/// What an administrator gets who invites.
async fn invites(chat: &Chat, what: Value) -> Value {
    let made = chat.admin().post("/api/admin/invitations", what).await;
    made.has_status(201).json()["invitation"].clone()
}

fn token(invitation: &Value) -> String {
    let token = invitation["token"].as_str();
    token.expect("a new invitation has its token").to_owned()
}

/// What a person of this name sends to sign up in rooms, with whatever stands in the place of an invitation.
fn rooms(name: &str, invitation: Value) -> Value {
    let (email, password) = (email_of(name), password_of(name));
    json!({ "username": name, "email": email, "password": password, "invitation": invitation })
}

/// Signs up in rooms, and returns the answer.
async fn signs_up(chat: &Chat, name: &str, invitation: &str) -> Answer {
    let new = rooms(name, json!(invitation));
    chat.nobody().post("/api/auth/signup", new).await
}

/// How many accounts there are, the administrator's too.
async fn accounts(chat: &Chat) -> Value {
    let listed = chat.admin().get("/api/admin/users").await;
    listed.has_status(200).json()["pagination"]["total"].clone()
}

#[tokio::test]
async fn without_an_invitation_no_dialect_makes_an_account() {
    let chat = for_the_invited(&[]).await;
    let nobody = chat.nobody();
    let mut new = rooms("ann", json!("of nobody"));
    new["name"] = json!("ann");
    let mut without = new.clone();
    without
        .as_object_mut()
        .expect("an object")
        .remove("invitation");
    for path in ["/api/auth/signup", "/api/auth/register"] {
        let said = nobody.post(path, without.clone()).await.refused(403).json();
        assert_eq!(said["message"], "Signing up here needs an invitation");
        let said = nobody.post(path, new.clone()).await.refused(403).json();
        assert_eq!(
            said["message"],
            "This invitation is not good, or not any more"
        );
    }
    // Campus asks for a proof of the address first, and the code that would give one is not sent.
    nobody
        .post("/user/register", student("ann"))
        .await
        .refused(403);
    assert_eq!(accounts(&chat).await, 1);
}

#[tokio::test]
async fn with_an_invitation_every_dialect_makes_one() {
    let chat = for_the_invited(&[]).await;
    let invitation = token(&invites(&chat, json!({ "uses": 3 })).await);
    let nobody = chat.nobody();
    signs_up(&chat, "ann", &invitation).await.has_status(201);
    let mut bob = rooms("bob", json!(invitation));
    bob["name"] = json!("bob");
    nobody.post("/api/auth/register", bob).await.has_status(200);
    let ask = json!({ "email": email_of("carl"), "invitation": invitation });
    nobody
        .post("/user/send-signup-code", ask)
        .await
        .has_status(200);
    let code = chat.code_for(&email_of("carl")).await;
    let proof = json!({ "email": email_of("carl"), "verificationCode": code });
    nobody
        .post("/user/verify-email", proof)
        .await
        .has_status(200);
    // To have been sent a code is not enough.
    nobody
        .post("/user/register", student("carl"))
        .await
        .refused(403);
    let mut carl = student("carl");
    carl["invitation"] = json!(invitation);
    nobody.post("/user/register", carl).await.has_status(201);
    signs_up(&chat, "dora", &invitation).await.refused(403);
    let listed = chat.admin().get("/api/admin/invitations").await;
    let listed = listed.has_status(200).json();
    assert_eq!(listed["invitations"][0]["used"], 3);
    assert!(listed["invitations"][0]["token"].is_null(), "{listed}");
    assert_eq!(accounts(&chat).await, 4);
}

#[tokio::test]
async fn campus_answers_alike_and_sends_a_code_to_the_invited_alone() {
    let chat = for_the_invited(&[]).await;
    let invitation = token(&invites(&chat, json!({})).await);
    let asks = async |name: &str, invitation: Option<&str>| {
        let ask = json!({ "email": email_of(name), "invitation": invitation });
        let asked = chat.nobody().post("/user/send-signup-code", ask).await;
        asked.has_status(200).json()
    };
    let admitted = asks("ann", Some(&invitation)).await;
    assert_eq!(asks("bob", None).await, admitted);
    assert_eq!(asks("carl", Some("of nobody")).await, admitted);
    // The administrator has an account.
    assert_eq!(asks("admin", None).await, admitted);
    assert_eq!(chat.mails_to(&email_of("ann")).await.len(), 1);
    for name in ["bob", "carl"] {
        assert!(chat.mails_to(&email_of(name)).await.is_empty(), "{name}");
    }
}

#[tokio::test]
async fn who_is_not_invited_does_not_learn_who_has_an_account() {
    let chat = for_the_invited(&["--user", "ann:secret-of-ann"]).await;
    let known = signs_up(&chat, "ann", "of nobody")
        .await
        .refused(403)
        .text();
    let unknown = signs_up(&chat, "bob", "of nobody")
        .await
        .refused(403)
        .text();
    assert_eq!(known, unknown);
    // A refusal uses no invitation up.
    let invitation = token(&invites(&chat, json!({})).await);
    signs_up(&chat, "ann", &invitation).await.refused(400);
    signs_up(&chat, "bob", &invitation).await.has_status(201);
}

#[tokio::test]
async fn the_last_use_is_used_once_however_many_come_at_once() {
    let chat = for_the_invited(&[]).await;
    let invitation = token(&invites(&chat, json!({ "uses": 2 })).await);
    let names: Vec<_> = (0..12).map(|i| format!("guest{i}")).collect();
    let came = names.iter().map(|name| signs_up(&chat, name, &invitation));
    let came = join_all(came).await;
    let statuses: Vec<_> = came.iter().map(|answer| answer.status).collect();
    let with = |status| statuses.iter().filter(|one| **one == status).count();
    assert_eq!((with(201), with(403)), (2, 10), "{statuses:?}");
    assert_eq!(accounts(&chat).await, 3);
}

#[tokio::test]
async fn an_invitation_ends_by_time_and_by_an_administrator() {
    let chat = for_the_invited(&[]).await;
    let soon = chat::core::time::Time::now().plus(std::time::Duration::from_secs(2));
    let short = token(&invites(&chat, json!({ "expiresAt": soon.iso(), "uses": 2 })).await);
    signs_up(&chat, "ann", &short).await.has_status(201);
    tokio::time::sleep(std::time::Duration::from_millis(2_100)).await;
    signs_up(&chat, "bob", &short).await.refused(403);

    let revoked = invites(&chat, json!({ "uses": 2 })).await;
    signs_up(&chat, "bob", &token(&revoked))
        .await
        .has_status(201);
    let id = revoked["id"].as_str().expect("an id");
    let path = format!("/api/admin/invitations/{id}");
    chat.admin().delete(&path).await.has_status(200);
    chat.admin().delete(&path).await.refused(404);
    signs_up(&chat, "carl", &token(&revoked)).await.refused(403);
    let audit = chat.admin().get("/api/admin/audit").await;
    let audit = audit.has_status(200).json();
    let actions: Vec<_> = audit["audit"]
        .as_array()
        .expect("the audit log")
        .iter()
        .filter_map(|one| one["action"].as_str())
        .filter(|action| action.starts_with("invitation."))
        .collect();
    assert_eq!(
        actions,
        [
            "invitation.revoke",
            "invitation.use",
            "invitation.make",
            "invitation.use",
            "invitation.make"
        ]
    );
}

#[tokio::test]
async fn what_an_invitation_may_be_is_bounded() {
    let chat = for_the_invited(&[]).await;
    let admin = chat.admin();
    for (wrong, field) in [
        (json!({ "uses": 0 }), "uses"),
        (json!({ "uses": 1001 }), "uses"),
        (json!({ "expiresAt": "tomorrow" }), "expiresAt"),
        (json!({ "expiresAt": "2020-01-01T00:00:00Z" }), "expiresAt"),
        (json!({ "expiresAt": "2999-01-01T00:00:00Z" }), "expiresAt"),
        (json!({ "conversationIds": ["x"] }), "conversationIds"),
    ] {
        let refused = admin.post("/api/admin/invitations", wrong).await;
        refused.refused_for(&[field]);
    }
    let nowhere = json!({ "conversationIds": [999_999_999] });
    let nowhere = admin.post("/api/admin/invitations", nowhere).await;
    nowhere.refused(404);
}

#[tokio::test]
async fn whoever_comes_is_where_the_invitation_leads() {
    let chat = for_the_invited(&["--user", "ann:secret-of-ann"]).await;
    let admin = chat.admin();
    let lobby = admin.opens_room("Lobby").await;
    let team = json!({ "name": "Team", "groupMembers": [] });
    let team = admin.post("/conversation/create-group", team).await;
    let team = team.has_status(201).json()["id"].clone();
    let invitation = invites(&chat, json!({ "conversationIds": [lobby, team] })).await;
    let names: Vec<_> = invitation["conversations"]
        .as_array()
        .expect("where it leads")
        .iter()
        .map(|one| one["name"].clone())
        .collect();
    assert_eq!(names, ["Lobby", "Team"]);
    signs_up(&chat, "bob", &token(&invitation))
        .await
        .has_status(201);
    let login = json!({ "email": email_of("bob"), "password": password_of("bob") });
    let login = chat.nobody().post("/api/auth/login", login).await;
    let login = login.has_status(200).json();
    let bob = chat
        .nobody()
        .with_token(login["token"].as_str().expect("a token"));
    let listed = bob.get("/api/conversations?limit=10").await;
    let listed = listed.has_status(200).json();
    let listed = listed.as_array().expect("a list");
    assert_eq!(listed.len(), 2, "{listed:?}");
}

#[tokio::test]
async fn an_administrator_invites_to_no_group_of_others() {
    let chat = Chat::open().await;
    let (ann, bob) = (chat.rooms("ann").await, chat.rooms("bob").await);
    let group = ann.gathers("Secrets", &[&bob]).await;
    let what = json!({ "conversationIds": [group] });
    let refused = chat.admin().post("/api/admin/invitations", what).await;
    refused.refused(404);
}

#[tokio::test]
async fn where_nobody_may_sign_up_administrators_make_the_accounts() {
    let chat = Chat::with(&["--sign-up", "closed"]).await;
    let said = signs_up(&chat, "ann", "of nobody")
        .await
        .refused(403)
        .json();
    let words = said["message"].as_str().expect("a sentence");
    assert!(words.contains("administrators"), "{words}");
    let admin = chat.admin();
    let made = admin.post("/api/admin/invitations", json!({})).await;
    made.refused(409);
    let ann = json!({ "name": "ann", "email": email_of("ann"), "password": password_of("ann") });
    admin.post("/api/admin/users", ann).await.has_status(201);
    let login = json!({ "email": email_of("ann"), "password": password_of("ann") });
    let login = chat.nobody().post("/api/auth/login", login).await;
    login.has_status(200);
}

#[tokio::test]
async fn with_a_domain_only_its_proven_addresses_sign_up() {
    let chat = Chat::with(&[
        "--sign-up",
        "open",
        "--sign-up-domain",
        "@Example.TEST",
        "--sign-up-domain",
        "example.org",
    ])
    .await;
    // What nobody has proven is nobody's.
    let unproven =
        json!({ "username": "ann", "email": email_of("ann"), "password": password_of("ann") });
    let unproven = chat.nobody().post("/api/auth/signup", unproven).await;
    unproven.refused(403);
    chat.campus("ann").await;
    for stranger in [
        "bob@example.com",
        "bob@sub.example.test",
        "bob@notexample.org",
    ] {
        let ask = json!({ "email": stranger });
        let asked = chat.nobody().post("/user/send-signup-code", ask).await;
        asked.has_status(200);
        assert!(chat.mails_to(stranger).await.is_empty(), "{stranger}");
    }
    chat.nobody().get("/api/rooms").await.refused(401);
}

#[tokio::test]
async fn what_is_not_open_to_sign_up_is_not_open_to_read() {
    for (flags, status) in [
        (&["--sign-up", "open"][..], 200),
        (&["--sign-up", "invited"], 401),
        (&["--sign-up", "closed"], 401),
        (&["--sign-up", "invited", "--anonymous-reading"], 200),
        (&["--sign-up", "open", "--members-only"], 401),
    ] {
        let chat = Chat::with(flags).await;
        let read = chat.nobody().get("/api/rooms").await;
        assert_eq!(read.status, status, "{flags:?}");
        let about = chat.nobody().get("/api/about").await.has_status(200).json();
        assert_eq!(about["about"]["signUp"], flags[1]);
    }
}

/// Somebody whom an administrator has made an account for.
async fn member(chat: &Chat, name: &str) -> Person {
    let new = json!({ "name": name, "email": email_of(name), "password": password_of(name) });
    let made = chat.admin().post("/api/admin/users", new).await;
    made.has_status(201);
    chat.logs_in(name).await
}

/// What a member gets who invites.
async fn asks_for_one(person: &Person, what: Value) -> Answer {
    person.post("/api/invitations", what).await
}

#[tokio::test]
async fn members_invite_where_they_may() {
    let chat = for_the_invited(&[]).await;
    let ann = member(&chat, "ann").await;
    asks_for_one(&ann, json!({})).await.refused(403);
    ann.get("/api/invitations").await.refused(403);
    // Administrators may by the same route.
    asks_for_one(&chat.admin(), json!({ "uses": 100 }))
        .await
        .has_status(201);

    let chat = for_the_invited(&["--members-invite"]).await;
    let (ann, bob) = (member(&chat, "ann").await, member(&chat, "bob").await);
    let made = asks_for_one(&ann, json!({ "uses": 2 })).await;
    let made = made.has_status(201).json()["invitation"].clone();
    assert_eq!(made["by"]["name"], "ann");
    let drawn = made["qr"].as_str().expect("a QR code");
    assert!(
        drawn.starts_with("<?xml") && drawn.contains("<svg"),
        "{drawn}"
    );
    signs_up(&chat, "carl", &token(&made)).await.has_status(201);
    let own = ann.get("/api/invitations").await.has_status(200).json();
    assert_eq!(own["invitations"][0]["used"], 1);
    let others = bob.get("/api/invitations").await.has_status(200).json();
    assert_eq!(others["invitations"], json!([]));
    let path = format!("/api/invitations/{}", made["id"].as_str().expect("an id"));
    bob.delete(&path).await.refused(404);
    ann.delete(&path).await.has_status(200);
    ann.delete(&path).await.refused(404);
    signs_up(&chat, "dora", &token(&made)).await.refused(403);
    let about = chat.nobody().get("/api/about").await.json();
    assert_eq!(about["about"]["membersInvite"], true);
}

#[tokio::test]
async fn a_member_invites_to_rooms_and_to_their_own_groups() {
    let chat = Chat::with(&["--members-invite"]).await;
    let (ann, bob) = (chat.rooms("ann").await, chat.rooms("bob").await);
    let room = bob.opens_room("Lobby").await;
    let (own, of_bob) = (
        ann.gathers("Own", &[&bob]).await,
        bob.gathers("Bob's", &[&ann]).await,
    );
    let (private, direct) = (bob.gathers("Private", &[]).await, ann.meets(&bob).await);
    for (place, status) in [
        (&room, 201),
        (&own, 201),
        (&of_bob, 403),
        (&direct, 403),
        (&private, 404),
    ] {
        let asked = asks_for_one(&ann, json!({ "conversationIds": [place] })).await;
        assert_eq!(asked.status, status, "{asked:?}");
    }
}

#[tokio::test]
async fn a_member_who_means_ill_invites_few() {
    let chat = Chat::with(&["--members-invite"]).await;
    let ann = chat.rooms("ann").await;
    for (wrong, field) in [
        (json!({ "uses": 26 }), "uses"),
        (json!({ "expiresAt": "2999-01-01T00:00:00Z" }), "expiresAt"),
    ] {
        asks_for_one(&ann, wrong).await.refused_for(&[field]);
    }
    // To revoke them makes no room for more.
    for _ in 0..20 {
        let made = asks_for_one(&ann, json!({ "uses": 25 })).await;
        let made = made.has_status(201).json()["invitation"].clone();
        let path = format!("/api/invitations/{}", made["id"].as_str().expect("an id"));
        ann.delete(&path).await.has_status(200);
    }
    let said = asks_for_one(&ann, json!({})).await.refused(409).json();
    assert!(said["message"].to_string().contains("too many"), "{said}");
}

#[tokio::test]
async fn who_is_suspended_or_gone_invites_nobody() {
    let chat = for_the_invited(&["--members-invite"]).await;
    let (ann, bob) = (member(&chat, "ann").await, member(&chat, "bob").await);
    let made = asks_for_one(&ann, json!({ "uses": 5 })).await;
    let of_ann = token(&made.has_status(201).json()["invitation"]);
    let made = asks_for_one(&bob, json!({ "uses": 5 })).await;
    let of_bob = token(&made.has_status(201).json()["invitation"]);
    signs_up(&chat, "carl", &of_ann).await.has_status(201);
    let account = format!("/api/admin/users/{}", ann.number);
    let suspended = async |yes: bool| {
        let change = json!({ "suspended": yes });
        chat.admin().patch(&account, change).await.has_status(200);
    };
    suspended(true).await;
    signs_up(&chat, "dora", &of_ann).await.refused(403);
    suspended(false).await;
    signs_up(&chat, "dora", &of_ann).await.has_status(201);
    let account = format!("/api/admin/users/{}", bob.number);
    chat.admin().delete(&account).await.has_status(200);
    signs_up(&chat, "eve", &of_bob).await.refused(403);
}

#[tokio::test]
async fn a_code_proves_an_address_in_every_dialect_that_signs_up() {
    let chat = Chat::with(&["--sign-up", "open", "--sign-up-domain", "example.test"]).await;
    let nobody = chat.nobody();
    let proof = chat.proves(&email_of("ann")).await;
    let mut ann = rooms("ann", Value::Null);
    ann["signupToken"] = json!("of nobody");
    nobody
        .post("/api/auth/signup", ann.clone())
        .await
        .refused(403);
    // What one address proves, it proves for no other.
    let mut bob = rooms("bob", Value::Null);
    bob["signupToken"] = json!(proof);
    nobody.post("/api/auth/signup", bob).await.refused(403);
    ann["signupToken"] = json!(proof);
    nobody
        .post("/api/auth/signup", ann.clone())
        .await
        .has_status(201);
    nobody.post("/api/auth/signup", ann).await.refused(403);
    chat.logs_in("ann").await;

    let mut carl = rooms("carl", Value::Null);
    carl["name"] = json!("carl");
    carl["signupToken"] = json!(chat.proves(&email_of("carl")).await);
    nobody
        .post("/api/auth/register", carl)
        .await
        .has_status(200);
    let listed = chat.admin().get("/api/admin/users").await.json();
    let proven: Vec<_> = listed["users"]
        .as_array()
        .expect("people")
        .iter()
        .map(|one| one["proven"].clone())
        .collect();
    // The administrator was made without a proof.
    assert_eq!(proven, [true, true, false]);
}

#[tokio::test]
async fn who_proves_an_address_takes_over_what_somebody_typed() {
    let chat = Chat::open().await;
    let squatter = chat.rooms("ann").await;
    let mut ann = rooms("ann", Value::Null);
    ann["username"] = json!("the real ann");
    ann["password"] = json!("another password");
    ann["signupToken"] = json!(chat.proves(&email_of("ann")).await);
    chat.nobody()
        .post("/api/auth/signup", ann)
        .await
        .has_status(201);
    squatter.get("/api/auth/validate").await.refused(401);
    let login = json!({ "email": email_of("ann"), "password": "another password" });
    let login = chat.nobody().post("/api/auth/login", login).await;
    assert_eq!(
        login.has_status(200).json()["data"]["username"],
        "the real ann"
    );
}
