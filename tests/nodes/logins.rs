//! A login at another system that begins at one server ends at whichever the browser comes back to.

use crate::campus::google::{Google, begins};
use crate::support::*;

#[tokio::test]
async fn a_login_that_begins_at_one_server_ends_at_another_and_once() {
    let google = Google::open().await;
    let chat = Chat::of_several(2, &google.flags()).await;
    let [first, second] = &chat.servers()[..] else {
        panic!("two servers");
    };
    let (here, there) = (chat.nobody().by(first), chat.nobody().by(second));
    let begun = begins(&here, "ann", "").await;
    let ended = begun.ends(&there).await.has_status(200).json();
    assert_eq!(ended["user"]["email"], person::email_of("ann"));
    for browser in [&here, &there] {
        begun.ends(browser).await.refused(401);
    }
    // Whoever comes twice at once is let in once.
    for name in ["bob", "cleo", "dora"] {
        let begun = begins(&there, name, "").await;
        let (one, other) = tokio::join!(begun.ends(&here), begun.ends(&there));
        let mut both = [one.status, other.status];
        both.sort_unstable();
        assert_eq!(both, [200, 401]);
    }
}
