//! Rejects requests of foreign web pages.
//!
//! The control API needs no key, and the demo keys are public. So the sandbox checks the headers
//! that browsers set. Other programs send only `Host` of these headers, and are accepted.

use std::net::IpAddr;

use axum::http::{HeaderMap, header};

use crate::locale::Reason;

/// The host names that the sandbox accepts beside addresses and `localhost`.
#[derive(Debug)]
pub(crate) struct KnownHosts {
    /// Whether names outside the public DNS are accepted: the sandbox serves other machines.
    pub(crate) private_names: bool,
    /// Further names, such as that of a tunnel, in lower case.
    pub(crate) names: Vec<String>,
}

/// The reason to reject the request, if any.
pub(crate) fn reject_foreign_page(headers: &HeaderMap, known: &KnownHosts) -> Option<Reason> {
    reject_unknown_host(headers, known).or_else(|| {
        let host = headers.get(header::HOST).map(|host| host.as_bytes());
        let foreign_origin = headers.get_all(header::ORIGIN).iter().any(|origin| {
            let origin = origin.as_bytes();
            let authority = origin
                .strip_prefix(b"http://")
                .or_else(|| origin.strip_prefix(b"https://"));
            !authority
                .zip(host)
                .is_some_and(|(origin, host)| origin.eq_ignore_ascii_case(host))
        });
        // Another port of this machine is "same-site" but foreign. "none" means the address bar.
        let foreign_site = headers
            .get_all("sec-fetch-site")
            .iter()
            .any(|site| site != "same-origin" && site != "none");
        (foreign_origin || foreign_site).then_some(Reason::CrossSite)
    })
}

/// Detects DNS rebinding: a foreign name that resolves to this machine still stands in `Host`.
pub(crate) fn reject_unknown_host(headers: &HeaderMap, known: &KnownHosts) -> Option<Reason> {
    let mut hosts = headers.get_all(header::HOST).iter();
    let is_known = match (hosts.next(), hosts.next()) {
        // Browsers always send `Host`.
        (None, _) => !headers.contains_key(header::ORIGIN),
        (Some(host), None) => host.to_str().is_ok_and(|host| known.contains(host)),
        (Some(_), Some(_)) => false,
    };
    (!is_known).then_some(Reason::UnknownHost)
}

impl KnownHosts {
    /// Whether no foreign DNS server can control this name: an address, a name of this machine, a
    /// name that the configuration allows, or, if remote clients are allowed, a name outside the
    /// public DNS.
    fn contains(&self, host: &str) -> bool {
        let name = match host.rsplit_once(':') {
            Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => name,
            _ => host,
        };
        if let Some(address) = name.strip_prefix('[') {
            return address.strip_suffix(']').is_some_and(is_address);
        }
        let name = name.strip_suffix('.').unwrap_or(name).to_ascii_lowercase();
        let ends_with = |end: &str| name.ends_with(end);
        is_address(&name)
            || name == "localhost"
            || ends_with(".localhost")
            || self.names.contains(&name)
            || (self.private_names
                && !name.is_empty()
                && (!name.contains('.') || ends_with(".local") || ends_with(".internal")))
    }
}

fn is_address(text: &str) -> bool {
    text.parse::<IpAddr>().is_ok()
}
