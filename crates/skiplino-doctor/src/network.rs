//! The connection to the server: proxy, DNS, TCP, TLS.

use std::net::SocketAddr;
use std::time::Instant;

use jiff::{Timestamp, ToSpan as _};
use reqwest::Url;
use rustls::client::Resumption;
use skiplino::ProxySetting;
use tokio::net::{TcpStream, lookup_host};
use tokio::time::timeout;

use crate::certificate::{Handshake, Recorder};
use crate::findings::{Line, Verdict};
use crate::wire::Wire;

/// Doctor reports a certificate that ends within this number of days.
const SOON: i64 = 14;

/// Checks the connection to the server, without sending a request. A stop ends the step that is
/// running, without a line for it.
pub(crate) fn examine(wire: &Wire<'_>, report: &mut dyn FnMut(Line)) {
    let settings = wire.settings();
    let base_url = &settings.base_url;
    let target = match &settings.proxy {
        ProxySetting::Direct => {
            report(line("proxy", Verdict::Confirmed, "none"));
            base_url
        }
        ProxySetting::Use(proxy) => {
            // The line has no user name and no password.
            let found = format!("{}://{}", proxy.scheme(), address(proxy));
            report(line("proxy", Verdict::Confirmed, &found));
            proxy
        }
        ProxySetting::Unusable(reason) => {
            let advice = "correct or unset the variable; NO_PROXY names servers without a proxy";
            report(advised("proxy", Verdict::Broken, reason, advice));
            return;
        }
    };
    let Some(addresses) = look_up(wire, target, report) else {
        return;
    };
    if connect(wire, &addresses, report)
        && base_url.scheme() == "https"
        && let Some(line) = tls(wire)
    {
        report(line);
    }
}

/// The host and the port.
fn address(url: &Url) -> String {
    let host = url.host_str().unwrap_or_default();
    match url.port_or_known_default() {
        Some(port) => format!("{host}:{port}"),
        None => host.to_owned(),
    }
}

/// The addresses of a name. None if there is none, or after a stop.
fn look_up(wire: &Wire<'_>, target: &Url, report: &mut dyn FnMut(Line)) -> Option<Vec<SocketAddr>> {
    let host = target.host_str().unwrap_or_default();
    // The system's own timeout can be minutes.
    let limit = wire.settings().connect_timeout;
    let found = wire.or_stopped(async {
        let found = timeout(limit, lookup_host(address(target))).await;
        found.map(|found| found.map(Iterator::collect::<Vec<_>>))
    })?;
    let advice = "check the base URL and this machine's network and DNS";
    let failed = |reason: &str| {
        advised(
            "name",
            Verdict::Broken,
            &format!("{host}: {reason}"),
            advice,
        )
    };
    match found {
        Ok(Ok(addresses)) if !addresses.is_empty() => {
            let four = addresses.iter().filter(|address| address.is_ipv4()).count();
            let six = addresses.len() - four;
            let found = format!("{host}: {four} IPv4, {six} IPv6");
            report(line("name", Verdict::Confirmed, &found));
            Some(addresses)
        }
        Ok(Ok(_)) => {
            report(failed("the name has no address"));
            None
        }
        Ok(Err(error)) => {
            report(failed(&error.to_string()));
            None
        }
        Err(_) => {
            report(failed(&format!("no answer within {} s", limit.as_secs())));
            None
        }
    }
}

/// Connects to the first address of each family. Returns whether a connection succeeded.
fn connect(wire: &Wire<'_>, addresses: &[SocketAddr], report: &mut dyn FnMut(Line)) -> bool {
    let limit = wire.settings().connect_timeout;
    let (mut reached, mut texts) = (false, Vec::new());
    for (family, is_four) in [("IPv4", true), ("IPv6", false)] {
        let Some(address) = addresses.iter().find(|found| found.is_ipv4() == is_four) else {
            continue;
        };
        let started = Instant::now();
        // A timeout can be created only inside of the runtime.
        let connecting = async { timeout(limit, TcpStream::connect(address)).await };
        let Some(connected) = wire.or_stopped(connecting) else {
            return false;
        };
        texts.push(match connected {
            Ok(Ok(_)) => {
                reached = true;
                format!("{family} in {} ms", started.elapsed().as_millis())
            }
            Ok(Err(error)) => format!("{family}: {error}"),
            Err(_) => format!("{family}: no answer within {} s", limit.as_secs()),
        });
    }
    let found = texts.join(", ");
    report(match reached {
        true => line("TCP", Verdict::Confirmed, &found),
        false => advised(
            "TCP",
            Verdict::Broken,
            &found,
            "check the port, the firewall, and whether you need a proxy (HTTPS_PROXY)",
        ),
    });
    reached
}

/// Makes a handshake that ends before a request is sent. The first request of the client checks
/// whether the certificate is trusted. None after a stop.
fn tls(wire: &Wire<'_>) -> Option<Line> {
    let settings = wire.settings();
    let mut tls = settings.tls.clone();
    // In a resumed session, the server sends no certificate.
    tls.resumption = Resumption::disabled();
    let recorder = Recorder::install(&mut tls);
    let mut builder = reqwest::Client::builder()
        .tls_backend_preconfigured(tls)
        .connect_timeout(settings.connect_timeout);
    builder = match &settings.proxy {
        ProxySetting::Use(proxy) => match reqwest::Proxy::all(proxy.as_str()) {
            Ok(proxy) => builder.proxy(proxy),
            Err(_) => builder.no_proxy(),
        },
        ProxySetting::Direct | ProxySetting::Unusable(_) => builder.no_proxy(),
    };
    if let Ok(client) = builder.build() {
        let request = client.head(settings.base_url.clone());
        let request = request.timeout(settings.connect_timeout);
        // The request always fails, because the recorder ends the handshake.
        let _ = wire.or_stopped(async { request.send().await })?;
    }
    Some(describe(&recorder.handshake(), Timestamp::now()))
}

fn describe(handshake: &Handshake, now: Timestamp) -> Line {
    let Some(issuer) = &handshake.issuer else {
        let found = "the server sent no certificate";
        let advice = "the line \"access\" below says why";
        return advised("TLS", Verdict::Broken, found, advice);
    };
    let version = handshake.version.unwrap_or("TLS");
    let end = handshake.not_after.map_or_else(
        || "an unknown time".to_owned(),
        |end| end.strftime("%Y-%m-%d").to_string(),
    );
    let found = format!("{version}; the certificate is from {issuer} and ends on {end}");
    let left = |days: i64| {
        let limit = now.checked_add((24 * days).hours()).unwrap_or(now);
        handshake.not_after.is_none_or(|end| end > limit)
    };
    if let Some(begin) = handshake.not_before.filter(|begin| *begin > now) {
        let begin = begin.strftime("%Y-%m-%d");
        let advice = format!(
            "the certificate is valid from {begin}: check this machine's clock; if it is right, the server needs another certificate"
        );
        advised("TLS", Verdict::Broken, &found, &advice)
    } else if !left(0) {
        let advice = "the certificate has expired: the server needs a new one; also check this machine's clock";
        advised("TLS", Verdict::Broken, &found, advice)
    } else if !left(SOON) {
        let advice = "the certificate ends soon: ask the server's operator to renew it";
        advised("TLS", Verdict::Refuted, &found, advice)
    } else {
        line("TLS", Verdict::Confirmed, &found)
    }
}

pub(crate) fn line(topic: &str, verdict: Verdict, found: &str) -> Line {
    Line {
        id: topic.to_lowercase().replace(' ', "-"),
        topic: topic.to_owned(),
        verdict,
        found: found.to_owned(),
        advice: None,
    }
}

pub(crate) fn advised(topic: &str, verdict: Verdict, found: &str, advice: &str) -> Line {
    Line {
        advice: Some(advice.to_owned()),
        ..line(topic, verdict, found)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_certificate_is_valid_from_its_first_to_its_last_day() {
        let time = |text: &str| text.parse::<Timestamp>().ok();
        let handshake = Handshake {
            issuer: Some("A".to_owned()),
            not_before: time("2026-01-01T00:00:00Z"),
            not_after: time("2026-12-31T00:00:00Z"),
            ..Handshake::default()
        };
        for (now, verdict, advice) in [
            (
                "2025-12-31T00:00:00Z",
                Verdict::Broken,
                "is valid from 2026-01-01",
            ),
            ("2026-06-01T00:00:00Z", Verdict::Confirmed, ""),
            ("2026-12-25T00:00:00Z", Verdict::Refuted, "ends soon"),
            ("2027-01-01T00:00:00Z", Verdict::Broken, "has expired"),
        ] {
            let found = describe(&handshake, time(now).unwrap_or_default());
            assert_eq!(found.verdict, verdict, "{now}: {found:?}");
            let given = found.advice.unwrap_or_default();
            assert!(given.contains(advice), "{now}: {given}");
        }
    }
}
