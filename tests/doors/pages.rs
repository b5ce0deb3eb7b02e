//! The pages: embedded as they are in the sources, with a policy that runs nothing from elsewhere.

use crate::support::*;
use aws_lc_rs::digest::{SHA256, digest};
use flate2::read::GzDecoder;
use std::io::Read;
use std::path::Path;

#[tokio::test]
async fn a_page_runs_no_script_but_its_own_and_is_asked_for_once() {
    let chat = Chat::open().await;
    let nobody = chat.nobody();
    for path in ["/", "/admin"] {
        let page = nobody.get(path).await;
        page.has_status(200);
        assert_eq!(page.says("content-type"), "text/html; charset=utf-8");
        assert_eq!(page.says("x-content-type-options"), "nosniff");
        let policy = page.says("content-security-policy");
        assert!(policy.contains("script-src 'self';"), "{policy}");
        assert!(!policy.contains("unsafe"), "{policy}");
        let tag = page.says("etag").to_owned();
        let again = Request::new("GET", path)
            .header("if-none-match", &tag)
            .send(&chat.address)
            .await;
        again.has_status(304);
    }
    nobody.get("/assets/base.css").await.has_status(200);
    for missing in [
        "/assets/",
        "/assets/nothing.js",
        "/assets/../Cargo.toml",
        "/assets/..%2fCargo.toml",
    ] {
        nobody.get(missing).await.has_status(404);
    }
}

async fn asks(chat: &Chat, path: &str, accepts: &str) -> Answer {
    let asked = Request::new("GET", path).header("Accept-Encoding", accepts);
    asked.send(&chat.address).await
}

#[tokio::test]
async fn what_a_page_is_made_of_is_small_and_kept_for_good_under_its_hash() {
    let chat = Chat::open().await;
    let asks = async |path: &str, accepts: &str| asks(&chat, path, accepts).await;
    for page in ["/", "/admin", "/docs"] {
        let plain = asks(page, "").await;
        assert_eq!(plain.says("cache-control"), "no-cache");
        let text = plain.text();
        let at = text.find("assets/").expect("what it is made of") + "assets/".len();
        let version = &text[at..at + 32];
        assert!(
            text.split("assets/")
                .skip(1)
                .all(|one| one.starts_with(version)),
            "{text}"
        );
        for (path, kept) in [
            (format!("/assets/{version}/vendor/socket.io.js"), true),
            ("/assets/vendor/socket.io.js".to_owned(), false),
            // Of a page that was opened before this server was: what there is now.
            (
                format!("/assets/{}/vendor/socket.io.js", "0".repeat(32)),
                false,
            ),
        ] {
            let (small, whole) = (
                asks(&path, "br, gzip;q=0.8").await,
                asks(&path, "gzip;q=0").await,
            );
            assert_eq!(small.has_status(200).says("content-encoding"), "gzip");
            assert_eq!(whole.has_status(200).header("content-encoding"), None);
            assert!(
                small.body.len() * 2 < whole.body.len(),
                "{}",
                small.body.len()
            );
            for answer in [&small, &whole] {
                assert_eq!(answer.says("vary"), "accept-encoding");
                assert_eq!(
                    answer.says("cache-control").contains("immutable"),
                    kept,
                    "{path}"
                );
                assert_eq!(answer.says("x-content-type-options"), "nosniff");
            }
            assert_ne!(small.says("etag"), whole.says("etag"));
            let again = Request::new("GET", &path)
                .header("Accept-Encoding", "gzip")
                .header("If-None-Match", small.says("etag"));
            again.send(&chat.address).await.has_status(304);
        }
        let nothing = format!("/assets/{version}/../../Cargo.toml");
        asks(&nothing, "gzip").await.refused(404);
        asks(&format!("/assets/{version}/"), "gzip")
            .await
            .refused(404);
    }
}

/// What a browser asks for when somebody types or follows an address.
const LOOKING: &str = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,*/*;q=0.8";

#[tokio::test]
async fn a_wrong_address_is_answered_in_words_to_whoever_looks() {
    let chat = Chat::with(&["--public-url", "https://chat.example.test/chat"]).await;
    let looks = async |path: &str| {
        let looking = Request::new("GET", path).header("Accept", LOOKING);
        chat.nobody().sends(looking).await
    };
    for (path, status, words) in [
        ("/nowhere", 404, "leads to nothing here"),
        ("/adm", 404, "leads to nothing here"),
        ("/docs/nothing/openapi.json", 404, "Document not found"),
        ("/assets/nothing.js", 404, "leads to nothing here"),
        ("/uploads/gone.txt", 400, "id of a"),
        ("/auth/google", 501, "--google-client-id"),
        ("/user/profile", 401, "A token is required"),
    ] {
        let page = looks(path).await;
        page.has_status(status);
        assert_eq!(page.says("Content-Type"), "text/html; charset=utf-8");
        let text = page.text();
        assert!(text.starts_with("<!doctype html>"), "{path}: {text}");
        assert!(text.contains(words), "{path}: {text}");
        // By the path that a proxy in front takes away.
        assert!(text.contains(r#"href="/chat/""#), "{path}: {text}");
        let policy = page.says("Content-Security-Policy");
        assert!(policy.starts_with("default-src 'none';"), "{policy}");
        assert_eq!(page.says("X-Content-Type-Options"), "nosniff");
        // Everybody else gets the envelope.
        for accept in [
            "*/*",
            "application/json",
            "application/json, text/plain, */*",
            "",
        ] {
            let program = Request::new("GET", path).header("Accept", accept);
            chat.nobody().sends(program).await.refused(status);
        }
        chat.nobody().get(path).await.refused(status);
    }
    looks("/user/profile").await.says("WWW-Authenticate");
    // An API answers programs, whoever looks.
    looks("/api/nothing").await.refused(404);
    // What somebody made of an address is no part of the page.
    let text = looks("/%3Cscript%3Ealert(1)%3C/script%3E").await.text();
    assert!(!text.contains("script"), "{text}");
}

fn unpacked(packed: &[u8]) -> Vec<u8> {
    let mut plain = Vec::new();
    let read = GzDecoder::new(packed).read_to_end(&mut plain);
    read.expect("packed by gzip");
    plain
}

#[tokio::test]
async fn what_is_kept_packed_is_asked_for_by_its_own_name() {
    let chat = Chat::open().await;
    let asks = async |path: &str, accepts: &str| asks(&chat, path, accepts).await;
    let plain = asks("/assets/vendor/emoji.json", "").await;
    let packed = asks("/assets/vendor/emoji.json", "gzip").await;
    for answer in [&plain, &packed] {
        answer.has_status(200);
        assert_eq!(answer.says("content-type"), "application/json");
    }
    assert_eq!(packed.says("content-encoding"), "gzip");
    assert_eq!(unpacked(&packed.body), plain.body);
    assert!(plain.json()[0]["emoji"].is_string());
    asks("/assets/vendor/emoji.json.gz", "gzip")
        .await
        .refused(404);
}

#[test]
fn vendored_modules_are_what_their_packages_have() {
    let vendor = Path::new(env!("CARGO_MANIFEST_DIR")).join("assets/pages/vendor");
    let table = std::fs::read_to_string(vendor.join("README.md")).expect("the table");
    let mut named: Vec<_> = table
        .lines()
        .filter_map(|line| {
            let mut cells = line.strip_prefix("| ")?.split(" | ");
            let (file, hash) = (cells.next()?, cells.last()?.trim_end_matches(" |"));
            (hash.len() == 64).then_some((file, hash))
        })
        .collect();
    named.sort_unstable();
    for (file, hash) in &named {
        let mut bytes =
            std::fs::read(vendor.join(file)).unwrap_or_else(|why| panic!("{file}: {why}"));
        if file.ends_with(".gz") {
            bytes = unpacked(&bytes);
        }
        let found = chat::core::hex(digest(&SHA256, &bytes).as_ref());
        assert_eq!(&found, hash, "{file}");
    }
    let mut there: Vec<_> = std::fs::read_dir(&vendor)
        .expect("the folder")
        .map(|entry| {
            entry
                .expect("an entry")
                .file_name()
                .into_string()
                .expect("a name")
        })
        .filter(|name| name != "README.md")
        .collect();
    there.sort_unstable();
    assert_eq!(
        there,
        named.iter().map(|(file, _)| *file).collect::<Vec<_>>()
    );
}
