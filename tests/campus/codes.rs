//! Six digits that a stranger must not guess: once, for ten minutes, for one purpose and one address.

use super::told;
use crate::support::*;
use mail::another;
use std::time::Duration;

/// What a code is for: where to ask for one, and where to show it.
#[derive(Clone, Copy)]
struct Purpose {
    ask: &'static str,
    show: &'static str,
    email: &'static str,
}

const SIGNUP: Purpose = Purpose {
    ask: "/user/send-signup-code",
    show: "/user/verify-email",
    email: "john@example.com",
};
/// Ann has an account, or there would be nothing to reset.
const RESET: Purpose = Purpose {
    ask: "/user/reset-password-code",
    show: "/user/verify-reset-code",
    email: "ann@example.test",
};

impl Purpose {
    async fn code(self, chat: &Chat) -> String {
        let address = json!({ "email": self.email });
        told(&chat.nobody().post(self.ask, address).await);
        chat.code_for(self.email).await
    }

    async fn shows(self, chat: &Chat, email: &str, code: &str) -> Answer {
        let proof = json!({ "email": email, "verificationCode": code });
        chat.nobody().post(self.show, proof).await
    }
}

async fn chat_with_ann() -> Chat {
    let chat = Chat::open().await;
    chat.campus("ann").await;
    chat
}

#[tokio::test]
async fn a_code_is_six_digits_and_works_once() {
    let chat = chat_with_ann().await;
    for purpose in [SIGNUP, RESET] {
        let code = purpose.code(&chat).await;
        let proven = told(&purpose.shows(&chat, purpose.email, &code).await);
        assert_eq!(proven["verified"], true);
        purpose
            .shows(&chat, purpose.email, &code)
            .await
            .refused(400);
    }
}

#[tokio::test]
async fn five_wrong_tries_void_a_code() {
    let chat = chat_with_ann().await;
    for purpose in [SIGNUP, RESET] {
        let code = purpose.code(&chat).await;
        for _ in 0..4 {
            let wrong = purpose.shows(&chat, purpose.email, &another(&code)).await;
            wrong.refused(400);
        }
        told(&purpose.shows(&chat, purpose.email, &code).await);

        let code = purpose.code(&chat).await;
        for _ in 0..5 {
            let wrong = purpose.shows(&chat, purpose.email, &another(&code)).await;
            wrong.refused(400);
        }
        purpose
            .shows(&chat, purpose.email, &code)
            .await
            .refused(400);

        let code = purpose.code(&chat).await;
        told(&purpose.shows(&chat, purpose.email, &code).await);
    }
}

#[tokio::test]
async fn guesses_at_the_same_moment_are_counted_all() {
    let chat = chat_with_ann().await;
    let code = RESET.code(&chat).await;
    let mut guess = code.clone();
    let guesses = (0..20).map(|_| {
        guess = another(&guess);
        let (chat, guess) = (&chat, guess.clone());
        async move { RESET.shows(chat, RESET.email, &guess).await.status }
    });
    let answers = futures_util::future::join_all(guesses).await;
    assert_eq!(answers, [400; 20]);
    RESET.shows(&chat, RESET.email, &code).await.refused(400);
}

#[tokio::test]
async fn a_new_code_voids_the_one_before() {
    let chat = chat_with_ann().await;
    for purpose in [SIGNUP, RESET] {
        let first = purpose.code(&chat).await;
        let mut second = purpose.code(&chat).await;
        while second == first {
            second = purpose.code(&chat).await;
        }
        purpose
            .shows(&chat, purpose.email, &first)
            .await
            .refused(400);
        told(&purpose.shows(&chat, purpose.email, &second).await);
    }
}

#[tokio::test]
async fn after_ten_minutes_a_code_is_void() {
    let chat = chat_with_ann().await;
    for purpose in [SIGNUP, RESET] {
        let code = purpose.code(&chat).await;
        chat.time_passes(Duration::from_secs(9 * 60)).await;
        told(&purpose.shows(&chat, purpose.email, &code).await);

        let code = purpose.code(&chat).await;
        chat.time_passes(Duration::from_secs(10 * 60)).await;
        purpose
            .shows(&chat, purpose.email, &code)
            .await
            .refused(400);
    }
}

#[tokio::test]
async fn a_code_is_for_one_purpose_and_one_address() {
    let chat = chat_with_ann().await;
    chat.campus("bob").await;
    let reset = RESET.code(&chat).await;
    let bob = Purpose {
        email: "bob@example.test",
        ..RESET
    };
    bob.code(&chat).await;
    bob.shows(&chat, bob.email, &reset).await.refused(400);
    SIGNUP.shows(&chat, RESET.email, &reset).await.refused(400);
    told(&RESET.shows(&chat, "Ann@Example.TEST", &reset).await);

    let signup = SIGNUP.code(&chat).await;
    RESET.shows(&chat, SIGNUP.email, &signup).await.refused(400);
    SIGNUP
        .shows(&chat, "jane@example.com", &signup)
        .await
        .refused(400);
    told(&SIGNUP.shows(&chat, "JOHN@example.com", &signup).await);
}

#[tokio::test]
async fn a_wrong_code_does_not_tell_who_waits_for_one() {
    let chat = chat_with_ann().await;
    for purpose in [SIGNUP, RESET] {
        let code = purpose.code(&chat).await;
        let wrong = purpose.shows(&chat, purpose.email, &another(&code)).await;
        let nobody = purpose.shows(&chat, "unknown@example.test", &code).await;
        assert_eq!(wrong.refused(400).json(), nobody.refused(400).json());
    }
}

#[tokio::test]
async fn nobody_without_an_account_is_mailed_a_reset_code() {
    let chat = Chat::open().await;
    let unknown = json!({ "email": "unknown@example.test" });
    told(&chat.nobody().post(RESET.ask, unknown).await);
    assert!(chat.mails_to("unknown@example.test").await.is_empty());
}

#[tokio::test]
async fn what_is_no_code_is_refused() {
    let chat = chat_with_ann().await;
    for purpose in [SIGNUP, RESET] {
        let code = purpose.code(&chat).await;
        let nobody = chat.nobody();
        let without = json!({ "email": purpose.email });
        nobody
            .post(purpose.show, without)
            .await
            .refused_for(&["verificationCode"]);
        let without = json!({ "verificationCode": code });
        nobody
            .post(purpose.show, without)
            .await
            .refused_for(&["email"]);
        for wrong in ["", "12345", "abcdef", "%", "' OR 1=1 --"] {
            purpose
                .shows(&chat, purpose.email, wrong)
                .await
                .refused(400);
        }
    }
}

#[tokio::test]
async fn who_guesses_from_code_to_code_is_stopped_for_the_day() {
    // What waits between two codes is off on a throwaway server, unless a limit is asked for.
    let chat = Chat::with(&["--limit-auth", "10000/1m"]).await;
    chat.campus("ann").await;
    let minute = Duration::from_secs(61);
    for purpose in [SIGNUP, RESET] {
        chat.time_passes(minute).await;
        // Ten codes, and five wrong tries of each.
        for _ in 0..10 {
            let wrong = another(&purpose.code(&chat).await);
            for _ in 0..5 {
                purpose
                    .shows(&chat, purpose.email, &wrong)
                    .await
                    .refused(400);
            }
            chat.time_passes(minute).await;
        }
        let asks = async |email: &str| {
            let address = json!({ "email": email });
            chat.nobody().post(purpose.ask, address).await
        };
        // However the address is spelled, and whatever the code is for.
        let refused = asks(&purpose.email.to_uppercase()).await;
        refused.refused(429);
        let wait: u64 = refused
            .header("retry-after")
            .and_then(|wait| wait.parse().ok())
            .expect("a time to wait");
        assert!((80_000..86_400).contains(&wait), "{wait} s");
        // Others are not held up, and links cannot be guessed.
        asks("somebody.else@example.test").await.has_status(200);
        let link = json!({ "email": purpose.email });
        chat.nobody()
            .post("/api/password/reset-request", link)
            .await
            .has_status(200);
        chat.time_passes(Duration::from_secs(86_400)).await;
        let code = purpose.code(&chat).await;
        told(&purpose.shows(&chat, purpose.email, &code).await);
    }
}

#[tokio::test]
async fn a_code_that_was_sent_before_the_last_wrong_try_is_no_way_around() {
    let chat = Chat::with(&["--limit-auth", "10000/1m"]).await;
    let signs_up = SIGNUP.code(&chat).await;
    // The same address, by the other door: these codes are mailed to nobody, and count all the same.
    let resets = Purpose {
        email: SIGNUP.email,
        ..RESET
    };
    for _ in 0..10 {
        let address = json!({ "email": resets.email });
        told(&chat.nobody().post(resets.ask, address).await);
        for _ in 0..5 {
            resets.shows(&chat, resets.email, "none").await.refused(400);
        }
        chat.time_passes(Duration::from_secs(61)).await;
    }
    let refused = SIGNUP.shows(&chat, SIGNUP.email, &signs_up).await;
    assert!([400, 429].contains(&refused.status), "{refused:?}");
}
