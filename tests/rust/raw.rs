//! A server that says exactly what a test wants said, byte for byte.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;

use skiplino::{ApiKey, Client, ClientBuilder};
use skiplino_tests::quick_retry;

/// What the server does about one request.
#[derive(Clone)]
pub enum Say {
    /// Answers and keeps the connection.
    Answer(Vec<u8>),
    /// Answers and closes the connection without announcing it.
    AnswerAndClose(Vec<u8>),
    /// Answers as the head of the request has it.
    Reply(Reply),
}

/// From the head of a request to the bytes of an answer.
pub type Reply = Arc<dyn Fn(&str) -> Vec<u8> + Send + Sync>;

/// A running server.
pub struct Raw {
    address: SocketAddr,
    say: Arc<Mutex<Say>>,
    requests: Arc<Mutex<Vec<String>>>,
    connections: Arc<AtomicUsize>,
    closed: Arc<AtomicUsize>,
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Raw {
    pub fn start(say: Say) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let (say, requests) = (Arc::new(Mutex::new(say)), Arc::new(Mutex::new(Vec::new())));
        let stop = Arc::new(AtomicBool::new(false));
        let (connections, closed) = <(Arc<AtomicUsize>, Arc<AtomicUsize>)>::default();
        let shared = (Arc::clone(&say), Arc::clone(&requests), Arc::clone(&stop));
        let counts = (Arc::clone(&connections), Arc::clone(&closed));
        let thread = std::thread::spawn(move || {
            let (say, requests, stop) = shared;
            for stream in listener.incoming() {
                if stop.load(Ordering::SeqCst) {
                    return;
                }
                counts.0.fetch_add(1, Ordering::SeqCst);
                let (say, requests) = (Arc::clone(&say), Arc::clone(&requests));
                let closed = Arc::clone(&counts.1);
                std::thread::spawn(move || {
                    serve(stream.unwrap(), &say, &requests);
                    closed.fetch_add(1, Ordering::SeqCst);
                });
            }
        });
        Self {
            address,
            say,
            requests,
            connections,
            closed,
            stop,
            thread: Some(thread),
        }
    }

    pub fn say(&self, say: Say) {
        *self.say.lock().unwrap() = say;
    }

    /// The heads of the requests so far.
    pub fn requests(&self) -> Vec<String> {
        self.requests.lock().unwrap().clone()
    }

    /// How many connections were opened so far.
    pub fn connections(&self) -> usize {
        self.connections.load(Ordering::SeqCst)
    }

    /// How many of them were closed from here so far.
    pub fn closed(&self) -> usize {
        self.closed.load(Ordering::SeqCst)
    }

    /// Where it listens, without a path.
    pub fn origin(&self) -> String {
        format!("http://{}", self.address)
    }

    pub fn builder(&self) -> ClientBuilder {
        Client::builder(ApiKey::new("sk_raw").unwrap())
            .base_url(format!("{}/v1", self.origin()))
            .retry(quick_retry())
    }
}

impl Drop for Raw {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::SeqCst);
        // Wakes the thread that waits for the next connection.
        let _ = TcpStream::connect(self.address);
        let _ = self.thread.take().map(JoinHandle::join);
    }
}

fn serve(stream: TcpStream, say: &Mutex<Say>, requests: &Mutex<Vec<String>>) {
    stream.set_nodelay(true).unwrap();
    let mut reader = BufReader::new(stream.try_clone().unwrap());
    let mut writer = stream;
    loop {
        let mut head = String::new();
        loop {
            let mut line = String::new();
            if !matches!(reader.read_line(&mut line), Ok(1..)) {
                return;
            }
            if line == "\r\n" {
                break;
            }
            head.push_str(&line);
        }
        let length = head.lines().find_map(|line| {
            line.to_lowercase()
                .strip_prefix("content-length: ")?
                .parse()
                .ok()
        });
        let mut body = vec![0; length.unwrap_or(0)];
        if reader.read_exact(&mut body).is_err() {
            return;
        }
        requests.lock().unwrap().push(head.clone());
        let said = say.lock().unwrap().clone();
        let closes = matches!(said, Say::AnswerAndClose(_));
        let bytes = match said {
            Say::Answer(bytes) | Say::AnswerAndClose(bytes) => bytes,
            Say::Reply(reply) => reply(&head),
        };
        if writer.write_all(&bytes).is_err() || closes {
            return;
        }
    }
}

/// An HTTP answer with a body.
pub fn http(status: u16, headers: &str, body: &[u8]) -> Vec<u8> {
    let length = body.len();
    let mut answer =
        format!("HTTP/1.1 {status} X\r\ncontent-length: {length}\r\n{headers}\r\n").into_bytes();
    answer.extend_from_slice(body);
    answer
}
