//! A file of all requests with their responses, for checks against the OpenAPI document.

use std::{
    fs::{self, File},
    io::Write,
    path::Path,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicU32, Ordering},
    },
};

use axum::http::request::Parts;
use serde_json::json;

use crate::{auth::Key, error::StartError, reply::Reply, request_log, routes::Operation};

/// The file.
#[derive(Debug)]
pub(crate) struct Exchanges(Mutex<File>);

impl Exchanges {
    /// Creates a new file in the directory.
    pub(crate) fn create(directory: &Path) -> Result<Self, StartError> {
        static FILES: AtomicU32 = AtomicU32::new(0);
        let failed = |path: &Path| {
            let path = path.to_owned();
            move |cause| StartError::Exchanges { path, cause }
        };
        fs::create_dir_all(directory).map_err(failed(directory))?;
        let number = FILES.fetch_add(1, Ordering::Relaxed);
        let path = directory.join(format!("{}-{number}.jsonl", std::process::id()));
        let file = File::options()
            .create(true)
            .append(true)
            .open(&path)
            .map_err(failed(&path))?;
        Ok(Self(Mutex::new(file)))
    }

    /// Writes a request, with its response if there is one.
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
            "headers": request_log::headers(&request.headers),
            "body": body.filter(|body| !body.is_empty()),
            "status": reply.map(|reply| reply.status.as_u16()),
            "contentType": reply.and_then(|reply| reply.content_type),
            "answer": reply.and_then(Reply::kept).map(|body| request_log::json_or_text(&body)),
            "fault": fault,
            "key": Key::of(&request.headers).name(),
        });
        let mut file = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        // A failed write must not fail the request.
        let _ = file.write_all(format!("{line}\n").as_bytes());
    }
}
