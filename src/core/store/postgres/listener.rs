//! How does a server learn, while it writes nothing, that another one has committed? PostgreSQL tells whoever listens. And
//! whoever asks for something is answered once everything was heard that was committed before.
//!
//! The same connection holds the lock of the keeper: of all servers on a database one mails, tidies up and erases.

use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt;
use tokio::sync::{mpsc, oneshot, watch};
use tokio::task::JoinHandle;
use tokio::time::{MissedTickBehavior, interval, sleep, timeout};
use tokio_postgres::{AsyncMessage, Client};

use super::address::Address;
use super::connect::connect;
use super::feed::Heard;
use crate::core::error::{Error, Result};

/// How often it is asked for news even if nobody is told of any.
const BEAT: Duration = Duration::from_secs(1);
/// How long after a lost connection the next one is tried.
const AGAIN: Duration = Duration::from_millis(250);
/// How long the database may take to say how far the news are, and the writer to hear them.
const PATIENCE: Duration = Duration::from_secs(5);
/// Whoever has this advisory lock is the keeper.
const KEEPER: i64 = 7_162_240_743_911_425;

const UNREACHABLE: Error = Error::Overloaded("The database cannot be reached");

type Asking = oneshot::Sender<Result<()>>;

/// The task that listens. It ends when this is dropped.
pub(in crate::core) struct Listener {
    asks: mpsc::UnboundedSender<Asking>,
    keeps: watch::Receiver<bool>,
    task: JoinHandle<()>,
}

impl Listener {
    /// Listens from now on; `look` has the writer look for news.
    pub fn start(
        address: Address,
        heard: Arc<Heard>,
        look: impl Fn() + Send + Sync + 'static,
    ) -> Self {
        let (asks, asked) = mpsc::unbounded_channel();
        let (keeper, keeps) = watch::channel(false);
        let listening = Listening {
            address,
            heard,
            look: Box::new(look),
            keeper,
            asked,
        };
        Self {
            asks,
            keeps,
            task: tokio::spawn(listening.run()),
        }
    }

    /// Answers once everything was heard that was committed before this call.
    ///
    /// # Errors
    /// `Overloaded` if the database cannot be asked.
    pub fn hear(&self) -> impl Future<Output = Result<()>> + Send + use<> {
        let (ask, answer) = oneshot::channel();
        let asked = self.asks.send(ask).is_ok();
        async move {
            match asked {
                true => answer.await.unwrap_or(Err(UNREACHABLE)),
                false => Err(UNREACHABLE),
            }
        }
    }

    /// Is this server the keeper?
    pub fn keeps(&self) -> watch::Receiver<bool> {
        self.keeps.clone()
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        self.task.abort();
    }
}

struct Listening {
    address: Address,
    heard: Arc<Heard>,
    look: Box<dyn Fn() + Send + Sync>,
    keeper: watch::Sender<bool>,
    asked: mpsc::UnboundedReceiver<Asking>,
}

impl Listening {
    async fn run(mut self) {
        let mut is_known = false;
        loop {
            let ended = match self.begin().await {
                Ok((client, told)) => {
                    is_known = false;
                    self.listen(&client, told).await
                }
                Err(error) => Err(error),
            };
            // Another one may be the keeper from now on.
            self.keeper.send_replace(false);
            match ended {
                Ok(()) => return,
                Err(error) if !is_known => {
                    tracing::warn!(error = format!("{error:#}"), "nobody tells of news");
                }
                // Said once, until it is there again.
                Err(error) => tracing::debug!(error = format!("{error:#}"), "it is still so"),
            }
            is_known = true;
            // Nobody waits for a database that is not there.
            let refusing = async {
                while let Some(ask) = self.asked.recv().await {
                    ask.send(Err(UNREACHABLE)).ok();
                }
            };
            tokio::select! {
                () = refusing => return,
                () = sleep(AGAIN) => {}
            }
        }
    }

    /// A connection that listens, and what is told there. The channel ends with the connection.
    async fn begin(&self) -> anyhow::Result<(Client, mpsc::Receiver<()>)> {
        let (client, mut driving) = timeout(PATIENCE, connect(&self.address)).await??;
        let (tell, told) = mpsc::channel(1);
        let heard = self.heard.clone();
        tokio::spawn(async move {
            while let Some(Ok(message)) = driving.next().await {
                if let AsyncMessage::Notification(one) = message
                    && !heard.is_own(one.process_id())
                {
                    // If it is full, somebody is about to look.
                    tell.try_send(()).ok();
                }
            }
        });
        let settings = "SET idle_session_timeout = 0; SET statement_timeout = '5s'; LISTEN news";
        timeout(PATIENCE, client.batch_execute(settings)).await??;
        Ok((client, told))
    }

    /// Listens until the connection is lost, or nobody needs to know any more.
    async fn listen(
        &mut self,
        client: &Client,
        mut told: mpsc::Receiver<()>,
    ) -> anyhow::Result<()> {
        let how_far = client.prepare("SELECT batch FROM log").await?;
        let mut beat = interval(BEAT);
        beat.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut asking = Vec::new();
        loop {
            tokio::select! {
                news = told.recv() => {
                    anyhow::ensure!(news.is_some(), "the connection is lost");
                    (self.look)();
                    continue;
                }
                ask = self.asked.recv() => match ask {
                    Some(ask) => asking.push(ask),
                    None => return Ok(()),
                },
                _ = beat.tick() => self.keep(client).await?,
            }
            // Whoever has come by now is answered by one question.
            while let Ok(ask) = self.asked.try_recv() {
                asking.push(ask);
            }
            let row = timeout(PATIENCE, client.query_one(&how_far, &[])).await;
            let row = match row {
                Ok(Ok(row)) => row,
                lost => {
                    refuse(asking);
                    lost??;
                    return Ok(());
                }
            };
            let number = row.try_get(0)?;
            if self.heard.number() < number {
                (self.look)();
            }
            let heard = timeout(PATIENCE, self.heard.upto(number)).await;
            let heard = heard.map_err(|_| UNREACHABLE);
            for ask in asking.drain(..) {
                ask.send(heard.clone()).ok();
            }
        }
    }

    /// Becomes the keeper if there is none.
    async fn keep(&self, client: &Client) -> anyhow::Result<()> {
        if !*self.keeper.borrow() {
            let asked = client.query_one("SELECT pg_try_advisory_lock($1)", &[&KEEPER]);
            let is_ours = timeout(PATIENCE, asked).await??.try_get(0)?;
            self.keeper
                .send_if_modified(|keeps| std::mem::replace(keeps, is_ours) != is_ours);
        }
        Ok(())
    }
}

fn refuse(asking: Vec<Asking>) {
    for ask in asking {
        ask.send(Err(UNREACHABLE)).ok();
    }
}
