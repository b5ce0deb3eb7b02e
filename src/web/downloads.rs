//! How are files sent? Whole, as a range, or as "not changed"; part by part; and so that a browser runs none of them.

use bytes::Bytes;
use headers::{ETag, HeaderMapExt, IfRange};
use http::{HeaderMap, HeaderValue, StatusCode, header};
use tokio::sync::mpsc;

use super::answer::{Answer, Reply, envelope, json_reply, stream_reply};
use super::call::Call;
use super::{etag, media};
use crate::core::error::Error;
use crate::core::limits::FILE_PART;
use crate::core::model::{File, FileId, Named};
use crate::core::{Core, file};

/// Answers with a file: the whole, a range, or "not changed".
///
/// # Errors
/// `NotFound` if the caller may not read it, or has no token and names it by an id that can be guessed.
pub async fn serve(call: &Call, named: Option<Named>) -> Answer {
    let reader = call.reader()?;
    let named = named.ok_or_else(|| Error::invalid("fileId", "must be the id of a file"))?;
    if !named.sealed && reader.is_none() {
        // A number can be guessed, so without a token it names nothing.
        return Err(Error::NotFound("File"));
    }
    let who = reader.map(|me| me.id);
    let file = call.read(move |view| file::get(view, who, named)).await?;
    send(call, &file)
}

/// Answers with this file, as [`serve`] does. The caller has checked that it may be read.
///
/// # Errors
/// `Internal` only.
pub fn send(call: &Call, file: &File) -> Answer {
    etag::unless_known(call, &file.hash, |etag| whole_or_range(call, file, etag))
}

fn whole_or_range(call: &Call, file: &File, etag: &ETag) -> Answer {
    let known = call.headers().typed_get::<IfRange>();
    let changed = known.is_some_and(|known| known.is_modified(Some(etag), None));
    let range = call.header(header::RANGE).filter(|_| !changed);
    let (status, from, to) = match requested_range(range.unwrap_or_default(), file.size) {
        RequestedRange::Whole => (StatusCode::OK, 0, file.size),
        RequestedRange::Part(from, to) => (StatusCode::PARTIAL_CONTENT, from, to),
        RequestedRange::Unsatisfiable => return Ok(out_of_range(file.size)),
    };
    let mut reply = stream_reply(status, bytes_of(call.core().clone(), file.id, from, to));
    describe(reply.headers_mut(), file);
    let headers = reply.headers_mut();
    headers.typed_insert(headers::ContentLength(to - from));
    if status == StatusCode::PARTIAL_CONTENT
        && let Ok(range) = headers::ContentRange::bytes(from..to, file.size)
    {
        headers.typed_insert(range);
    }
    Ok(reply)
}

#[derive(Debug, PartialEq)]
enum RequestedRange {
    Whole,
    /// From the first position up to but not including the second.
    Part(u64, u64),
    Unsatisfiable,
}

/// What a `Range` header asks for. One range is served. For several ranges the whole file is sent, which HTTP allows; a
/// malformed header is ignored, which HTTP demands (RFC 9110, 14.2), so it must be told from a range outside the file.
fn requested_range(range: &str, size: u64) -> RequestedRange {
    let ranges = range
        .split_once('=')
        .filter(|(unit, _)| unit.eq_ignore_ascii_case("bytes"));
    let bounds = ranges.and_then(|(_, one)| one.trim().split_once('-'));
    let Some((first, last)) = bounds else {
        return RequestedRange::Whole;
    };
    // A number that does not fit is past the end of any file.
    let number = |digits: &str| {
        let all = !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit());
        all.then(|| digits.parse().unwrap_or(u64::MAX))
    };
    let (from, to) = match (number(first), number(last)) {
        (Some(first), Some(last)) if first <= last => (first, last.saturating_add(1)),
        (Some(first), None) if last.is_empty() => (first, size),
        // The last `count` bytes; all if there are fewer.
        (None, Some(count)) if first.is_empty() => (size - count.min(size), size),
        _ => return RequestedRange::Whole,
    };
    if from >= size {
        RequestedRange::Unsatisfiable
    } else {
        RequestedRange::Part(from, to.min(size))
    }
}

fn out_of_range(size: u64) -> Reply {
    let status = StatusCode::RANGE_NOT_SATISFIABLE;
    let body = envelope(status, "The range lies outside the file");
    let mut reply = json_reply(status, &body);
    reply
        .headers_mut()
        .typed_insert(headers::ContentRange::unsatisfied_bytes(size));
    reply
}

/// The headers by which a browser shows pictures, plays audio and video, and runs nothing.
fn describe(headers: &mut HeaderMap, file: &File) {
    let media_type = media::served(&file.media_type);
    let way = if media::is_shown(media_type) {
        "inline"
    } else {
        "attachment"
    };
    let name: String = form_urlencoded::byte_serialize(file.original.as_bytes())
        .collect::<String>()
        .replace('+', "%20");
    let disposition = format!("{way}; filename=\"{}\"; filename*=UTF-8''{name}", file.name);
    let media_type = match media_type.split('/').next() {
        Some("text") => format!("{media_type}; charset=utf-8"),
        _ => media_type.to_owned(),
    };
    for (name, value) in [
        (header::CONTENT_TYPE, media_type.as_str()),
        (header::CONTENT_DISPOSITION, disposition.as_str()),
        // If audio or video is opened by its address, the browser makes a page around it that loads it again.
        (
            header::CONTENT_SECURITY_POLICY,
            "default-src 'none'; media-src 'self'; sandbox",
        ),
        (header::CACHE_CONTROL, "private, no-cache"),
        (header::ACCEPT_RANGES, "bytes"),
    ] {
        if let Ok(value) = HeaderValue::from_str(value) {
            headers.insert(name, value);
        }
    }
}

/// The bytes of a file from one position up to another, read as fast as the client takes them.
fn bytes_of(
    core: Core,
    id: FileId,
    from: u64,
    to: u64,
) -> impl futures_util::Stream<Item = std::result::Result<Bytes, std::io::Error>> + Send + Sync {
    let (sender, mut receiver) = mpsc::channel(1);
    tokio::spawn(async move {
        let part_size = FILE_PART as u64;
        for position in from / part_size..to.div_ceil(part_size) {
            let read = core
                .read(move |view| file::part(view, id, position as i64))
                .await;
            let part = match read {
                Ok(Some(part)) => Bytes::from(part),
                Ok(None) => break,
                Err(error) => {
                    sender
                        .send(Err(std::io::Error::other(error.to_string())))
                        .await
                        .ok();
                    break;
                }
            };
            let start = position * part_size;
            let first = from.saturating_sub(start) as usize;
            let last = ((to - start) as usize).min(part.len());
            // The client may have gone.
            if first >= last || sender.send(Ok(part.slice(first..last))).await.is_err() {
                break;
            }
        }
    });
    futures_util::stream::poll_fn(move |cx| receiver.poll_recv(cx))
}
