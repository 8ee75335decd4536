//! Starts and stops the server, and serves its connections.

use std::{
    convert::Infallible,
    fmt, io,
    net::{SocketAddr, TcpListener},
    pin::pin,
    sync::Arc,
    thread::JoinHandle,
    time::Duration,
};

use axum::{
    Router,
    body::Body,
    http::{HeaderValue, Request, header},
};
use hyper::{
    body::Incoming,
    server::conn::http1,
    service::{Service, service_fn},
};
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    service::TowerToHyperService,
};
use tokio::{
    net::TcpStream,
    runtime::{Builder, Runtime},
    sync::{mpsc, oneshot, watch},
};

use crate::{
    app::App,
    auth::{DEMO_PUBLIC_KEY, DEMO_SECRET_KEY},
    config::Config,
    control,
    error::StartError,
    reply::Abort,
    routes::{API_PREFIX, CONTROL_PREFIX},
};

/// How long requests may take after a signal.
const GRACE_PERIOD: Duration = Duration::from_secs(2);

/// The addresses and keys of a running sandbox.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ready {
    address: SocketAddr,
}

impl Ready {
    /// The address on which the sandbox listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The base URL of the API, for clients.
    #[must_use]
    pub fn base_url(&self) -> String {
        format!("http://{}{API_PREFIX}", self.address)
    }

    /// The base URL of the control API.
    #[must_use]
    pub fn control_url(&self) -> String {
        format!("http://{}{CONTROL_PREFIX}", self.address)
    }

    /// The page on which people play the staff.
    #[must_use]
    pub fn page_url(&self) -> String {
        format!("http://{}/", self.address)
    }

    /// A valid secret key.
    #[must_use]
    pub fn secret_key(&self) -> &'static str {
        DEMO_SECRET_KEY
    }

    /// A valid public key.
    #[must_use]
    pub fn public_key(&self) -> &'static str {
        DEMO_PUBLIC_KEY
    }
}

/// A running sandbox with its own thread and runtime. Dropping it closes every connection and waits
/// for the thread.
pub struct Sandbox {
    ready: Ready,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Sandbox {
    /// Starts a sandbox. It accepts requests as soon as this returns.
    ///
    /// # Errors
    /// If the address is not allowed or not free, or the data or exchanges cannot be written.
    #[expect(
        clippy::needless_pass_by_value,
        reason = "one configuration starts one sandbox"
    )]
    pub fn start(config: Config) -> Result<Self, StartError> {
        let prepared = Prepared::new(&config)?;
        let ready = prepared.ready;
        let (stop, stopped) = oneshot::channel();
        let thread = std::thread::Builder::new()
            .name("skiplino-sandbox".to_owned())
            .spawn(move || {
                prepared.run(Duration::ZERO, async {
                    let _ = stopped.await;
                });
            })?;
        Ok(Self {
            ready,
            stop: Some(stop),
            thread: Some(thread),
        })
    }

    /// The addresses and keys of the sandbox.
    #[must_use]
    pub fn ready(&self) -> Ready {
        self.ready
    }

    /// The base URL of the API, for clients.
    #[must_use]
    pub fn base_url(&self) -> String {
        self.ready.base_url()
    }

    /// The base URL of the control API.
    #[must_use]
    pub fn control_url(&self) -> String {
        self.ready.control_url()
    }
}

impl Drop for Sandbox {
    fn drop(&mut self) {
        if let Some(stop) = self.stop.take() {
            let _ = stop.send(());
        }
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

impl fmt::Debug for Sandbox {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Sandbox")
            .field("address", &self.ready.address)
            .finish_non_exhaustive()
    }
}

/// Runs a sandbox on this thread until SIGINT or SIGTERM, or on Windows until Ctrl-C, Ctrl-Break,
/// the closing of the console or shutdown. `on_ready` is called as soon as the
/// sandbox accepts requests. If it fails, `serve` returns its error.
///
/// # Errors
/// If the address is not allowed or not free, the data or exchanges cannot be written, signal
/// handlers cannot be installed, or `on_ready` fails.
#[expect(
    clippy::needless_pass_by_value,
    reason = "one configuration starts one sandbox"
)]
pub fn serve(
    config: Config,
    on_ready: impl FnOnce(&Ready) -> io::Result<()>,
) -> Result<(), StartError> {
    let prepared = Prepared::new(&config)?;
    let signal = {
        let _context = prepared.runtime.enter();
        Signal::listen()?
    };
    let stdin = config.until_stdin_ends.then(end_of_stdin).transpose()?;
    on_ready(&prepared.ready)?;
    prepared.run(GRACE_PERIOD, async {
        let stdin = async {
            match stdin {
                Some(ended) => drop(ended.await),
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            () = signal.received() => {}
            () = stdin => {}
        }
    });
    Ok(())
}

/// The receiver completes when standard input closes.
fn end_of_stdin() -> io::Result<oneshot::Receiver<Infallible>> {
    let (open, ended) = oneshot::channel();
    std::thread::Builder::new()
        .name("skiplino-sandbox-stdin".to_owned())
        .spawn(move || {
            let _ = io::copy(&mut io::stdin().lock(), &mut io::sink());
            drop(open);
        })?;
    Ok(ended)
}

/// The signals that end `serve`.
#[cfg(unix)]
struct Signal {
    terminate: tokio::signal::unix::Signal,
    interrupt: tokio::signal::unix::Signal,
}

#[cfg(unix)]
impl Signal {
    fn listen() -> io::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        Ok(Self {
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
        })
    }

    async fn received(mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }
}

/// What ends `serve`: Windows has no signals.
#[cfg(windows)]
struct Signal {
    ctrl_c: tokio::signal::windows::CtrlC,
    ctrl_break: tokio::signal::windows::CtrlBreak,
    close: tokio::signal::windows::CtrlClose,
    shutdown: tokio::signal::windows::CtrlShutdown,
}

#[cfg(windows)]
impl Signal {
    fn listen() -> io::Result<Self> {
        use tokio::signal::windows::{ctrl_break, ctrl_c, ctrl_close, ctrl_shutdown};
        Ok(Self {
            ctrl_c: ctrl_c()?,
            ctrl_break: ctrl_break()?,
            close: ctrl_close()?,
            shutdown: ctrl_shutdown()?,
        })
    }

    async fn received(mut self) {
        tokio::select! {
            _ = self.ctrl_c.recv() => {}
            _ = self.ctrl_break.recv() => {}
            _ = self.close.recv() => {}
            _ = self.shutdown.recv() => {}
        }
    }
}

/// A sandbox with a bound address and an open state. Running it cannot fail.
struct Prepared {
    ready: Ready,
    app: Arc<App>,
    listener: tokio::net::TcpListener,
    runtime: Runtime,
}

impl Prepared {
    fn new(config: &Config) -> Result<Self, StartError> {
        let listen = config.listen;
        if !listen.ip().is_loopback() && !config.allow_remote {
            return Err(StartError::RemoteAddress(listen));
        }
        let listener = TcpListener::bind(listen).map_err(|cause| StartError::Listen {
            address: listen,
            cause,
        })?;
        listener.set_nonblocking(true)?;
        let address = listener.local_addr()?;
        let app = Arc::new(App::new(config, address)?);
        let runtime = Builder::new_multi_thread()
            .worker_threads(config.threads.max(1))
            .thread_name("skiplino-sandbox-worker")
            .enable_all()
            .build()?;
        let listener = {
            let _context = runtime.enter();
            tokio::net::TcpListener::from_std(listener)?
        };
        Ok(Self {
            ready: Ready { address },
            app,
            listener,
            runtime,
        })
    }

    /// Serves until `stopped`. Open requests may then take up to `grace`.
    fn run(self, grace: Duration, stopped: impl Future<Output = ()>) {
        let router = control::router(&self.app);
        self.runtime.block_on(async {
            let (stopping, stop) = watch::channel(());
            let (alive, mut all_done) = mpsc::channel::<Infallible>(1);
            let accepting = async {
                loop {
                    match self.listener.accept().await {
                        Ok((stream, _)) => {
                            let connection = connection(
                                Arc::clone(&self.app),
                                router.clone(),
                                stream,
                                stop.clone(),
                                alive.clone(),
                            );
                            tokio::spawn(connection);
                        }
                        // For example out of file descriptors: connections that end free some.
                        Err(_) => tokio::time::sleep(Duration::from_millis(50)).await,
                    }
                }
            };
            tokio::select! {
                () = accepting => {}
                () = stopped => {}
            }
            self.app.faults.clear();
            self.app
                .changes
                .send_modify(|changes| changes.shutting_down = true);
            drop((stopping, alive));
            if !grace.is_zero() {
                let _ = tokio::time::timeout(grace, all_done.recv()).await;
            }
        });
        self.runtime.shutdown_timeout(GRACE_PERIOD);
    }
}

/// Serves one connection until it ends. The channel of `_alive` closes with the last connection.
async fn connection(
    app: Arc<App>,
    router: Router,
    stream: TcpStream,
    mut stop: watch::Receiver<()>,
    _alive: mpsc::Sender<Infallible>,
) {
    // Otherwise small responses wait for the acknowledgement of the previous one.
    let _ = stream.set_nodelay(true);
    let open = app.traffic.connected();
    let router = TowerToHyperService::new(router);
    let service = service_fn(|request: Request<Incoming>| {
        if !request.uri().path().starts_with(API_PREFIX) {
            open.stop_counting();
        }
        let answer = router.call(request.map(Body::new));
        let app = &app;
        async move {
            let Ok(mut response) = answer.await;
            if response.extensions().get::<Abort>().is_some() {
                // hyper closes the connection without a byte if the service fails.
                return Err(io::Error::from(io::ErrorKind::ConnectionAborted));
            }
            if let Ok(date) = HeaderValue::from_str(&app.clock.http_date()) {
                response.headers_mut().insert(header::DATE, date);
            }
            Ok(response)
        }
    });
    let mut serving = pin!(
        http1::Builder::new()
            .timer(TokioTimer::new())
            .serve_connection(TokioIo::new(stream), service)
    );
    tokio::select! {
        _ = serving.as_mut() => {}
        _ = stop.changed() => {
            serving.as_mut().graceful_shutdown();
            let _ = serving.await;
        }
    }
}
