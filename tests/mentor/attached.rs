//! Files that messages name: who may attach which, and for whom they open.

use crate::support::mentor::id;
use crate::support::person::email_of;
use crate::support::*;
use chat::core::id::FileKind;

fn words_of(value: &Value) -> &str {
    value.as_str().expect("words")
}

fn attachment(url: &str) -> Value {
    json!({ "filename": "plan.txt", "mimeType": "text/plain", "url": url, "size": 8 })
}

/// Uploads a file as the rooms document shows, without a room.
async fn uploaded(by: &Person) -> Value {
    let form = Form::file("plan.txt", "text/plain", "the plan");
    by.uploads(form).await.has_status(201).json()["data"].clone()
}

/// The path of its number, which anybody can count up to.
fn by_number(chat: &Chat, file: &Value) -> String {
    let id = chat.spelling().read::<FileKind>(words_of(&file["_id"]));
    format!("/api/files/{}", id.expect("an id of a file").number())
}

async fn attaches(by: &Person, conversation: &str, url: &str) -> Answer {
    let path = format!("/api/conversations/{conversation}/messages");
    let said = json!({ "content": "", "attachments": [attachment(url)] });
    by.post(path, said).await
}

#[tokio::test]
async fn a_file_without_a_room_opens_by_its_url_until_a_message_names_it_and_then_for_its_readers()
{
    let chat = Chat::open().await;
    let (ann, bob, eve) = (
        chat.rooms("ann").await,
        chat.rooms("bob").await,
        chat.rooms("eve").await,
    );
    let (pair, nobody) = (ann.meets(&bob).await, chat.nobody());
    let file = uploaded(&ann).await;
    let (url, number) = (words_of(&file["url"]), by_number(&chat, &file));
    for who in [&ann, &bob, &eve, &nobody] {
        let opened = who.get(url).await;
        assert_eq!(opened.has_status(200).text(), "the plan", "{}", who.name);
    }
    // Whoever counts finds nothing.
    ann.get(&number).await.has_status(200);
    for who in [&bob, &eve, &nobody] {
        who.get(&number).await.refused(404);
    }

    let sent = attaches(&ann, &pair, url).await.has_status(201).json();
    for path in [url, &number] {
        for who in [&ann, &bob] {
            who.get(path).await.has_status(200);
        }
        for who in [&eve, &nobody] {
            who.get(path).await.refused(404);
        }
    }
    // Another message that names it, here by its whole URL, opens it for whoever may read that one.
    let room = bob.opens_room("Lobby").await;
    let whole = format!("http://{}{url}", chat.address);
    let second = attaches(&bob, &room, &whole).await.has_status(201).json();
    for who in [&ann, &bob, &eve, &nobody] {
        who.get(url).await.has_status(200);
    }
    // What names it no more opens it for nobody, and what was named once does not open for everybody again.
    let admin = chat.admin();
    let delete = async |message: &Value| {
        let path = format!("/api/admin/messages/{}", id(message));
        admin.delete(path).await.has_status(200);
    };
    delete(&second).await;
    eve.get(url).await.refused(404);
    bob.get(url).await.has_status(200);
    // With the last message that its uploader named it in, the file itself is gone.
    delete(&sent).await;
    for who in [&ann, &bob, &eve, &nobody] {
        who.get(url).await.refused(404);
    }
}

#[tokio::test]
async fn only_what_one_may_read_can_be_attached() {
    let chat = Chat::open().await;
    let (ann, bob, eve) = (
        chat.rooms("ann").await,
        chat.rooms("bob").await,
        chat.rooms("eve").await,
    );
    let (pair, with_eve) = (ann.meets(&bob).await, eve.meets(&bob).await);
    let between = Form::file("secret.txt", "text/plain", "the plan").field("roomId", &pair);
    let between = ann.uploads(between).await.has_status(201).json()["data"].clone();
    let own = uploaded(&ann).await;
    for url in [
        words_of(&between["url"]).to_owned(),
        format!("http://{}{}", chat.address, words_of(&between["url"])),
        by_number(&chat, &between),
        by_number(&chat, &own),
        "/api/files/999999".to_owned(),
        "/uploads/nowhere".to_owned(),
    ] {
        let refused = attaches(&eve, &with_eve, &url).await;
        refused.refused_for(&["attachments[0].url"]);
    }
    // It opens for nobody because of that, and the members may hand it on.
    eve.get(words_of(&between["url"])).await.refused(404);
    attaches(&bob, &with_eve, words_of(&between["url"]))
        .await
        .has_status(201);
    let opened = eve.get(words_of(&between["url"])).await;
    assert_eq!(opened.has_status(200).text(), "the plan");
}

#[tokio::test]
async fn an_attachment_is_a_file_and_no_other_path_of_this_server() {
    let chat = Chat::open().await;
    let (ann, bob) = (chat.rooms("ann").await, chat.rooms("bob").await);
    let pair = ann.meets(&bob).await;
    let file = uploaded(&ann).await;
    let (url, hex) = (words_of(&file["url"]), words_of(&file["_id"]));
    for acts in [
        "/uploads/../api/auth/logout".to_owned(),
        format!("/uploads/../api/auth/logout?x={hex}"),
        format!("/uploads/%2e%2e/api/auth/logout-{hex}"),
        format!("/uploads/..%2fapi%2fauth%2flogout-{hex}.pdf"),
        format!("/uploads/./../{hex}"),
        format!("/uploads/x/{hex}"),
        format!("/uploads/..-{hex}"),
        format!("{url}?download=1"),
        format!("{url}#fragment"),
        format!("{url}/"),
        format!("/api/files/{hex}/../../auth/logout"),
        format!("/api/files/%2e%2e/{hex}"),
        "/api/files/upload".to_owned(),
        "/api/auth/logout".to_owned(),
        format!("//{}{url}", chat.address),
        format!("/\t/{}{url}", chat.address),
    ] {
        let refused = attaches(&ann, &pair, &acts).await;
        refused.refused_for(&["attachments[0].url"]);
    }
    for fine in [url.to_owned(), format!("/api/files/{hex}")] {
        attaches(&ann, &pair, &fine).await.has_status(201);
    }
}

#[tokio::test]
async fn with_members_only_a_file_that_nothing_names_opens_for_accounts() {
    let chat = Chat::with(&["--members-only"]).await;
    let (ann, bob) = (chat.rooms("ann").await, chat.rooms("bob").await);
    let file = uploaded(&ann).await;
    let url = words_of(&file["url"]);
    bob.get(url).await.has_status(200);
    chat.nobody().get(url).await.refused(401);
    bob.get(by_number(&chat, &file)).await.refused(404);
}

#[tokio::test]
async fn what_a_removed_person_attached_stays_with_what_they_said() {
    let chat = Chat::open().await;
    let (ann, bob) = (chat.rooms("ann").await, chat.rooms("bob").await);
    let pair = ann.meets(&bob).await;
    let (kept, dropped) = (uploaded(&ann).await, uploaded(&ann).await);
    attaches(&ann, &pair, words_of(&kept["url"]))
        .await
        .has_status(201);
    let admin = chat.admin();
    let people = admin.get("/api/admin/users?q=ann").await.json();
    assert_eq!(people["users"][0]["email"], email_of("ann"));
    let path = format!("/api/admin/users/{}", ann.uuid);
    admin.delete(path).await.has_status(200);
    let opened = bob.get(words_of(&kept["url"])).await;
    assert_eq!(opened.has_status(200).text(), "the plan");
    bob.get(words_of(&dropped["url"])).await.refused(404);
}

#[tokio::test]
async fn a_file_is_uploaded_into_a_conversation_to_be_attached_there() {
    let chat = Chat::open().await;
    let (ann, bob, eve) = (
        chat.rooms("ann").await,
        chat.rooms("bob").await,
        chat.rooms("eve").await,
    );
    let pair = ann.meets(&bob).await;
    bob.does("joinRoom", json!({ "roomId": pair })).await;
    let path = format!("/api/conversations/{pair}/attachments");
    let form = || Form::file("plan.txt", "text/plain", "the plan").field("clientMessageId", "f1");
    let upload = async |who: &Person, form| who.sends(Request::new("POST", &path).form(form)).await;
    upload(&eve, form()).await.refused(404);
    let made = upload(&ann, form()).await;
    let made = made.has_status(201).json();
    let expected = json!({ "filename": "plan.txt", "mimeType": "text/plain", "size": 8 });
    assert_looks_like(&made, expected, "what can be attached");
    assert_eq!(upload(&ann, form()).await.has_status(201).json(), made);
    bob.hears("fileUpload", json!({ "originalName": "plan.txt" }))
        .await;
    bob.hears_nothing_of("fileUpload").await;

    let messages = format!("/api/conversations/{pair}/messages");
    let said = json!({ "content": "", "attachments": [made] });
    let said = ann.post(messages, said).await;
    said.looks_like(201, json!({ "attachments": [made] }));
    let opened = bob.get(words_of(&made["url"])).await;
    assert_eq!(opened.has_status(200).text(), "the plan");
    eve.get(words_of(&made["url"])).await.refused(404);
    upload(&ann, Form::default().field("note", "no file"))
        .await
        .refused_for(&["file"]);
}
