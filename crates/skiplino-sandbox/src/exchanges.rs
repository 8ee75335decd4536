use std::{
    fs::{self, File},
    io::{self, Write},
    path::Path,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicU32, Ordering},
    },
};

use axum::http::request::Parts;
use serde_json::json;

use crate::{auth::Key, log, reply::Reply, routes::Operation};

/// A file of every request and its answer, for checkers that compare them with the OpenAPI document.
#[derive(Debug)]
pub(crate) struct Exchanges(Mutex<File>);

impl Exchanges {
    /// A file of its own in that directory.
    pub(crate) fn create(directory: &Path) -> io::Result<Self> {
        static FILES: AtomicU32 = AtomicU32::new(0);
        fs::create_dir_all(directory)?;
        let number = FILES.fetch_add(1, Ordering::Relaxed);
        let path = directory.join(format!("{}-{number}.jsonl", std::process::id()));
        let file = File::options().create(true).append(true).open(&path);
        let file = file.map_err(|error| {
            let place = path.display();
            io::Error::new(error.kind(), format!("cannot write {place}: {error}"))
        })?;
        Ok(Self(Mutex::new(file)))
    }

    /// Writes down a request, and the answer where it got one.
    pub(crate) fn write(
        &self,
        operation: &Operation,
        request: &Parts,
        body: Option<&[u8]>,
        fault: Option<&str>,
        reply: Option<&Reply>,
    ) {
        let body = body.map(String::from_utf8_lossy);
        let line = json!({
            "operation": operation.id,
            "method": operation.method,
            "path": request.uri.path(),
            "query": request.uri.query(),
            "headers": log::headers(&request.headers),
            "body": body.filter(|body| !body.is_empty()),
            "status": reply.map(|reply| reply.status.as_u16()),
            "contentType": reply.and_then(|reply| reply.content_type),
            "answer": reply.and_then(Reply::kept).map(|body| log::json_or_text(&body)),
            "fault": fault,
            "key": Key::of(&request.headers).name(),
        });
        let mut file = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        // A lost line must not cost the client its answer.
        let _ = file.write_all(format!("{line}\n").as_bytes());
    }
}
