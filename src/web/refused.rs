//! What does a browser show if a request is refused? The refusal as an HTML page.

use askama::Template;
use http::{HeaderMap, HeaderValue, Method, header};

use super::answer::{Reply, details};
use crate::core::error::Error;

/// The page may load the server's own style, and nothing else.
const POLICY: &str =
    "default-src 'none'; style-src 'self'; base-uri 'none'; frame-ancestors 'none'";

#[derive(Template)]
#[template(
    ext = "html",
    source = r#"<!doctype html>
<html lang="en">
<head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <meta name="color-scheme" content="light dark">
    <title>{{ title }} · chat</title>
    <link rel="stylesheet" href="{{ base }}/assets/base.css">
</head>
<body>
    <main class="empty">
        <h1>{{ title }}</h1>
        {% for line in lines %}<p>{{ line }}</p>
        {% endfor %}<p><a href="{{ base }}/">To the chat page</a></p>
    </main>
</body>
</html>
"#
)]
struct RefusalPage<'p> {
    /// The path that a proxy in front strips.
    base: &'p str,
    title: &'p str,
    lines: Vec<String>,
}

/// Does a browser ask for a page to show? Programs accept JSON, or anything.
pub fn wants_html(method: &Method, path: &str, headers: &HeaderMap) -> bool {
    let reads = *method == Method::GET || *method == Method::HEAD;
    let accepts = headers
        .get_all(header::ACCEPT)
        .iter()
        .filter_map(|value| value.to_str().ok());
    let mut kinds = accepts
        .flat_map(|value| value.split(','))
        .map(|kind| kind.split(';').next().unwrap_or_default().trim());
    reads && !path.starts_with("/api/") && kinds.any(|kind| kind.eq_ignore_ascii_case("text/html"))
}

/// The same refusal as a page, with the same status and headers.
pub fn as_page(mut reply: Reply, error: &Error, public_url: &str) -> Reply {
    let base = public_url.parse::<http::Uri>();
    let base = base
        .as_ref()
        .map_or("", |url| url.path())
        .trim_end_matches('/');
    let (title, lines) = match error {
        Error::NotFound("Route" | "Page") => {
            let line = "This address leads to nothing here. Perhaps it was not copied whole.";
            ("Not found", vec![line.to_owned()])
        }
        other => {
            let reason = reply.status().canonical_reason();
            (reason.unwrap_or("Refused"), details(other))
        }
    };
    let page = RefusalPage { base, title, lines };
    let Ok(text) = page.render() else {
        return reply;
    };
    *reply.body_mut() = text.into();
    let headers = reply.headers_mut();
    for (name, value) in [
        (header::CONTENT_TYPE, "text/html; charset=utf-8"),
        (header::CONTENT_SECURITY_POLICY, POLICY),
        (header::REFERRER_POLICY, "no-referrer"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    reply
}
