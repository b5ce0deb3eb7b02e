//! How fast could it be at best? socketioxide alone: a message goes to everybody in its room and is kept nowhere.

use std::convert::Infallible;
use std::io::Read;
use std::sync::atomic::{AtomicU64, Ordering};

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::Full;
use hyper::body::Incoming;
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use socketioxide::SocketIo;
use socketioxide::extract::{AckSender, Data, SocketRef};
use socketioxide::handler::ConnectHandler;
use tokio::net::TcpListener;
use tokio::sync::mpsc;
use tower::ServiceExt;

/// What was said, where, and who wants to know that it was.
struct Said {
    room: String,
    message: Value,
    done: AckSender,
}

/// Serves until standard input closes.
pub fn serve() -> anyhow::Result<()> {
    let runtime = tokio::runtime::Runtime::new()?;
    runtime.spawn(async {
        if let Err(error) = accept().await {
            eprintln!("{error:#}");
        }
    });
    std::io::stdin().read_to_end(&mut Vec::new())?;
    runtime.shutdown_background();
    Ok(())
}

async fn accept() -> anyhow::Result<()> {
    let inner = tower::service_fn(async |_: Request<Incoming>| Ok::<_, Infallible>(answer()));
    let (service, io) = SocketIo::builder()
        .max_buffer_size(4_096)
        .ws_read_buffer_size(1_024)
        .build_with_inner_svc(inner);
    // One task tells it all, in order: handlers that wait would each be a task, in any order.
    let (say, mut said) = mpsc::unbounded_channel::<Said>();
    // Before CONNECT is answered: a handler that is there only afterwards misses events.
    let admit = move |socket: SocketRef| {
        enter(&socket, say.clone());
        std::future::ready(Ok::<_, Infallible>(()))
    };
    io.ns("/", (|| std::future::ready(())).with(admit));
    let namespace = io.clone();
    tokio::spawn(async move {
        while let Some(Said {
            room,
            message,
            done,
        }) = said.recv().await
        {
            let told = namespace.to(room).emit("message", &message).await;
            done.send(&json!({ "ok": told.is_ok(), "message": message }))
                .ok();
        }
    });
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let url = format!("http://{}", listener.local_addr()?);
    println!("{}", json!({ "url": url, "pid": std::process::id() }));
    loop {
        let (stream, _) = listener.accept().await?;
        stream.set_nodelay(true)?;
        let service = service.clone();
        let service = hyper::service::service_fn(move |request| service.clone().oneshot(request));
        tokio::spawn(
            hyper::server::conn::http1::Builder::new()
                .max_buf_size(8_192)
                .serve_connection(TokioIo::new(stream), service)
                .with_upgrades(),
        );
    }
}

fn enter(socket: &SocketRef, say: mpsc::UnboundedSender<Said>) {
    socket.on(
        "joinRoom",
        |socket: SocketRef, Data(asked): Data<Value>, done: AckSender| {
            socket.join(asked["roomId"].as_str().unwrap_or_default().to_owned());
            done.send(&json!({ "ok": true })).ok();
            std::future::ready(())
        },
    );
    socket.on(
        "message",
        move |socket: SocketRef, Data(said): Data<Value>, done: AckSender| {
            let room = said["roomId"].as_str().unwrap_or_default().to_owned();
            let message = json!({
                "_id": "000000000000000000000000",
                "content": said["content"],
                "sender": { "_id": socket.id, "username": "nobody" },
                "room": room,
                "createdAt": "2026-01-01T00:00:00.000Z",
            });
            say.send(Said {
                room,
                message,
                done,
            })
            .ok();
            std::future::ready(())
        },
    );
}

/// Whatever is asked by REST: a token and an id that was not there before.
fn answer() -> Response<Full<Bytes>> {
    static LAST: AtomicU64 = AtomicU64::new(0);
    let id = LAST.fetch_add(1, Ordering::Relaxed).to_string();
    let body = json!({ "token": "nobody", "data": { "_id": id } });
    Response::new(Full::new(Bytes::from(body.to_string())))
}
