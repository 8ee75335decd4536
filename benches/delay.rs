//! A proxy that makes a loopback connection as slow as a real network.
//!
//! - A byte arrives half a round trip after it was sent. A client can send the first byte one round
//!   trip after it began to connect, as TCP's handshake takes.
//! - `bytes_per_second` is the bandwidth of each direction, which all connections share.
//! - With `lost_of`, one of so many segments of each direction is lost. TCP sends it again after a
//!   timeout, and holds back everything behind it until then. It is every nth segment and not a
//!   random one, so that every client loses the same share.
//!
//! Slow start is not simulated: a response of any size can arrive in one round trip.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep_until};

/// The data of a TCP segment in an Ethernet frame.
const SEGMENT: usize = 1460;
/// Linux's shortest timeout before a segment is sent again.
const MIN_RETRANSMISSION_TIMEOUT: Duration = Duration::from_millis(200);

/// The properties of a network.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Network {
    pub round_trip: Duration,
    pub bytes_per_second: Option<f64>,
    pub lost_of: Option<u64>,
}

impl Network {
    fn retransmission_timeout(&self) -> Duration {
        (2 * self.round_trip).max(MIN_RETRANSMISSION_TIMEOUT)
    }
}

/// One direction of all connections.
#[derive(Debug)]
struct Direction {
    network: Network,
    state: Mutex<DirectionState>,
}

#[derive(Debug)]
struct DirectionState {
    segments: u64,
    /// When the last byte so far leaves.
    busy_until: Instant,
}

impl Direction {
    fn new(network: Network) -> Self {
        let state = DirectionState {
            segments: 0,
            busy_until: Instant::now(),
        };
        Self {
            network,
            state: Mutex::new(state),
        }
    }

    /// When a segment arrives that could leave at `ready`.
    fn arrival(&self, bytes: usize, ready: Instant) -> Instant {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let mut leaves = ready;
        if let Some(rate) = self.network.bytes_per_second {
            let duration = Duration::from_secs_f64(bytes as f64 / rate);
            leaves = ready.max(state.busy_until) + duration;
            state.busy_until = leaves;
        }
        state.segments += 1;
        if self
            .network
            .lost_of
            .is_some_and(|of| state.segments.is_multiple_of(of))
        {
            leaves += self.network.retransmission_timeout();
        }
        leaves + self.network.round_trip / 2
    }
}

/// Accepts connections for ever, and connects each with the target.
pub async fn serve(listener: TcpListener, target: SocketAddr, network: Network) {
    let directions = [(); 2].map(|()| Arc::new(Direction::new(network)));
    loop {
        let Ok((client, _)) = listener.accept().await else {
            continue;
        };
        let connected = Instant::now() + network.round_trip;
        let [up, down] = directions.clone();
        tokio::spawn(async move {
            let Ok(server) = TcpStream::connect(target).await else {
                return;
            };
            for stream in [&client, &server] {
                let _ = stream.set_nodelay(true);
            }
            let (from_client, to_client) = client.into_split();
            let (from_server, to_server) = server.into_split();
            tokio::spawn(transfer(from_server, to_client, down, connected));
            transfer(from_client, to_server, up, connected).await;
        });
    }
}

/// Passes on everything that is read, and at last the end, until one side is gone. Nothing leaves
/// before `earliest`.
async fn transfer(
    from: impl AsyncRead + Unpin,
    to: impl AsyncWrite + Unpin,
    direction: Arc<Direction>,
    earliest: Instant,
) {
    let (sender, receiver) = mpsc::unbounded_channel();
    let read = send(from, sender, direction, earliest);
    futures_util::future::join(read, deliver(to, receiver)).await;
}

/// Segments with the time of their arrival; an empty one is the end.
type Segments = (Instant, Bytes);

async fn send(
    mut from: impl AsyncRead + Unpin,
    segments: mpsc::UnboundedSender<Segments>,
    direction: Arc<Direction>,
    earliest: Instant,
) {
    let mut last = earliest;
    let mut buffer = BytesMut::new();
    loop {
        buffer.reserve(16 * SEGMENT);
        let is_end = !matches!(from.read_buf(&mut buffer).await, Ok(1..));
        let ready = Instant::now().max(earliest);
        let mut read = buffer.split().freeze();
        while is_end || !read.is_empty() {
            let segment = read.split_to(read.len().min(SEGMENT));
            // In order: nothing overtakes a segment that was lost.
            last = last.max(direction.arrival(segment.len(), ready));
            if segments.send((last, segment)).is_err() || is_end {
                return;
            }
        }
    }
}

async fn deliver(mut to: impl AsyncWrite + Unpin, mut segments: mpsc::UnboundedReceiver<Segments>) {
    while let Some((arrival, segment)) = segments.recv().await {
        sleep_until(arrival).await;
        let written = match segment.is_empty() {
            true => to.shutdown().await,
            false => to.write_all(&segment).await,
        };
        if written.is_err() {
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ROUND_TRIP: Duration = Duration::from_millis(50);

    /// Sends texts through one direction of a network, and returns what arrives, with the
    /// milliseconds since the start. The clock is paused: it advances only to the next timer.
    async fn arrivals(network: Network, texts: &[usize]) -> Vec<(u128, usize)> {
        let began = Instant::now();
        let (mut client, from) = tokio::io::duplex(1 << 20);
        let (to, mut server) = tokio::io::duplex(1 << 20);
        let direction = Arc::new(Direction::new(network));
        tokio::spawn(transfer(from, to, direction, began));
        for size in texts {
            client.write_all(&vec![b'x'; *size]).await.unwrap();
        }
        drop(client);
        let mut found = Vec::new();
        let mut buffer = vec![0; 1 << 20];
        loop {
            let size = server.read(&mut buffer).await.unwrap();
            found.push((began.elapsed().as_millis(), size));
            if size == 0 {
                return found;
            }
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_byte_arrives_after_half_a_round_trip() {
        let network = Network {
            round_trip: ROUND_TRIP,
            ..Network::default()
        };
        assert_eq!(arrivals(network, &[3]).await, [(25, 3), (25, 0)]);
        assert_eq!(arrivals(Network::default(), &[3]).await, [(0, 3), (0, 0)]);
    }

    #[tokio::test(start_paused = true)]
    async fn connections_share_the_bandwidth() {
        // A megabit in 125,000 bytes.
        let network = Network {
            round_trip: ROUND_TRIP,
            bytes_per_second: Some(125_000.0),
            lost_of: None,
        };
        let (began, direction) = (Instant::now(), Direction::new(network));
        let first = direction.arrival(1250, began);
        let second = direction.arrival(1250, began);
        assert_eq!((first - began).as_millis(), 10 + 25);
        assert_eq!((second - began).as_millis(), 20 + 25);
        // The line is idle again.
        let later = began + Duration::from_secs(1);
        assert_eq!((direction.arrival(1250, later) - later).as_millis(), 35);
    }

    #[tokio::test(start_paused = true)]
    async fn a_lost_segment_holds_back_those_behind_it() {
        let network = Network {
            round_trip: ROUND_TRIP,
            bytes_per_second: None,
            lost_of: Some(3),
        };
        let found = arrivals(network, &[4 * SEGMENT]).await;
        let by_time = |time| {
            let sizes = found.iter().filter(|(at, _)| *at == time);
            sizes.map(|(_, size)| size).sum::<usize>()
        };
        assert_eq!((by_time(25), by_time(225)), (2 * SEGMENT, 2 * SEGMENT));
    }

    #[tokio::test(start_paused = true)]
    async fn connecting_takes_a_round_trip() {
        let network = Network {
            round_trip: ROUND_TRIP,
            ..Network::default()
        };
        let began = Instant::now();
        let (mut client, from) = tokio::io::duplex(64);
        let (to, mut server) = tokio::io::duplex(64);
        let direction = Arc::new(Direction::new(network));
        tokio::spawn(transfer(from, to, direction, began + ROUND_TRIP));
        client.write_all(b"x").await.unwrap();
        server.read_u8().await.unwrap();
        assert_eq!(began.elapsed().as_millis(), 75);
    }
}
