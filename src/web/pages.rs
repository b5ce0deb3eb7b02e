//! Where do the pages come from? The files under `assets/pages/`, all that browsers ask for, embedded in the binary. What is large
//! is packed there already, as `NAME.gz`, and asked for as `NAME`.
//!
//! A page brings a policy: scripts, styles and connections of this server alone, nothing inline, no frames. So a name
//! that somebody has made of HTML stays a name even where a page forgot to escape it.
//!
//! What a page is made of is named by the hash of it all, `/assets/<hash>/chat/main.js`, and kept for good: a browser that
//! comes back asks whether the page itself has changed, and for nothing else. Modules name each other by relative paths,
//! so the hash stands in the page alone.

use std::collections::HashMap;
use std::io::{self, Read, Write};
use std::sync::Arc;

use bytes::Bytes;
use flate2::Compression;
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;
use http::{HeaderValue, Response, header};
use rust_embed::Embed;
use tokio::sync::OnceCell;

use super::answer::Answer;
use super::call::Call;
use super::etag;
use super::routes::Route;
use crate::core::error::{Error, Result};
use crate::routes;

#[derive(Embed)]
#[folder = "assets/pages"]
struct Assets;

/// What a page may load and do. Pictures may come from elsewhere: a trusted application says where a face is.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob: https:; \
    media-src 'self' blob:; font-src 'self'; connect-src 'self'; manifest-src 'self'; form-action 'self'; base-uri 'none'; \
    frame-ancestors 'none'";
/// Asked for again each time, and nearly always not changed: a new binary shows at once.
const ASKED_AGAIN: &str = "no-cache";
/// Named by its content: a year, the most that browsers keep.
const FOR_GOOD: &str = "public, max-age=31536000, immutable";
/// Smaller files are not worth it.
const PACKED_FROM_BYTES: usize = 512;

/// The files as they go out, made when the first page is asked for: a start need not wait for them.
#[derive(Default)]
pub struct Pages(OnceCell<Arc<Made>>);

struct Made {
    /// The hash of all files, which stands in their addresses.
    version: String,
    files: HashMap<String, File>,
}

struct File {
    media_type: String,
    plain: Body,
    /// By gzip, if that is smaller.
    packed: Option<Body>,
}

struct Body {
    bytes: Bytes,
    tag: String,
}

/// The chat page, and what the pages are made of.
pub fn routes() -> Vec<Route> {
    routes! {
        GET "/" => async |call: Call| page(&call, "chat/index.html").await, Free;
        GET "/assets/{*path}" => asset, Free;
    }
}

/// GET /assets/*: kept for good under the hash of now, and asked for again without it, or under that of another version
async fn asset(call: Call) -> Answer {
    let made = call.web().pages.made().await?;
    let path = call.param(0);
    let (path, kept) = match path.split_once('/') {
        Some((version, rest)) if is_version(version) => (rest, version == made.version),
        _ => (path, false),
    };
    made.reply(&call, path, if kept { FOR_GOOD } else { ASKED_AGAIN })
}

/// Answers with a page of `assets/pages/`, or with "not changed".
///
/// # Errors
/// `NotFound` for what is not there.
pub async fn page(call: &Call, path: &str) -> Answer {
    let made = call.web().pages.made().await?;
    made.reply(call, path, ASKED_AGAIN)
}

impl Pages {
    async fn made(&self) -> Result<Arc<Made>> {
        let made = self.0.get_or_try_init(|| async {
            let making = tokio::task::spawn_blocking(|| Made::now().map(Arc::new));
            making
                .await
                .map_err(|e| Error::Internal(format!("the pages: {e}")))?
        });
        made.await.cloned()
    }
}

impl Made {
    fn now() -> Result<Self> {
        let mut paths: Vec<_> = Assets::iter().collect();
        paths.sort_unstable();
        let mut all = Vec::new();
        for path in &paths {
            if let Some(file) = Assets::get(path) {
                all.extend_from_slice(path.as_bytes());
                all.extend_from_slice(&file.metadata.sha256_hash());
            }
        }
        let version = etag::hash(&all);
        let mut files = HashMap::new();
        for path in paths {
            let Some(file) = Assets::get(&path) else {
                continue;
            };
            let data = Bytes::from(file.data.into_owned());
            let (path, plain, packed) = match path.strip_suffix(".gz") {
                Some(path) => (path, unpacked(&data)?, Some(data)),
                None if path.ends_with(".html") => (&*path, named(&data, &version), None),
                None => (&*path, data, None),
            };
            let made = File::new(plain, packed, media_type(path))?;
            files.insert(path.to_owned(), made);
        }
        Ok(Self { version, files })
    }

    fn reply(&self, call: &Call, path: &str, kept: &'static str) -> Answer {
        let file = self.files.get(path).ok_or(Error::NotFound("Page"))?;
        let packed = file.packed.as_ref().filter(|_| takes_gzip(call));
        let body = packed.unwrap_or(&file.plain);
        let mut reply = etag::unless_known(call, &body.tag, |_| {
            let mut whole = Response::new(body.bytes.clone().into());
            if packed.is_some() {
                let gzip = HeaderValue::from_static("gzip");
                whole.headers_mut().insert(header::CONTENT_ENCODING, gzip);
            }
            Ok(whole)
        })?;
        let headers = reply.headers_mut();
        let media_type = HeaderValue::from_str(&file.media_type)
            .map_err(|e| Error::Internal(format!("a media type: {e}")))?;
        headers.insert(header::CONTENT_TYPE, media_type);
        for (name, value) in [
            (header::CACHE_CONTROL, kept),
            (header::CONTENT_SECURITY_POLICY, POLICY),
            (header::REFERRER_POLICY, "no-referrer"),
        ] {
            headers.insert(name, HeaderValue::from_static(value));
        }
        if file.packed.is_some() {
            headers.append(header::VARY, HeaderValue::from_static("accept-encoding"));
        }
        Ok(reply)
    }
}

impl File {
    /// `packed`: by gzip, if it is that already.
    fn new(plain: Bytes, packed: Option<Bytes>, media_type: String) -> Result<Self> {
        let tag = etag::hash(&plain);
        let packed = match packed {
            None if plain.len() < PACKED_FROM_BYTES => None,
            None => Some(pack(&plain)?),
            packed => packed,
        };
        let smaller = packed.filter(|packed| packed.len() < plain.len());
        Ok(Self {
            media_type,
            packed: smaller.map(|bytes| Body {
                bytes,
                tag: format!("{tag}-gzip"),
            }),
            plain: Body { bytes: plain, tag },
        })
    }
}

fn pack(plain: &[u8]) -> Result<Bytes> {
    let mut packing = GzEncoder::new(Vec::new(), Compression::best());
    packing.write_all(plain).map_err(broken)?;
    Ok(packing.finish().map_err(broken)?.into())
}

fn unpacked(packed: &[u8]) -> Result<Bytes> {
    let mut plain = Vec::new();
    let unpacked = GzDecoder::new(packed).read_to_end(&mut plain);
    unpacked.map_err(broken)?;
    Ok(plain.into())
}

fn broken(error: io::Error) -> Error {
    Error::Internal(format!("a page cannot be packed or unpacked: {error}"))
}

/// A page's files stand below the version.
fn named(page: &[u8], version: &str) -> Bytes {
    String::from_utf8_lossy(page)
        .replace("=\"assets/", &format!("=\"assets/{version}/"))
        .into()
}

fn is_version(segment: &str) -> bool {
    segment.len() == 32 && segment.bytes().all(|b| b.is_ascii_hexdigit())
}

/// Does the browser understand gzip? What it gives no weight it does not want.
fn takes_gzip(call: &Call) -> bool {
    let given = call.header(header::ACCEPT_ENCODING).unwrap_or_default();
    given.split(',').any(|one| {
        let (name, weight) = one.split_once(';').unwrap_or((one, ""));
        let weight = weight.trim().strip_prefix("q=").unwrap_or("1");
        name.trim().eq_ignore_ascii_case("gzip") && weight.parse().is_ok_and(|q: f32| q > 0.0)
    })
}

fn media_type(path: &str) -> String {
    let guessed = mime_guess::from_path(path).first_or_octet_stream();
    match guessed.type_() {
        mime_guess::mime::TEXT => format!("{guessed}; charset=utf-8"),
        _ => guessed.to_string(),
    }
}
