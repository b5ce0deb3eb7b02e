//! Logging in with Google where nobody has set it up.

use crate::support::*;

#[tokio::test]
async fn unconfigured_it_says_which_flags_turn_it_on() {
    let chat = Chat::open().await;
    for path in [
        "/auth/google",
        "/auth/google/callback",
        "/auth/google/callback?code=1&state=2",
    ] {
        let answer = chat.nobody().get(path).await;
        let said = answer.refused(501).json();
        let words = said["message"].as_str().expect("a message");
        assert!(words.contains("--google-client-id"), "{words}");
    }
}
