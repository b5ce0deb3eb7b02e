//! How often may somebody send requests? Rate limits with fixed windows, as the documents promise them.

use std::net::IpAddr;
use std::str::FromStr;
use std::time::Duration;

use http::{HeaderMap, HeaderValue};

use super::answer::seconds;
use super::this_machine::is_this_machine;
use super::volume::{Volume, VolumeLimiter};
use super::windows::{Key, Windows};
use crate::core::error::{Error, Result};
use crate::core::model::{AccountId, Time};
use crate::core::{Core, time};

/// A number in a span of time, as `5/1m`; `None` is `off`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rate(pub Option<(u32, Duration)>);

impl FromStr for Rate {
    type Err = String;

    fn from_str(text: &str) -> std::result::Result<Self, String> {
        let wrong = || format!("{text} is no rate: write 5/1m (five a minute), or off");
        if text == "off" {
            return Ok(Self(None));
        }
        let (count, span) = text.split_once('/').ok_or_else(wrong)?;
        let count = count
            .parse()
            .ok()
            .filter(|count| *count > 0)
            .ok_or_else(wrong)?;
        let span = time::span(span).ok_or_else(wrong)?;
        Ok(Self(Some((count, span))))
    }
}

/// Which limit applies to a route.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Class {
    /// Signing up, logging in, codes and resets: per client address and route.
    Auth,
    /// The rooms document's API: per account, per address without one.
    Api,
    /// The rooms document's uploads: per account.
    Upload,
    /// All other uploads: limited only by their bytes, as all uploads are.
    Attachment,
    /// No limit.
    Free,
    /// No limit, and the time-out of an upload.
    Long,
}

/// How many times as often as one account all accounts at one address may connect.
const PER_ADDRESS: u32 = 20;

/// The rate limits of a server.
pub struct Rates {
    auth: Option<RateLimiter>,
    api: Option<RateLimiter>,
    upload: Option<RateLimiter>,
    /// How many bytes each account has uploaded.
    pub upload_volume: VolumeLimiter,
    connects: Option<RateLimiter>,
    /// Per address: [`PER_ADDRESS`] times as many.
    connects_from: Option<RateLimiter>,
}

struct RateLimiter {
    limit: u32,
    windows: Windows,
}

/// Whose limits a request counts against.
#[derive(Debug, Clone, Copy)]
pub struct Asker {
    pub account: Option<AccountId>,
    pub address: IpAddr,
}

/// The `RateLimit-*` headers.
#[derive(Debug, Clone, Copy)]
pub struct RateLimitHeaders {
    limit: u32,
    remaining: u32,
    reset: Duration,
}

impl Rates {
    pub fn new(auth: Rate, api: Rate, upload: Rate, connects: Rate, volume: Volume) -> Self {
        let many = |(count, span): (u32, Duration)| (count.saturating_mul(PER_ADDRESS), span);
        Self {
            upload_volume: VolumeLimiter::new(volume),
            connects_from: RateLimiter::new(Rate(connects.0.map(many))),
            connects: RateLimiter::new(connects),
            auth: RateLimiter::new(auth),
            api: RateLimiter::new(api),
            upload: RateLimiter::new(upload),
        }
    }

    /// Counts a socket that connects from this address. This machine is not limited, because a proxy may run on it.
    ///
    /// # Errors
    /// `TooOften` past the limit.
    pub fn count_connect_from(&self, address: IpAddr) -> Result<()> {
        if is_this_machine(address) {
            return Ok(());
        }
        let window = self.connects_from.as_ref();
        window.map_or(Ok(()), |window| {
            window.count(Key::Address(network(address))).1
        })
    }

    /// Counts a socket of this account that connects.
    ///
    /// # Errors
    /// `TooOften` past the limit.
    pub fn count_connect(&self, account: AccountId) -> Result<()> {
        let window = self.connects.as_ref();
        window.map_or(Ok(()), |window| window.count(Key::Account(account)).1)
    }

    /// Counts one request; `None` if it is not limited.
    pub fn count(
        &self,
        class: Class,
        route: &'static str,
        asker: Asker,
    ) -> Option<(RateLimitHeaders, Result<()>)> {
        let address = network(asker.address);
        let (window, key) = match class {
            Class::Auth => (&self.auth, Key::AddressAtRoute(address, route)),
            Class::Api => (
                &self.api,
                asker.account.map_or(Key::Address(address), Key::Account),
            ),
            Class::Upload => (
                &self.upload,
                asker.account.map_or(Key::Address(address), Key::Account),
            ),
            Class::Attachment | Class::Free | Class::Long => return None,
        };
        window.as_ref().map(|window| window.count(key))
    }

    /// The same for a server that shares its database with others: what guards secrets counts at all of them together.
    pub async fn count_with_peers(
        &self,
        core: &Core,
        class: Class,
        route: &'static str,
        asker: Asker,
    ) -> Option<(RateLimitHeaders, Result<()>)> {
        if class != Class::Auth || !core.has_peers() {
            return self.count(class, route, asker);
        }
        let auth = self.auth.as_ref()?;
        let what = format!("{} {route}", network(asker.address));
        let counted = core.count_try(what, auth.windows.span).await;
        let (before, reset) = match &counted {
            Ok((before, since)) => {
                let since = Time::now().0.saturating_sub(since.0);
                let since = Duration::from_millis(since.try_into().unwrap_or(0));
                (*before, auth.windows.span.saturating_sub(since))
            }
            Err(_) => (0, auth.windows.span),
        };
        let within = auth.counted(before, reset);
        Some((within.0, counted.and(within.1)))
    }
}

impl RateLimiter {
    fn new(rate: Rate) -> Option<Self> {
        let (limit, span) = rate.0?;
        let windows = Windows::new(span);
        Some(Self { limit, windows })
    }

    fn count(&self, key: Key) -> (RateLimitHeaders, Result<()>) {
        let window = self.windows.of(key);
        let before = u32::try_from(window.add(1)).unwrap_or(u32::MAX);
        self.counted(before, window.left())
    }

    /// One more after so many, in a window that ends then.
    fn counted(&self, before: u32, reset: Duration) -> (RateLimitHeaders, Result<()>) {
        let remaining = self.limit.saturating_sub(before.saturating_add(1));
        let headers = RateLimitHeaders {
            limit: self.limit,
            remaining,
            reset,
        };
        let counted = if before < self.limit {
            Ok(())
        } else {
            Err(Error::TooOften { retry_after: reset })
        };
        (headers, counted)
    }
}

impl RateLimitHeaders {
    pub fn write(self, headers: &mut HeaderMap) {
        headers.insert("ratelimit-limit", HeaderValue::from(self.limit));
        headers.insert("ratelimit-remaining", HeaderValue::from(self.remaining));
        headers.insert("ratelimit-reset", seconds(self.reset));
    }
}

/// The address that limits count by. A customer of an IPv6 provider has 2^64 addresses (a /64), which count as one.
pub fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V4(address) => IpAddr::V4(address),
        IpAddr::V6(address) => {
            let [a, b, c, d, ..] = address.segments();
            IpAddr::V6([a, b, c, d, 0, 0, 0, 0].into())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sixth_in_a_minute_is_one_too_many() {
        let rate = |text: &str| text.parse::<Rate>().expect("a rate");
        let off = || rate("off");
        let rates = Rates::new(rate("5/1m"), off(), off(), off(), Volume(None));
        let asker = Asker {
            account: None,
            address: [127, 0, 0, 1].into(),
        };
        for left in (0..5).rev() {
            let (headers, counted) = rates.count(Class::Auth, "/login", asker).expect("a limit");
            assert!(counted.is_ok());
            assert_eq!(headers.remaining, left);
        }
        assert!(
            rates
                .count(Class::Auth, "/login", asker)
                .expect("a limit")
                .1
                .is_err()
        );
        assert!(
            rates
                .count(Class::Auth, "/signup", asker)
                .expect("a limit")
                .1
                .is_ok()
        );
        assert!(rates.count(Class::Api, "/rooms", asker).is_none());
        for wrong in ["5", "0/1m", "5/", "x/1m", "5/soon"] {
            assert!(wrong.parse::<Rate>().is_err(), "{wrong}");
        }
    }
}
