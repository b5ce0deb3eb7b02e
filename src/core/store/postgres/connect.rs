//! How is a connection to PostgreSQL made?

use std::pin::Pin;

use futures_util::Stream;
use futures_util::stream::poll_fn;
use tokio_postgres::{AsyncMessage, Client, Error, NoTls};

use super::address::Address;

/// Whoever polls this drives the connection, and hears what the server says by itself.
pub(in crate::core) type Driving = Pin<Box<dyn Stream<Item = Result<AsyncMessage, Error>> + Send>>;

pub(in crate::core) async fn connect(address: &Address) -> anyhow::Result<(Client, Driving)> {
    let (client, mut connection) = address.config().connect(NoTls).await?;
    Ok((
        client,
        Box::pin(poll_fn(move |cx| connection.poll_message(cx))),
    ))
}
