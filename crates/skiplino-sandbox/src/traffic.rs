//! Counts open connections and requests, so that tests can wait until the server is idle.

use std::{
    sync::atomic::{AtomicBool, Ordering},
    time::Duration,
};

use tokio::sync::watch;

/// The number of open connections and requests.
#[derive(Debug, Default, Clone, Copy)]
pub(crate) struct Open {
    /// Connections of API clients. A connection that used another path is not counted.
    pub(crate) connections: u64,
    /// Unfinished API requests, even if their client is gone.
    pub(crate) requests: u64,
}

#[derive(Debug, Default)]
pub(crate) struct Traffic(watch::Sender<Open>);

impl Traffic {
    pub(crate) fn connected(&self) -> Connection<'_> {
        self.0.send_modify(|open| open.connections += 1);
        Connection {
            traffic: self,
            counted: AtomicBool::new(true),
        }
    }

    pub(crate) fn received(&self) -> Request {
        self.0.send_modify(|open| open.requests += 1);
        Request(self.0.clone())
    }

    /// Waits until no connection and at most `requests` requests are open, or the timeout elapses.
    pub(crate) async fn wait_until_idle(&self, requests: u64, timeout: Duration) -> Open {
        let mut open = self.0.subscribe();
        let rest = open.wait_for(|open| open.connections == 0 && open.requests <= requests);
        let _ = tokio::time::timeout(timeout, rest).await;
        *self.0.borrow()
    }
}

/// Counts a connection until it is dropped.
#[derive(Debug)]
pub(crate) struct Connection<'a> {
    traffic: &'a Traffic,
    counted: AtomicBool,
}

impl Connection<'_> {
    /// Stops counting this connection: it does not belong to an API client.
    pub(crate) fn stop_counting(&self) {
        if self.counted.swap(false, Ordering::Relaxed) {
            self.traffic.0.send_modify(|open| open.connections -= 1);
        }
    }
}

impl Drop for Connection<'_> {
    fn drop(&mut self) {
        self.stop_counting();
    }
}

/// Counts a request until it is dropped.
#[derive(Debug)]
pub(crate) struct Request(watch::Sender<Open>);

impl Drop for Request {
    fn drop(&mut self) {
        self.0.send_modify(|open| open.requests -= 1);
    }
}
