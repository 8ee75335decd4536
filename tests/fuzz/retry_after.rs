//! Fuzzes the `Retry-After` and `Date` headers, separated by a newline, of a 429 or a 503.
#![no_main]

use std::pin::Pin;
use std::sync::{Arc, LazyLock, Mutex};
use std::time::{Duration, Instant};

use libfuzzer_sys::fuzz_target;
use skiplino::{ApiKey, Client, Clock, Error, ErrorKind, RetryPolicy};

#[path = "server.rs"]
mod server;

/// One client for all inputs. It forgets a rate limit before the next input.
static ALL: LazyLock<(server::Server, Arc<TestClock>, Client)> = LazyLock::new(|| {
    let server = server::Server::start();
    let clock = Arc::new(TestClock(Instant::now(), Mutex::default()));
    let client = Client::builder(ApiKey::new("sk_fuzz").unwrap())
        .base_url(&server.base_url)
        .clock(Arc::clone(&clock) as _)
        .retry(RetryPolicy::default().max_attempts(2))
        .deadline(DEADLINE)
        .build()
        .unwrap();
    (server, clock, client)
});

/// The deadline of a call.
const DEADLINE: Duration = Duration::from_secs(30);

/// A clock on which each pause ends at once.
struct TestClock(Instant, Mutex<Duration>);

impl Clock for TestClock {
    fn now(&self) -> Instant {
        self.0 + *self.1.lock().unwrap()
    }

    fn sleep(&self, pause: Duration) -> Pin<Box<dyn Future<Output = ()> + Send>> {
        *self.1.lock().unwrap() += pause;
        Box::pin(async {})
    }
}

fuzz_target!(|data: &[u8]| {
    let Some((kind, data)) = data.split_first() else {
        return;
    };
    // A header's value ends with its line.
    let mut lines = data.split(|byte| matches!(byte, b'\r' | b'\n' | 0));
    let (wait, date) = (lines.next().unwrap_or_default(), lines.next());
    let mut headers = [b"retry-after: ", wait, b"\r\n"].concat();
    if let Some(date) = date {
        headers.extend_from_slice(&[b"date: ", date, b"\r\n"].concat());
    }
    let status = if kind % 2 == 0 { 429 } else { 503 };
    let (server, clock, client) = &*ALL;
    server.set_response(status, &headers, b"{}");
    let before = *clock.1.lock().unwrap();
    let error = client.branches().list().wait().unwrap_err();
    let waited = *clock.1.lock().unwrap() - before;
    assert!(waited <= DEADLINE, "{waited:?}");
    let text = error.to_string();
    assert!(!text.contains(char::is_control), "{text:?}");
    // With control characters the response is not HTTP.
    if error.kind() != ErrorKind::Transport {
        check(&error, status, wait, date, waited);
    }
    // After a minute at most, the client sends requests again. Successes also refill the retry
    // budget.
    *clock.1.lock().unwrap() += Duration::from_secs(61);
    server.set_response(200, b"", br#"{"message":"m","data":[]}"#);
    for _ in 0..5 {
        assert_eq!(client.branches().list().wait().unwrap(), []);
    }
});

/// The longest pause.
const YEAR: Duration = Duration::from_secs(366 * 24 * 60 * 60);

fn check(error: &Error, status: u16, wait: &[u8], date: Option<&[u8]>, waited: Duration) {
    let text = error.to_string();
    assert_eq!(error.status(), Some(status), "{text}");
    match expected(wait, date) {
        Some(Wait::For(wait)) => {
            assert_eq!(error.retry_after(), Some(wait.min(YEAR)), "{text}");
        }
        Some(Wait::Until) => assert!(error.retry_after().is_some(), "{text}"),
        None => assert_eq!(error.retry_after(), None, "{text}"),
    }
    if let Some(wait) = error.retry_after() {
        // A wait beyond the deadline fails at once.
        assert_eq!(
            error.attempts(),
            if wait < DEADLINE { 2 } else { 1 },
            "{text}"
        );
        assert!(wait >= DEADLINE || waited >= wait, "{waited:?}: {text}");
    }
}

enum Wait {
    For(Duration),
    /// Until a time on the local clock, which advances.
    Until,
}

/// The wait that the headers give, computed independently of the client.
fn expected(wait: &[u8], date: Option<&[u8]>) -> Option<Wait> {
    let text = |bytes| {
        std::str::from_utf8(bytes)
            .ok()
            .filter(|text| text.is_ascii())
    };
    let wait = text(wait)?.trim_ascii();
    if let Ok(seconds) = wait.parse() {
        return Some(Wait::For(Duration::from_secs(seconds)));
    }
    let until = httpdate::parse_http_date(wait).ok()?;
    let now = date.and_then(text).map(str::trim_ascii);
    Some(
        match now.and_then(|now| httpdate::parse_http_date(now).ok()) {
            Some(now) => Wait::For(until.duration_since(now).unwrap_or_default()),
            None => Wait::Until,
        },
    )
}
