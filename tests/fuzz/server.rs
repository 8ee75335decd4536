//! A server that returns the same response to every request.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

pub struct Server {
    pub base_url: String,
    response: Arc<Mutex<Vec<u8>>>,
}

impl Server {
    pub fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let base_url = format!("http://{}/v1", listener.local_addr().unwrap());
        let response = Arc::<Mutex<Vec<u8>>>::default();
        let shared = Arc::clone(&response);
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let response = Arc::clone(&shared);
                std::thread::spawn(move || serve(stream, &response));
            }
        });
        Self { base_url, response }
    }

    /// Sets the response to all further requests.
    pub fn set_response(&self, status: u16, headers: &[u8], body: &[u8]) {
        let length = body.len();
        let mut response =
            format!("HTTP/1.1 {status} X\r\ncontent-length: {length}\r\n").into_bytes();
        response.extend_from_slice(headers);
        response.extend_from_slice(b"\r\n");
        response.extend_from_slice(body);
        *self.response.lock().unwrap() = response;
    }
}

fn serve(stream: TcpStream, response: &Mutex<Vec<u8>>) {
    let _ = stream.set_nodelay(true);
    let mut reader = BufReader::new(&stream);
    let mut writer = &stream;
    loop {
        let mut length = 0;
        loop {
            let mut line = String::new();
            match reader.read_line(&mut line) {
                Ok(1..) if line == "\r\n" => break,
                Ok(1..) => {}
                _ => return,
            }
            if let Some(value) = line.to_lowercase().strip_prefix("content-length: ") {
                length = value.trim().parse().unwrap_or(0);
            }
        }
        let response = response.lock().unwrap().clone();
        if reader.read_exact(&mut vec![0; length]).is_err() || writer.write_all(&response).is_err()
        {
            return;
        }
    }
}
