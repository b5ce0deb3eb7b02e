//! What does a socket cost that has joined a room and says nothing?

use std::time::{Duration, Instant};

use crate::crowd::{self, SOCKETS_PER_ACCOUNT};
use crate::server::Server;
use crate::shape::Shape;
use crate::websocket::Socket;
use crate::wire::scratch;
use crate::{Results, rounded};

pub fn measure(server: &Server, shape: &Shape, count: u32) -> anyhow::Result<Results> {
    let (count, room_size) = (count as usize, shape.room_size as usize);
    let accounts = count.div_ceil(SOCKETS_PER_ACCOUNT);
    let tokens = (0..accounts)
        .map(|number| crowd::sign_up(server, number))
        .collect::<anyhow::Result<Vec<_>>>()?;
    let rooms = (0..count.div_ceil(room_size))
        .map(|number| crowd::open_room(server, &tokens[number % accounts], number))
        .collect::<anyhow::Result<Vec<_>>>()?;

    // Accounts and rooms weigh something too, so the scale is read with them and without sockets.
    let before = server.usage()?;
    let shared_before = server.proportional_bytes()?;
    let begin = Instant::now();
    let mut sockets = Vec::with_capacity(count);
    for number in 0..count {
        let mut socket = Socket::open(server.of(number).1, &tokens[number / SOCKETS_PER_ACCOUNT])?;
        crowd::join(shape.dialect, &mut socket, &[&rooms[number / room_size]])?;
        socket.never_wait()?;
        sockets.push(socket);
        // Whoever came early must answer pings while the others come.
        if number % 500 == 499 {
            answer_pings(&mut sockets)?;
        }
    }
    let opened_in = begin.elapsed().as_secs_f64();
    rest(&mut sockets, 2)?;
    let open = server.usage()?;
    rest(&mut sockets, shape.seconds)?;
    let after = server.usage()?;
    let shared_after = server.proportional_bytes()?;

    #[allow(clippy::cast_precision_loss)] // at most 25,000
    let each = count as f64;
    Ok(vec![
        ("sockets", count.into()),
        ("accounts", accounts.into()),
        ("rooms", rooms.len().into()),
        ("opened_per_second", rounded(each / opened_in).into()),
        (
            "server_mib_before",
            rounded(before.resident_bytes / 1_048_576.0).into(),
        ),
        (
            "server_mib_after",
            rounded(after.resident_bytes / 1_048_576.0).into(),
        ),
        (
            "bytes_per_socket",
            ((after.resident_bytes - before.resident_bytes) / each)
                .round()
                .into(),
        ),
        (
            "proportional_bytes_per_socket",
            ((shared_after - shared_before) / each).round().into(),
        ),
        (
            "server_cpu_us_to_open_one",
            rounded((open.cpu_seconds - before.cpu_seconds) * 1e6 / each).into(),
        ),
        (
            "server_cpus_idle",
            rounded((after.cpu_seconds - open.cpu_seconds) / f64::from(shape.seconds)).into(),
        ),
    ])
}

fn rest(sockets: &mut [Socket], seconds: u32) -> anyhow::Result<()> {
    for _ in 0..seconds {
        answer_pings(sockets)?;
        std::thread::sleep(Duration::from_secs(1));
    }
    Ok(())
}

fn answer_pings(sockets: &mut [Socket]) -> anyhow::Result<()> {
    let mut scratch = scratch();
    for socket in sockets {
        socket.look(&mut scratch, |_| {})?;
        socket.flush()?;
    }
    Ok(())
}
