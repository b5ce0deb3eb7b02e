//! Who is who? What looks like a name to a person is one, and two names or addresses that look the same are the same.

use crate::support::*;

/// Names with signs in them that nobody sees, or that turn what stands beside them around.
const HIDDEN: [&str; 12] = [
    "an\u{200B}n",
    "an\u{200D}n",
    "ann\u{2060}",
    "\u{FEFF}ann",
    "\u{202E}nna",
    "\u{2066}ann\u{2069}",
    "\u{3164}",
    "\u{2800}\u{2800}",
    "\u{115F}ann",
    "ann\u{FFA0}",
    "ann\u{2028}lee",
    "ann\0",
];

#[tokio::test]
async fn a_name_with_hidden_signs_is_refused_wherever_one_is_typed() {
    let chat = Chat::open().await;
    let (ann, bob, admin) = (
        chat.rooms("ann").await,
        chat.rooms("bob").await,
        chat.admin(),
    );
    let of_bob = format!("/api/admin/users/{}", bob.uuid);
    for (number, name) in HIDDEN.into_iter().enumerate() {
        let email = format!("{number}@example.test");
        let nobody = chat.nobody();
        let mut student = arriving::student("eve");
        student["full_name"] = json!(name);
        let login =
            |field: &str| json!({ field: name, "email": email, "password": "password of eve" });
        for (path, body, field) in [
            ("/api/auth/signup", login("username"), "username"),
            ("/api/auth/register", login("name"), "name"),
            ("/user/register", student, "full_name"),
        ] {
            nobody.post(path, body).await.refused_for(&[field]);
        }
        let new = json!({ "name": name, "description": "" });
        ann.post("/api/rooms", new).await.refused_for(&["name"]);
        let group = json!({ "name": name, "groupMembers": [bob.uuid] });
        ann.post("/conversaton/create-group", group)
            .await
            .refused(400);
        admin
            .post("/api/admin/users", login("name"))
            .await
            .refused_for(&["name"]);
        admin
            .patch(&of_bob, json!({ "name": name }))
            .await
            .refused_for(&["name"]);
    }
    // An address may hide nothing either.
    let new = json!({ "username": "eve", "email": "e\u{200B}ve@example.test", "password": "password of eve" });
    chat.nobody()
        .post("/api/auth/signup", new)
        .await
        .refused_for(&["email"]);
    // What is spelled with joiners, and what is put together by one, is a name.
    for name in ["علی‌رضا", "ශ්‍රී", "👩‍🚀 Eve"] {
        admin
            .patch(&of_bob, json!({ "name": name }))
            .await
            .looks_like(200, json!({ "user": { "name": name } }));
    }
}

#[tokio::test]
async fn names_that_look_the_same_are_one() {
    let chat = Chat::open().await;
    let first = [
        ("straße", "a"),
        ("Zoë", "b"),
        ("office boy", "c"),
        ("ΣΊΣΥΦΟΣ", "d"),
    ];
    let twins = [
        ("STRASSE", "a2"),
        ("ZOE\u{308}", "b2"),
        ("\u{FF4F}\u{FB03}ce\u{A0} Boy", "c2"),
        ("Σίσυφος", "d2"),
    ];
    for (name, email) in first {
        let new = json!({ "username": name, "email": format!("{email}@example.test"), "password": "a password" });
        chat.nobody()
            .post("/api/auth/signup", new)
            .await
            .has_status(201);
    }
    for (name, email) in twins {
        let new = json!({ "username": name, "email": format!("{email}@example.test"), "password": "a password" });
        let twin = chat.nobody().post("/api/auth/signup", new).await;
        let ascii = json!({ "username": first[0].0.to_uppercase(), "email": "e@example.test", "password": "a password" });
        let known = chat.nobody().post("/api/auth/signup", ascii).await;
        // As a name is refused that is spelled exactly like one.
        assert_eq!(
            (twin.status, twin.json()["message"].clone()),
            (known.status, known.json()["message"].clone()),
            "{name}"
        );
        assert_ne!(twin.status, 201, "{name}");
        // On the command line as well.
        chat.command(&["user", "suspend", name]).await;
        chat.command(&["user", "resume", name]).await;
    }
}

#[tokio::test]
async fn an_address_is_one_account_however_it_is_spelled() {
    let chat = Chat::open().await;
    for (owner, twin) in [
        ("böss@example.test", "BÖSS@example.test"),
        ("zoë@Example.Test", "Zoë@example.test"),
        ("ann@bücher.example", "Ann@xn--bcher-kva.example"),
    ] {
        chat.proves(owner).await;
        let mut student = arriving::student("ann");
        student["email"] = json!(owner);
        let ann = chat.nobody().post("/user/register", student).await;
        let ann = ann.has_status(201).json()["user"]["id"].clone();
        let taken = json!({ "username": twin, "email": twin, "password": "password of eve" });
        chat.nobody()
            .post("/api/auth/signup", taken)
            .await
            .refused(400);
        let taken = json!({ "name": "eve", "email": twin, "password": "password of eve" });
        chat.nobody()
            .post("/api/auth/register", taken)
            .await
            .refused(409);
        for spelled in [owner, twin] {
            let login = json!({ "email": spelled, "password": "password of ann" });
            let login = chat.nobody().post("/auth/login", login).await;
            login.looks_like(200, json!({ "user": { "id": ann, "email": owner } }));
        }
        // A code that is asked for by one spelling is good by the other, and goes to the address as its owner wrote it.
        let asked = json!({ "email": twin });
        chat.nobody()
            .post("/user/reset-password-code", asked)
            .await
            .has_status(200);
        let mail = chat.mail_to(twin).await;
        assert_eq!(mail["to"], owner);
        let proof = json!({ "email": owner, "verificationCode": mail::code_in(&mail) });
        let proof = chat.nobody().post("/user/verify-reset-code", proof).await;
        let token = proof.has_status(200).json()["resetToken"].clone();
        let reset = json!({ "email": twin, "password": "another password", "resetToken": token });
        chat.nobody()
            .patch("/user/reset-password", reset)
            .await
            .has_status(200);
        let asked = json!({ "email": twin });
        chat.nobody()
            .post("/api/password/reset-request", asked)
            .await
            .has_status(200);
        let token = chat.link_token_for(owner).await;
        let reset = json!({ "token": token, "password": "a third password" });
        chat.nobody()
            .post("/api/password/reset", reset)
            .await
            .has_status(200);
        // A code for signing up is asked for once, by whichever.
        let asked = json!({ "email": owner });
        chat.nobody()
            .post("/user/send-signup-code", asked)
            .await
            .has_status(200);
        assert_eq!(chat.mail_to(twin).await["to"], owner);
        chat.command(&["user", "suspend", twin]).await;
        let login = json!({ "email": owner, "password": "a third password" });
        chat.nobody()
            .post("/api/auth/login", login)
            .await
            .refused(403);
    }
}
