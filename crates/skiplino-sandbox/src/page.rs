//! The staff's page and the lobby's board. Their files are part of the binary.

use axum::{
    body::Body,
    http::{HeaderName, HeaderValue, Response, header},
};

use crate::reply::HTML;

const CSS: &str = "text/css; charset=utf-8";
const SCRIPT: &str = "text/javascript; charset=utf-8";
const SVG: &str = "image/svg+xml";

/// A file of the page.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Asset {
    pub(crate) path: &'static str,
    content_type: &'static str,
    text: &'static str,
}

macro_rules! asset {
    ($path:literal, $content_type:expr, $file:literal) => {
        Asset {
            path: $path,
            content_type: $content_type,
            text: include_str!(concat!("page/", $file)),
        }
    };
}

pub(crate) static ASSETS: [Asset; 15] = [
    asset!("/", HTML, "counter.html"),
    asset!("/board", HTML, "board.html"),
    asset!("/assets/page.css", CSS, "page.css"),
    asset!("/assets/board.css", CSS, "board.css"),
    asset!("/assets/counter.js", SCRIPT, "counter.js"),
    asset!("/assets/board.js", SCRIPT, "board.js"),
    asset!("/assets/faults.js", SCRIPT, "faults.js"),
    asset!("/assets/state.js", SCRIPT, "state.js"),
    asset!("/assets/list.js", SCRIPT, "list.js"),
    asset!("/assets/log.js", SCRIPT, "log.js"),
    asset!("/assets/ui.js", SCRIPT, "ui.js"),
    asset!("/assets/snippets.js", SCRIPT, "snippets.js"),
    asset!("/assets/control.js", SCRIPT, "control.js"),
    asset!("/assets/translations.js", SCRIPT, "translations.js"),
    asset!("/assets/icon.svg", SVG, "icon.svg"),
];

/// No inline code, no foreign content, no frames, and no text that becomes markup.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; base-uri 'none'; \
     form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'";

const HEADERS: [(HeaderName, &str); 6] = [
    (header::CONTENT_SECURITY_POLICY, POLICY),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::REFERRER_POLICY, "no-referrer"),
    // `Date` has the sandbox's clock, so browsers must not cache by it.
    (header::CACHE_CONTROL, "no-store"),
    (
        HeaderName::from_static("cross-origin-opener-policy"),
        "same-origin",
    ),
    (
        HeaderName::from_static("cross-origin-resource-policy"),
        "same-origin",
    ),
];

impl Asset {
    pub(crate) fn response(self) -> Response<Body> {
        let mut response = Response::new(Body::from(self.text));
        let headers = response.headers_mut();
        let content_type = HeaderValue::from_static(self.content_type);
        headers.insert(header::CONTENT_TYPE, content_type);
        for (name, value) in HEADERS {
            headers.insert(name, HeaderValue::from_static(value));
        }
        response
    }
}
