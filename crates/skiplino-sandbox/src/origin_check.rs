//! Keeps web pages from elsewhere away from the control API. The demo keys are public knowledge and the control API asks for none, so
//! what a browser says of the page that asks is all there is to go by. Other programs say nothing of the kind, and are let through.

use std::net::IpAddr;

use axum::http::{HeaderMap, header};

use crate::locale::Reason;

/// Why the request is refused, if it is. A sandbox that only this machine reaches is strict about its name.
pub(crate) fn reject_foreign_page(headers: &HeaderMap, loopback: bool) -> Option<Reason> {
    reject_unknown_host(headers, loopback).or_else(|| {
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
        // Another port of the same machine is "same-site", and as foreign as any. "none" is a person at the address bar.
        let foreign_site = headers
            .get_all("sec-fetch-site")
            .iter()
            .any(|site| site != "same-origin" && site != "none");
        (foreign_origin || foreign_site).then_some(Reason::CrossSite)
    })
}

/// A page whose own name was made to lead here (DNS rebinding) is of one origin with the sandbox, but cannot hide that name.
pub(crate) fn reject_unknown_host(headers: &HeaderMap, loopback: bool) -> Option<Reason> {
    let mut hosts = headers.get_all(header::HOST).iter();
    let known = match (hosts.next(), hosts.next()) {
        // Only programs leave it out.
        (None, _) => !headers.contains_key(header::ORIGIN),
        (Some(host), None) => host.to_str().is_ok_and(|host| is_ours(host, loopback)),
        (Some(_), Some(_)) => false,
    };
    (!known).then_some(Reason::UnknownHost)
}

/// Whether nobody can have that name lead here who is not in charge of the machine or its network: an address, a name of this machine,
/// or, where other machines are let in, a name that the public DNS does not have.
fn is_ours(host: &str, loopback: bool) -> bool {
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
        || (!loopback
            && !name.is_empty()
            && (!name.contains('.') || ends_with(".local") || ends_with(".internal")))
}

fn is_address(text: &str) -> bool {
    text.parse::<IpAddr>().is_ok()
}
