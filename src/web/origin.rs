//! Where does a page come from? An origin: a scheme, a host and a port, however somebody writes them.

use std::fmt;
use std::str::FromStr;

use http::Uri;

/// A scheme, a host and a port; `None` is the default port of the scheme.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Origin {
    scheme: String,
    host: String,
    port: Option<u16>,
}

impl Origin {
    /// The origin of a page at this URL; `None` if it is not a URL with a host.
    pub fn of(url: &str) -> Option<Self> {
        let uri: Uri = url.parse().ok()?;
        let authority = uri.authority()?;
        if authority.as_str().contains('@') || authority.host().is_empty() {
            return None;
        }
        // A colon with nothing behind it is the default port; a number that is no port is a mistake.
        let port = match authority.as_str()[authority.host().len()..].strip_prefix(':') {
            None | Some("") => None,
            Some(port) => Some(port.parse::<u16>().ok()?),
        };
        let scheme = uri.scheme_str()?.to_ascii_lowercase();
        Some(Self {
            port: port.filter(|port| Some(*port) != usual_port(&scheme)),
            host: authority.host().to_ascii_lowercase(),
            scheme,
        })
    }

    /// Does this `Host` header name this origin? It has no scheme, so a missing port is the default one of the origin's scheme.
    pub fn is_at(&self, host: &str) -> bool {
        Self::of(&format!("{}://{host}", self.scheme)).is_some_and(|there| there == *self)
    }
}

fn usual_port(scheme: &str) -> Option<u16> {
    match scheme {
        "http" => Some(80),
        "https" => Some(443),
        _ => None,
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://{}", self.scheme, self.host)?;
        match self.port {
            Some(port) => write!(f, ":{port}"),
            None => Ok(()),
        }
    }
}

impl FromStr for Origin {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "*" => return Err("without --cors-origin all pages may: leave it out".into()),
            // Any page can get the origin `null` in a sandboxed frame.
            "null" => {
                return Err("every page can be null: leave --cors-origin out, and all may".into());
            }
            _ => {}
        }
        let wrong = || {
            format!("{text} is no origin: write https://app.example.com, or http://localhost:5173")
        };
        let origin = Self::of(text).ok_or_else(wrong)?;
        // A path would suggest that only this page is allowed, and not all pages of the origin.
        let uri: Uri = text.parse().map_err(|_| wrong())?;
        match uri.path_and_query().map(|rest| rest.as_str()) {
            None | Some("" | "/") => Ok(origin),
            Some(_) => Err(format!("{text} is more than an origin: write {origin}")),
        }
    }
}

/// How a server is reached from outside: an http or https URL, perhaps with a path that a proxy strips, without a
/// slash at the end.
///
/// # Errors
/// What to write instead.
pub fn public_url(text: &str) -> Result<String, String> {
    let wrong = || format!("{text} is no http or https URL: write https://chat.example.com");
    let uri: Uri = text.parse().map_err(|_| wrong())?;
    let is_web = matches!(uri.scheme_str(), Some("http" | "https"));
    if !is_web || Origin::of(text).is_none() || uri.query().is_some() || text.contains('#') {
        return Err(wrong());
    }
    Ok(text.trim_end_matches('/').to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_origin_is_written_in_many_ways() {
        let read = |text: &str| text.parse::<Origin>();
        let page = read("https://app.example.com").expect("an origin");
        for same in [
            "HTTPS://App.Example.COM",
            "https://app.example.com:443",
            "https://app.example.com/",
        ] {
            assert_eq!(read(same).as_ref(), Ok(&page), "{same}");
        }
        for other in [
            "http://app.example.com",
            "https://app.example.com:80",
            "https://app.example.com:8443",
            "https://example.com",
        ] {
            assert_ne!(read(other).as_ref(), Ok(&page), "{other}");
        }
        // The origins of applications on phones and desktops.
        for app in ["capacitor://localhost", "ionic://localhost", "app://chat"] {
            assert_eq!(read(app).map(|app| app.to_string()).as_deref(), Ok(app));
        }
        for none in [
            "",
            "foo",
            "app.example.com",
            "https://",
            "https://:443",
            "//app.example.com",
            "https://ann@app.example.com",
            "https://app.example.com:port",
            "https://app.example.com/page",
            "https://app.example.com?q",
            "*",
            "null",
        ] {
            assert!(read(none).is_err(), "{none}");
        }
    }

    #[test]
    fn a_host_is_where_its_own_pages_come_from() {
        for (origin, host) in [
            ("https://chat.example.com", "chat.example.com"),
            ("https://chat.example.com", "Chat.example.com:443"),
            ("http://chat.example.com", "chat.example.com:80"),
            ("http://[::1]:3000", "[::1]:3000"),
        ] {
            assert!(Origin::of(origin).expect("an origin").is_at(host));
        }
        for (origin, host) in [
            ("https://chat.example.com", "chat.example.com:80"),
            ("https://chat.example.com", "example.com"),
            ("https://evil.example", "chat.example.com"),
            ("https://evil.example", ""),
            ("https://evil.example", "x@evil.example"),
        ] {
            assert!(!Origin::of(origin).expect("an origin").is_at(host));
        }
    }

    #[test]
    fn a_server_is_reached_by_a_url() {
        for (text, url) in [
            ("https://chat.example.com/", "https://chat.example.com"),
            (
                "https://chat.example.com/chat/",
                "https://chat.example.com/chat",
            ),
            ("http://localhost:3000", "http://localhost:3000"),
        ] {
            assert_eq!(public_url(text).as_deref(), Ok(url));
        }
        for none in [
            "chat.example.com",
            "https://",
            "ftp://chat.example.com",
            "/chat",
            "https://chat.example.com?x",
            "https://chat.example.com#x",
            "",
        ] {
            assert!(public_url(none).is_err(), "{none}");
        }
    }
}
