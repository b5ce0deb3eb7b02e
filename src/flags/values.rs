//! How is a flag's value written? Addresses, people, spans of time and sizes; if one is wrong, the error says what to type.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::Duration;

use clap::builder::{OsStringValueParser, TypedValueParser};
use ipnet::IpNet;
use lettre::message::Mailbox;

use crate::core::database::Database;
use crate::core::{text, time};
use crate::dialects::ALL;
use crate::web::volume::Volume;

/// An address, and the dialect whose routes are asked first there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listen {
    pub address: SocketAddr,
    pub dialect: Option<&'static str>,
}

impl std::str::FromStr for Listen {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (place, dialect) = match text.split_once('=') {
            Some((place, name)) => (place, Some(known_dialect(name)?)),
            None => (text, None),
        };
        let address = match place.parse::<u16>() {
            Ok(port) => Some(SocketAddr::new(Ipv4Addr::LOCALHOST.into(), port)),
            Err(_) => place.parse().ok(),
        };
        let address = address.ok_or_else(|| {
            format!("{place} is no address: write a port (3000), or an address and a port (0.0.0.0:3000)")
        })?;
        Ok(Self { address, dialect })
    }
}

fn known_dialect(name: &str) -> Result<&'static str, String> {
    let known = ALL.iter().map(|dialect| dialect.name()).collect::<Vec<_>>();
    known
        .iter()
        .find(|known| **known == name)
        .copied()
        .ok_or_else(|| format!("{name} is no dialect: write one of {}", known.join(", ")))
}

/// A file, whatever bytes its path has, or the URL of a PostgreSQL database.
pub fn database() -> impl TypedValueParser<Value = Database> {
    OsStringValueParser::new().try_map(|text| match text.into_string() {
        Ok(text) => text.parse(),
        Err(path) => Ok(Database::File(path.into())),
    })
}

/// A URL with dots in place of a password, also if it is none that can be read: rather too much is hidden than too little.
pub fn without_password(text: &str) -> String {
    let Some((scheme, rest)) = text.split_once("://") else {
        return text.to_owned();
    };
    let parameters = rest.split_inclusive(['?', '&']).map(|part| {
        let is_secret = part.starts_with("password=");
        let end = part.strip_suffix('&').map_or("", |_| "&");
        if is_secret {
            format!("password=…{end}")
        } else {
            part.to_owned()
        }
    });
    let rest = parameters.collect::<String>();
    let rest = match rest.rsplit_once('@') {
        Some((who, place)) => match who.split_once(':') {
            Some((user, _)) => format!("{user}:…@{place}"),
            None => rest,
        },
        None => rest,
    };
    format!("{scheme}://{rest}")
}

pub fn user(text: &str) -> Result<(String, String), String> {
    match text.split_once(':') {
        Some((name, password)) if !name.is_empty() => Ok((name.into(), password.into())),
        _ => Err("write a name, a colon and a password: --user ann:secret-of-ann".into()),
    }
}

/// The sender of mail: `Chat <chat@example.com>`, or the address alone.
pub fn sender(text: &str) -> Result<Mailbox, String> {
    let wrong = |_| format!("{text} is no address of mail: write 'Chat <chat@example.com>'");
    text.parse().map_err(wrong)
}

/// The domain of mail addresses, in lower case.
pub fn domain(text: &str) -> Result<String, String> {
    let domain = text.trim_start_matches('@').to_ascii_lowercase();
    match text::wrong_with_email(&format!("somebody@{domain}")) {
        None => Ok(domain),
        Some(_) => Err(format!("{text} is no domain: write example.com")),
    }
}

/// The name under which a server is reached, as DNS has it: in lower case, and in ASCII.
pub fn host(text: &str) -> Result<String, String> {
    let name = idna::domain_to_ascii_strict(text.trim_end_matches('.')).unwrap_or_default();
    let is_name = !name.is_empty() && name.parse::<IpAddr>().is_err();
    is_name
        .then_some(name)
        .ok_or_else(|| format!("{text} is no domain: write chat.example.com, without * and port"))
}

/// An address of mail.
pub fn email(text: &str) -> Result<String, String> {
    match text::wrong_with_email(text) {
        None => Ok(text.to_owned()),
        Some(_) => Err(format!(
            "{text} is no address of mail: write ann@example.com"
        )),
    }
}

/// A URL that is asked over TLS.
pub fn https_url(text: &str) -> Result<String, String> {
    let url = text.parse::<http::Uri>().ok();
    let is_https = url.is_some_and(|url| url.scheme_str() == Some("https") && url.host().is_some());
    let wrong = || format!("{text} is no https URL: write https://acme.example.com/directory");
    is_https.then(|| text.to_owned()).ok_or_else(wrong)
}

/// The name of a room.
pub fn name(text: &str) -> Result<String, String> {
    let name = text.trim();
    match text::wrong_with_name(name) {
        None => Ok(name.to_owned()),
        Some(wrong) => Err(format!("{text:?} {wrong}: write General")),
    }
}

/// A URL that a browser can be sent to.
pub fn web_url(text: &str) -> Result<String, String> {
    let url = text.parse::<http::Uri>().ok();
    let is_web = url.is_some_and(|url| matches!(url.scheme_str(), Some("http" | "https")));
    let wrong = || format!("{text} is no http or https URL: write https://app.example.com/welcome");
    is_web.then(|| text.to_owned()).ok_or_else(wrong)
}

/// A network, or a single address.
pub fn network(text: &str) -> Result<IpNet, String> {
    let network = text.parse::<IpNet>().ok();
    network
        .or_else(|| Some(IpNet::from(text.parse::<IpAddr>().ok()?)))
        .ok_or_else(|| {
            format!("{text} is no address and no network: write 127.0.0.1, or 10.0.0.0/8")
        })
}

pub fn span(text: &str) -> Result<Duration, String> {
    time::span(text).ok_or_else(|| format!("{text} is no span of time: write 90s, 15m, 12h or 7d"))
}

/// How long something is kept: at least a day.
pub fn kept(text: &str) -> Result<Duration, String> {
    let kept = span(text)?;
    match kept < Duration::from_secs(86_400) {
        true => Err(format!("{text} is less than a day")),
        false => Ok(kept),
    }
}

pub fn size(text: &str) -> Result<u64, String> {
    let read = bytes(text).filter(|size| *size <= 1 << 30);
    read.ok_or_else(|| format!("{text} is no size up to 1GiB: write 512KiB or 10MiB"))
}

/// A number of bytes in a span of time, as `500MiB/1d`, or `off`.
pub fn volume(text: &str) -> Result<Volume, String> {
    if text == "off" {
        return Ok(Volume(None));
    }
    let read = text.split_once('/').and_then(|(most, span)| {
        let (most, span) = (bytes(most)?, time::span(span)?);
        Some(Volume(Some((most, span))))
    });
    read.ok_or_else(|| {
        format!("{text} is no volume: write 500MiB/1d (so many bytes a day), or off")
    })
}

fn bytes(text: &str) -> Option<u64> {
    let units = [("GiB", 30), ("MiB", 20), ("KiB", 10), ("B", 0), ("", 0)];
    units.iter().find_map(|(unit, shift)| {
        let number: u64 = text.strip_suffix(unit)?.trim().parse().ok()?;
        number.checked_mul(1 << shift).filter(|size| *size > 0)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn listeners_are_read_as_they_are_written() {
        let read = |text: &str| text.parse::<Listen>();
        assert_eq!(
            read("3000").expect("a port").address,
            "127.0.0.1:3000".parse().unwrap()
        );
        assert_eq!(
            read("0.0.0.0:80=rooms").expect("both").dialect,
            Some("rooms")
        );
        assert_eq!(
            read("[::1]:0").expect("IPv6").address,
            "[::1]:0".parse().unwrap()
        );
        assert!(read("3000=irc").unwrap_err().contains("rooms"));
        assert!(read("localhost").is_err());
    }

    #[test]
    fn domains_are_read_as_dns_has_them() {
        let read = |text: &str| host(text).ok();
        let ascii = Some("xn--bcher-kva.example".to_owned());
        assert_eq!(read("Bücher.example."), ascii);
        assert_eq!(
            read("chat.Example.com"),
            Some("chat.example.com".to_owned())
        );
        for wrong in [
            "",
            ".",
            "*.example.com",
            "192.0.2.1",
            "::1",
            "a b.example",
            "example.com:443",
            "a,b.example",
            "https://example.com",
        ] {
            assert_eq!(read(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn sizes_are_read_as_they_are_written() {
        assert_eq!(size("10MiB"), Ok(10 << 20));
        assert_eq!(size("512 KiB"), Ok(512 << 10));
        assert_eq!(size("100"), Ok(100));
        assert!(size("0").is_err() && size("2GiB").is_err() && size("much").is_err());
        let day = Duration::from_secs(86_400);
        assert_eq!(volume("500MiB/1d"), Ok(Volume(Some((500 << 20, day)))));
        assert_eq!(volume("2GiB/1d"), Ok(Volume(Some((2 << 30, day)))));
        assert_eq!(volume("off"), Ok(Volume(None)));
        for wrong in ["500MiB", "0/1d", "500MiB/0s", "/1d", "many/1d"] {
            assert!(volume(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn passwords_are_not_said_again() {
        for (written, shown) in [
            ("chat.db", "chat.db"),
            ("postgres://ann@db/chat", "postgres://ann@db/chat"),
            (
                "postgres://ann:secret@db:1/chat",
                "postgres://ann:…@db:1/chat",
            ),
            (
                "postgres://ann:se@cr?e/t@db/chat",
                "postgres://ann:…@db/chat",
            ),
            (
                "postgres://db/chat?password=s@:et&sslmode=x",
                "postgres://db/chat?password=…&sslmode=x",
            ),
            (
                "postgres://db/chat?sslmode=x&password=set",
                "postgres://db/chat?sslmode=x&password=…",
            ),
        ] {
            assert_eq!(without_password(written), shown);
        }
    }
}
