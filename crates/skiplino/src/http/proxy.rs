//! The proxy of a client: the caller's own, or that of the environment.

use std::env;
use std::net::IpAddr;

use hyper_util::client::proxy::matcher::Matcher;
use reqwest::Url;

use crate::config::ProxySetting;
use crate::error::Error;

/// The caller's own proxy.
///
/// # Errors
/// If the proxy cannot be used.
pub(crate) fn configured(proxy: &str, base_url: &Url) -> Result<ProxySetting, Error> {
    let invalid = |reason| Err(Error::invalid("proxy", reason));
    if base_url.scheme() == "http" {
        return invalid("needs an https base URL, or the proxy could read the key");
    }
    match parse(proxy) {
        Some(proxy) => Ok(ProxySetting::Use(proxy)),
        None => invalid("must be the URL of an http or https proxy"),
    }
}

/// The proxy that the environment names for a base URL with https.
pub(crate) fn of_environment(base_url: &Url) -> ProxySetting {
    choose(base_url, |name| env::var(name).ok())
}

fn choose(base_url: &Url, variable: impl Fn(&str) -> Option<String>) -> ProxySetting {
    let first_of = |names: &[&'static str]| {
        let mut set = names
            .iter()
            .filter_map(|name| Some((*name, variable(name)?)));
        set.find(|(_, value)| !value.trim().is_empty())
    };
    let Some((name, value)) = first_of(&["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"])
    else {
        return ProxySetting::Direct;
    };
    let exceptions = first_of(&["NO_PROXY", "no_proxy"]);
    if exceptions.is_some_and(|(_, exceptions)| is_exempt(base_url, &exceptions)) {
        return ProxySetting::Direct;
    }
    let value = value.trim();
    let proxy = match value.contains("://") {
        true => parse(value),
        false => parse(&format!("http://{value}")),
    };
    proxy.map_or_else(
        || {
            let shown = without_credentials(value).map_or_else(String::new, |url| format!(": {url}"));
            ProxySetting::Unusable(format!(
                "the proxy in the environment variable {name} is not the URL of an http or https proxy{shown}"
            ))
        },
        ProxySetting::Use,
    )
}

fn parse(proxy: &str) -> Option<Url> {
    let url = Url::parse(proxy).ok()?;
    (matches!(url.scheme(), "http" | "https") && url.has_host()).then_some(url)
}

/// The host and port of a proxy, for error texts.
pub(crate) fn address(proxy: &Url) -> String {
    let host = proxy.host_str().unwrap_or_default();
    let port = proxy.port_or_known_default();
    port.map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"))
}

fn without_credentials(proxy: &str) -> Option<String> {
    let url = Url::parse(proxy).ok().filter(Url::has_host)?;
    Some(format!("{}://{}", url.scheme(), address(&url)))
}

/// Whether `NO_PROXY` names the server. Beside the forms that curl knows, an entry may begin with
/// `*.` and end with a port.
fn is_exempt(base_url: &Url, exceptions: &str) -> bool {
    let port = base_url.port_or_known_default();
    let entries = exceptions.split(|char: char| char == ',' || char.is_whitespace());
    let hosts: Vec<_> = entries.filter_map(|entry| host_of(entry, port)).collect();
    let matcher = Matcher::builder()
        .all("http://proxy")
        .no(hosts.join(","))
        .build();
    let uri = base_url.as_str().parse();
    uri.is_ok_and(|uri| matcher.intercept(&uri).is_none())
}

/// The host of an entry of `NO_PROXY`; `None` if the entry is for another port.
fn host_of(entry: &str, port: Option<u16>) -> Option<&str> {
    let host = match entry.rsplit_once(':') {
        Some((host, of_port)) if entry.parse::<IpAddr>().is_err() => match of_port.parse::<u16>() {
            Ok(of_port) if Some(of_port) != port => return None,
            Ok(_) => host,
            Err(_) => entry,
        },
        _ => entry,
    };
    let host = host.trim_start_matches('[').trim_end_matches(']');
    // `*.example` becomes `.example`, which stands for all subdomains.
    Some(
        host.strip_prefix('*')
            .filter(|rest| !rest.is_empty())
            .unwrap_or(host),
    )
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test stops at the first failure")]
mod tests {
    use super::*;

    fn exempt(url: &str, exceptions: &str) -> bool {
        is_exempt(&Url::parse(url).unwrap(), exceptions)
    }

    #[test]
    fn no_proxy_names_hosts_in_the_usual_forms() {
        let url = "https://api.corp.example/v1";
        for entry in [
            "api.corp.example",
            "API.corp.example",
            "corp.example",
            ".corp.example",
            "*.corp.example",
            "*",
            "api.corp.example:443",
            "*.corp.example:443",
            "other.example, corp.example",
            "other.example corp.example",
        ] {
            assert!(exempt(url, entry), "{entry}");
        }
        for entry in [
            "",
            "other.example",
            "*.other.example",
            "pi.corp.example",
            "rp.example",
            "api.corp.example:8443",
            "*.corp.example:80",
        ] {
            assert!(!exempt(url, entry), "{entry}");
        }
        assert!(exempt("https://corp.example:8443", "corp.example:8443"));
        for entry in ["10.1.2.3", "10.0.0.0/8", "10.1.2.3:443"] {
            assert!(exempt("https://10.1.2.3/v1", entry), "{entry}");
            assert!(!exempt("https://11.1.2.3/v1", entry), "{entry}");
        }
        for entry in [
            "2001:db8::1",
            "[2001:db8::1]",
            "[2001:db8::1]:443",
            "2001:db8::/32",
        ] {
            assert!(exempt("https://[2001:db8::1]/v1", entry), "{entry}");
            assert!(!exempt("https://[2002:db8::1]/v1", entry), "{entry}");
        }
    }

    #[test]
    fn the_environment_names_a_proxy() {
        let chosen = |variables: &[(&str, &str)]| {
            let base_url = Url::parse("https://api.corp.example/v1").unwrap();
            let variable = |name: &str| {
                let found = variables.iter().find(|(set, _)| *set == name);
                found.map(|(_, value)| (*value).to_owned())
            };
            match choose(&base_url, variable) {
                ProxySetting::Direct => "direct".to_owned(),
                ProxySetting::Use(url) => url.to_string(),
                ProxySetting::Unusable(reason) => reason,
            }
        };
        for (variables, expected) in [
            (&[][..], "direct"),
            (&[("HTTP_PROXY", "http://p:1")], "direct"),
            (&[("HTTPS_PROXY", "http://p:1")], "http://p:1/"),
            (&[("https_proxy", "u:w@p:1")], "http://u:w@p:1/"),
            (
                &[("HTTPS_PROXY", ""), ("all_proxy", "https://p")],
                "https://p/",
            ),
            (
                &[("HTTPS_PROXY", "htp://p:1"), ("NO_PROXY", "*.corp.example")],
                "direct",
            ),
            (
                &[("HTTPS_PROXY", "foo://u:hunter2@p:1")],
                "the proxy in the environment variable HTTPS_PROXY is not the URL of an http or https proxy: foo://p:1",
            ),
            (
                &[("ALL_PROXY", "http://")],
                "the proxy in the environment variable ALL_PROXY is not the URL of an http or https proxy",
            ),
        ] {
            assert_eq!(chosen(variables), expected);
        }
    }
}
