//! Item 16: a password is checked with all due slowness, a code is mailed, an account is made. So here are a thousand addresses
//! that ask for all of it, as often as each of them may.

use super::field::Field;
use super::wire;
use crate::support::json;
use std::time::Duration;

/// Requests at a time, and what each waits before the next: 100 in a second at most.
const AT_ONCE: usize = 30;
const PAUSE: Duration = Duration::from_millis(300);

pub async fn attack(field: Field) {
    field
        .keeps_doing(AT_ONCE, PAUSE, |field, number| async move {
            let friend = "ann@example.test";
            let new = format!("new{number}");
            let email = format!("{new}@example.test");
            let (path, asked) = match number % 6 {
                0 | 1 => (
                    "/api/auth/login",
                    json!({ "email": friend, "password": format!("guess {number}") }),
                ),
                2 => (
                    "/api/auth/signup",
                    json!({ "username": new, "email": email, "password": "password of all" }),
                ),
                3 => ("/user/send-signup-code", json!({ "email": email })),
                4 => (
                    "/user/verify-reset-code",
                    json!({ "email": friend, "verificationCode": format!("{:06}", number % 1_000_000) }),
                ),
                _ => ("/api/password/reset-request", json!({ "email": friend })),
            };
            let mut connection = field.connects(number).await?;
            let asked = wire::request("POST", path, "", Some(&asked));
            wire::ask(&mut connection, &asked).await?;
            field.begins();
            Ok(())
        })
        .await;
}

#[tokio::test]
async fn a_thousand_addresses_that_log_in_and_sign_up_hold_up_nobody() {
    super::is_borne(super::Attack::Logins).await;
}
