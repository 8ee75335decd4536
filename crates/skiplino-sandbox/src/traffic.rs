//! What is still under way, for whoever wants to look at the state once it is at rest.

use std::{
    sync::atomic::{AtomicBool, Ordering},
    time::Duration,
};

use tokio::sync::watch;

/// What is open now.
#[derive(Debug, Default, Clone, Copy)]
pub(crate) struct Open {
    /// Of clients of the API. One that has used anything else is not counted.
    pub(crate) connections: u64,
    /// Requests of the API that are not carried out yet, also those whose client is gone.
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

    /// What is open, once no connection and no more than so many requests are or the time is up.
    pub(crate) async fn at_rest(&self, requests: u64, patience: Duration) -> Open {
        let mut open = self.0.subscribe();
        let rest = open.wait_for(|open| open.connections == 0 && open.requests <= requests);
        let _ = tokio::time::timeout(patience, rest).await;
        *self.0.borrow()
    }
}

/// One connection, until it is dropped.
#[derive(Debug)]
pub(crate) struct Connection<'a> {
    traffic: &'a Traffic,
    counted: AtomicBool,
}

impl Connection<'_> {
    /// It is not, or no longer, one of the API's.
    pub(crate) fn uncount(&self) {
        if self.counted.swap(false, Ordering::Relaxed) {
            self.traffic.0.send_modify(|open| open.connections -= 1);
        }
    }
}

impl Drop for Connection<'_> {
    fn drop(&mut self) {
        self.uncount();
    }
}

/// One request, until it is dropped.
#[derive(Debug)]
pub(crate) struct Request(watch::Sender<Open>);

impl Drop for Request {
    fn drop(&mut self) {
        self.0.send_modify(|open| open.requests -= 1);
    }
}
