//! Rate limiting in the client: it respects Retry-After and its configured rate.

use std::cell::Cell;
use std::pin::Pin;
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures_util::FutureExt as _;
use futures_util::future::join_all;
use serde_json::json;
use skiplino::{Clock, ErrorKind, Outcome};
use skiplino_sandbox::DEMO_PUBLIC_KEY;
use skiplino_tests::TestSandbox;

use crate::raw_server::{RawServer, Script, http};
use crate::test_clock::TestClock;

fn test_clock() -> (Arc<TestClock>, Arc<dyn Clock>) {
    let clock = TestClock::new(|_| {});
    let same = Arc::clone(&clock) as Arc<dyn Clock>;
    (clock, same)
}

tokio::task_local! {
    /// The sum of the pauses of a task.
    static WAITED: Cell<Duration>;
}

/// A clock that runs faster than the system clock, and sums up the pauses.
struct Fast {
    start: Instant,
    times: u32,
}

impl Clock for Fast {
    fn now(&self) -> Instant {
        self.start + self.start.elapsed() * self.times
    }

    fn sleep(&self, pause: Duration) -> Pin<Box<dyn Future<Output = ()> + Send>> {
        WAITED.with(|waited| waited.set(waited.get() + pause));
        Box::pin(tokio::time::sleep(pause / self.times))
    }
}

#[test]
fn sixty_four_tasks_share_fifty_requests_a_second() {
    const TIMES: u32 = 4;
    const PER_SECOND: u32 = 50;
    const TASKS: u32 = 64;
    const CALLS: u32 = 10;
    let sandbox = TestSandbox::new();
    // 50 requests per second of the client's faster clock. `Retry-After: 1` is a second of that
    // clock, too.
    let limit = json!({"requestsPerSecond": PER_SECOND * TIMES, "burst": PER_SECOND});
    sandbox.control("PUT /rate-limit", &limit);
    let clock = Arc::new(Fast {
        start: Instant::now(),
        times: TIMES,
    });
    let client = sandbox
        .builder(DEMO_PUBLIC_KEY)
        .clock(clock)
        .deadline(Duration::from_secs(120))
        .build()
        .unwrap();
    let task = async || {
        for _ in 0..CALLS {
            client.branches().list().await.unwrap();
        }
        WAITED.with(Cell::get)
    };
    let tasks = (0..TASKS).map(|_| WAITED.scope(Cell::default(), task()));
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let waited = runtime.block_on(join_all(tasks));
    let waited = waited.into_iter().max().unwrap();
    let (calls, sent) = (u64::from(TASKS * CALLS), sandbox.received("listBranches"));
    let ideal = Duration::from_secs(1) * (TASKS * CALLS) / PER_SECOND;
    println!(
        "{calls} calls took {sent} requests and {waited:?} of waiting; the ideal is {ideal:?}"
    );
    assert!(sent > calls, "no request was rate limited");
    assert!(sent * 10 <= calls * 12, "{sent} requests");
    // About 1.0 on an idle machine; a busy one learns the server's rate more slowly.
    assert!(waited * 10 <= ideal * 15, "{waited:?}");
}

#[test]
fn one_rate_limited_call_delays_all_others() {
    let sandbox = TestSandbox::new();
    sandbox.fault(
        "getTicket",
        "rate_limit",
        json!({"retryAfter": 7, "when": {"nth": 1}}),
    );
    let (clock, same) = test_clock();
    let client = sandbox
        .builder(DEMO_PUBLIC_KEY)
        .clock(same)
        .build()
        .unwrap();
    let once = skiplino::RetryPolicy::never();
    let rejected = client.tickets().get("k7m2p9x4q1").retry(once);
    let rejected = rejected.wait().unwrap_err();
    assert_eq!(rejected.kind(), ErrorKind::RateLimited);
    // A call whose deadline is earlier fails without a request.
    let hurried = client
        .branches()
        .list()
        .deadline(Duration::from_secs(5))
        .wait()
        .unwrap_err();
    assert_eq!(
        (hurried.kind(), hurried.status(), hurried.attempts()),
        (ErrorKind::RateLimited, None, 0)
    );
    assert_eq!(hurried.outcome(), Outcome::NotApplied);
    assert_eq!(
        hurried.to_string(),
        "list the branches: too many requests; retry after 7 s"
    );
    assert_eq!(sandbox.received("listBranches"), 0);
    assert!(clock.pauses().is_empty());
    // Other calls wait.
    client.branches().list().wait().unwrap();
    assert_eq!(clock.pauses(), [Duration::from_secs(7)]);
}

#[test]
fn rate_limited_calls_do_not_use_the_retry_budget() {
    let server = RawServer::start(Script::Respond(http(429, "retry-after: 0\r\n", b"")));
    let (_, same) = test_clock();
    let client = server.builder().clock(same).build().unwrap();
    for _ in 0..60 {
        let error = client.branches().list().wait().unwrap_err();
        assert_eq!(error.attempts(), 3);
    }
}

#[test]
fn a_call_that_is_not_polled_does_not_delay_others() {
    let sandbox = TestSandbox::new();
    let client = sandbox
        .builder(DEMO_PUBLIC_KEY)
        .requests_per_second(50.0)
        .build()
        .unwrap();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        client.branches().list().await.unwrap();
        let mut waiting = client.branches().list().into_future();
        // The call has its permit now and is not polled again, as happens in a `select!`.
        assert!((&mut waiting).now_or_never().is_none());
        client.branches().list().await.unwrap();
        waiting.await.unwrap();
    });
    assert_eq!(sandbox.received("listBranches"), 3);
}

#[test]
fn a_retry_after_delays_a_client_for_one_minute_at_most() {
    let sandbox = TestSandbox::new();
    let fault = json!({"retryAfter": 86_400, "when": {"nth": 1}});
    sandbox.fault("*", "rate_limit", fault);
    let (clock, same) = test_clock();
    let client = sandbox
        .builder(DEMO_PUBLIC_KEY)
        .clock(same)
        .build()
        .unwrap();
    client.branches().list().wait().unwrap_err();
    let later = client.branches().list().deadline(Duration::from_secs(90));
    later.wait().unwrap();
    assert_eq!(clock.pauses(), [Duration::from_secs(60)]);
}

#[test]
fn the_rate_recovers_after_a_rate_limit() {
    let sandbox = TestSandbox::new();
    let fault = json!({"retryAfter": 1, "when": {"nth": 1}});
    sandbox.fault("*", "rate_limit", fault);
    let (clock, same) = test_clock();
    let client = sandbox
        .builder(DEMO_PUBLIC_KEY)
        .clock(same)
        .build()
        .unwrap();
    for _ in 0..2_600 {
        client.branches().list().wait().unwrap();
    }
    let pauses = clock.pauses();
    assert_eq!(pauses[0], Duration::from_secs(1));
    let tenth = Duration::from_millis(100);
    assert!(pauses[1] <= tenth && pauses[1] > tenth / 2, "{pauses:?}");
    assert!(pauses.iter().skip(1).all(|pause| *pause <= tenth));
    // After a minute the client sends without pauses again.
    assert!(clock.passed() > Duration::from_secs(60) && pauses.len() < 2_599);
    assert!(
        clock.passed() < Duration::from_secs(65),
        "{:?}",
        clock.passed()
    );
}

#[test]
fn a_second_rate_limit_halves_the_rate() {
    let sandbox = TestSandbox::new();
    for nth in [1, 4] {
        let fault = json!({"retryAfter": 1, "when": {"nth": nth}});
        sandbox.fault("*", "rate_limit", fault);
    }
    let (clock, same) = test_clock();
    let client = sandbox
        .builder(DEMO_PUBLIC_KEY)
        .clock(same)
        .build()
        .unwrap();
    for _ in 0..6 {
        client.branches().list().wait().unwrap();
    }
    let pauses = clock.pauses();
    let milliseconds: Vec<_> = pauses.iter().map(Duration::as_millis).collect();
    // One is rate limited; three follow at 10 per second, of which the last is rate limited; the
    // others follow at 5 per second.
    assert!(
        matches!(
            milliseconds[..],
            [1_000, 90..=100, 90..=100, 1_000, 180..=200, 180..=200, ..]
        ),
        "{milliseconds:?}"
    );
}

#[test]
fn a_client_keeps_its_configured_rate() {
    let sandbox = TestSandbox::new();
    let (clock, same) = test_clock();
    let client = sandbox
        .builder(DEMO_PUBLIC_KEY)
        .requests_per_second(4.0)
        .clock(same)
        .build()
        .unwrap();
    for _ in 0..21 {
        client.branches().list().wait().unwrap();
    }
    assert_eq!(clock.passed(), Duration::from_secs(5));
    // A call that could not be sent before its deadline fails at once.
    let hurried = client
        .branches()
        .list()
        .deadline(Duration::from_millis(100));
    let hurried = hurried.wait().unwrap_err();
    assert_eq!(
        (hurried.kind(), hurried.attempts()),
        (ErrorKind::Timeout, 0)
    );
    assert_eq!(sandbox.received("listBranches"), 21);
}

/// A clock whose pauses are always 5 ms too long, as with coarse timers.
struct Late(Arc<TestClock>);

impl Clock for Late {
    fn now(&self) -> Instant {
        self.0.now()
    }

    fn sleep(&self, pause: Duration) -> Pin<Box<dyn Future<Output = ()> + Send>> {
        self.0.sleep(pause + Duration::from_millis(5))
    }
}

#[test]
fn late_timers_do_not_lower_the_rate() {
    let server = RawServer::start(Script::Respond(http(
        200,
        "",
        br#"{"message":"m","data":[]}"#,
    )));
    let (clock, _) = test_clock();
    let client = server
        .builder()
        .requests_per_second(1_000.0)
        .clock(Arc::new(Late(Arc::clone(&clock))))
        .build()
        .unwrap();
    for _ in 0..1_000 {
        client.branches().list().wait().unwrap();
    }
    let passed = clock.passed();
    assert!(passed > Duration::from_millis(990), "{passed:?}");
    assert!(passed < Duration::from_millis(1_010), "{passed:?}");
}

#[test]
fn an_invalid_rate_is_rejected() {
    let sandbox = TestSandbox::new();
    for rate in [0.0, -1.0, f64::NAN, f64::INFINITY, 1e-300] {
        let built = sandbox.builder(DEMO_PUBLIC_KEY).requests_per_second(rate);
        let error = built.build().unwrap_err();
        let fields: Vec<_> = error.fields().keys().collect();
        assert_eq!(fields, ["requestsPerSecond"], "{rate}");
    }
}
