//! Item 11: a form is taken apart while it comes. So here are forms with headers without an end, fields without an end, and a
//! large field that nobody asked for.

use super::field::Field;
use std::io;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::timeout;

/// Forms at a time: as many of each kind.
const AT_ONCE: (usize, usize) = (12, 4);
/// Bytes of a form that are said before it is given up, in chunks of so many.
const FORM: usize = 64 << 20;
const CHUNK: usize = 16 << 10;
/// What the kernels of both sides may hold of it, and what is thrown away of a form that was refused; and more than the
/// largest upload beside that.
const HELD: usize = 16 << 20;
const TAKEN: usize = 24 << 20;
/// How long one form may take.
const LONG: Duration = Duration::from_secs(20);
const PAUSE: Duration = Duration::from_millis(100);

/// A form that does not end.
struct Endless {
    path: &'static str,
    begin: &'static str,
    /// What it then says for ever.
    more: &'static str,
    /// Where it has brought so many bytes and is not refused, somebody keeps them.
    most: usize,
}

const FORMS: [Endless; 4] = [
    Endless {
        path: "/user/register",
        begin: "--b\r\nContent-Disposition: form-data; name=\"full_name\"\r\nX-More: ",
        more: "x",
        most: HELD,
    },
    Endless {
        path: "/user/register",
        begin: "",
        more: "--b\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n\r\n",
        most: HELD,
    },
    Endless {
        path: "/api/files/upload",
        begin: "--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"",
        more: "x",
        most: HELD,
    },
    Endless {
        path: "/api/files/upload",
        begin: "--b\r\nContent-Disposition: form-data; name=\"nobody asked\"\r\n\r\n",
        more: "x",
        most: TAKEN,
    },
];

pub async fn attack(field: Field) {
    let at_once = field.size.of(AT_ONCE.0, AT_ONCE.1);
    field
        .keeps_doing(at_once, PAUSE, |field, number| async move {
            let said = timeout(LONG, say(&field, number)).await;
            said.unwrap_or(Ok(()))
        })
        .await;
}

async fn say(field: &Field, number: usize) -> io::Result<()> {
    let Endless {
        path,
        begin,
        more,
        most,
    } = FORMS[number % FORMS.len()];
    let connection = field.connects(number).await?;
    let (mut from, mut to) = connection.into_split();
    let head = format!(
        "POST {path} HTTP/1.1\r\nHost: chat\r\nAuthorization: Bearer {}\r\n\
         Content-Type: multipart/form-data; boundary=b\r\nTransfer-Encoding: chunked\r\n\r\n",
        field.token
    );
    to.write_all(head.as_bytes()).await?;
    let chunk = |words: &str| format!("{:x}\r\n{words}\r\n", words.len());
    if !begin.is_empty() {
        to.write_all(chunk(begin).as_bytes()).await?;
    }
    let more = chunk(&more.repeat(CHUNK / more.len()));
    field.begins();
    let saying = async {
        for said in (0..FORM).step_by(CHUNK) {
            to.write_all(more.as_bytes()).await?;
            if said > most {
                field.finds(format!("{path} takes {said} bytes of a form: {begin:?}"));
                break;
            }
        }
        Ok(())
    };
    // A refusal comes before the end, if there is one.
    let mut answer = [0; 1];
    tokio::select! {
        said = saying => said,
        _ = from.read(&mut answer) => Ok(()),
    }
}

#[tokio::test]
async fn forms_without_an_end_cost_little() {
    super::is_borne(super::Attack::Multipart).await;
}
