use std::{
    fs::{self, File},
    io::{self, Write},
    path::Path,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicU32, Ordering},
    },
};

use serde_json::json;

use crate::{auth::Key, log, reply::Reply, routes::Operation};

/// A file of every answer, for a checker that compares them with the OpenAPI document.
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

    pub(crate) fn write(
        &self,
        operation: &Operation,
        path: &str,
        key: Key,
        fault: Option<&str>,
        reply: &Reply,
    ) {
        let line = json!({
            "operation": operation.id,
            "method": operation.method,
            "path": path,
            "status": reply.status.as_u16(),
            "contentType": reply.content_type,
            "answer": reply.kept().map(|body| log::json_or_text(&body)),
            "fault": fault,
            "key": key.name(),
        });
        let mut file = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        // A lost line must not cost the client its answer.
        let _ = file.write_all(format!("{line}\n").as_bytes());
    }
}
