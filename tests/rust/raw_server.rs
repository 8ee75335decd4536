//! A test server that returns the exact bytes given by the test.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;

use skiplino::{ApiKey, Client, ClientBuilder};
use skiplino_tests::quick_retry;

/// How the server handles each request.
#[derive(Clone)]
pub enum Script {
    /// Responds and keeps the connection.
    Respond(Vec<u8>),
    /// Responds and closes the connection without announcing it.
    RespondAndClose(Vec<u8>),
    /// Responds with the result of a function of the request's head.
    RespondWith(Responder),
}

/// Returns the bytes of the response for the head of a request.
pub type Responder = Arc<dyn Fn(&str) -> Vec<u8> + Send + Sync>;

/// A running server.
pub struct RawServer {
    address: SocketAddr,
    script: Arc<Mutex<Script>>,
    /// The number of the connection and the head of each request.
    requests: Arc<Mutex<Vec<(usize, String)>>>,
    connections: Arc<AtomicUsize>,
    responses: Arc<AtomicUsize>,
    closed: Arc<AtomicUsize>,
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl RawServer {
    pub fn start(script: Script) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let (script, requests) = (
            Arc::new(Mutex::new(script)),
            Arc::new(Mutex::new(Vec::new())),
        );
        let stop = Arc::new(AtomicBool::new(false));
        let (connections, responses, closed) =
            <(Arc<AtomicUsize>, Arc<AtomicUsize>, Arc<AtomicUsize>)>::default();
        let shared = (
            Arc::clone(&script),
            Arc::clone(&requests),
            Arc::clone(&stop),
        );
        let counts = (
            Arc::clone(&connections),
            Arc::clone(&responses),
            Arc::clone(&closed),
        );
        let thread = std::thread::spawn(move || {
            let (script, requests, stop) = shared;
            for stream in listener.incoming() {
                if stop.load(Ordering::SeqCst) {
                    return;
                }
                let number = counts.0.fetch_add(1, Ordering::SeqCst);
                let (script, requests) = (Arc::clone(&script), Arc::clone(&requests));
                let (responses, closed) = (Arc::clone(&counts.1), Arc::clone(&counts.2));
                std::thread::spawn(move || {
                    serve(number, stream.unwrap(), &script, &requests, &responses);
                    closed.fetch_add(1, Ordering::SeqCst);
                });
            }
        });
        Self {
            address,
            script,
            requests,
            connections,
            responses,
            closed,
            stop,
            thread: Some(thread),
        }
    }

    /// Replaces the script.
    pub fn set_script(&self, script: Script) {
        *self.script.lock().unwrap() = script;
    }

    /// The heads of the requests so far.
    pub fn requests(&self) -> Vec<String> {
        let requests = self.requests.lock().unwrap();
        requests.iter().map(|(_, head)| head.clone()).collect()
    }

    /// The numbers of the connections, from 0, on which the requests with this method arrived.
    pub fn connections_of(&self, method: &str) -> Vec<usize> {
        let requests = self.requests.lock().unwrap();
        let with_method = requests.iter().filter(|(_, head)| head.starts_with(method));
        with_method.map(|(number, _)| *number).collect()
    }

    /// The number of connections that were opened so far.
    pub fn connections(&self) -> usize {
        self.connections.load(Ordering::SeqCst)
    }

    /// The number of responses that were written so far.
    pub fn responses(&self) -> usize {
        self.responses.load(Ordering::SeqCst)
    }

    /// The number of connections that the server closed so far.
    pub fn closed(&self) -> usize {
        self.closed.load(Ordering::SeqCst)
    }

    /// The server's base URL without a path.
    pub fn origin(&self) -> String {
        format!("http://{}", self.address)
    }

    pub fn builder(&self) -> ClientBuilder {
        Client::builder(ApiKey::new("sk_raw").unwrap())
            .base_url(format!("{}/v1", self.origin()))
            .retry(quick_retry())
    }
}

impl Drop for RawServer {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::SeqCst);
        // Wakes the thread that waits for the next connection.
        let _ = TcpStream::connect(self.address);
        let _ = self.thread.take().map(JoinHandle::join);
    }
}

fn serve(
    number: usize,
    stream: TcpStream,
    script: &Mutex<Script>,
    requests: &Mutex<Vec<(usize, String)>>,
    responses: &AtomicUsize,
) {
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
        requests.lock().unwrap().push((number, head.clone()));
        let script = script.lock().unwrap().clone();
        let closes = matches!(script, Script::RespondAndClose(_));
        let bytes = match script {
            Script::Respond(bytes) | Script::RespondAndClose(bytes) => bytes,
            Script::RespondWith(respond) => respond(&head),
        };
        if writer.write_all(&bytes).is_err() {
            return;
        }
        responses.fetch_add(1, Ordering::SeqCst);
        if closes {
            return;
        }
    }
}

/// An HTTP response with a body.
pub fn http(status: u16, headers: &str, body: &[u8]) -> Vec<u8> {
    let length = body.len();
    let mut response =
        format!("HTTP/1.1 {status} X\r\ncontent-length: {length}\r\n{headers}\r\n").into_bytes();
    response.extend_from_slice(body);
    response
}
