//! The kinds of faults, and how a fault is parsed from JSON.

use std::{
    io::{self, Write},
    time::Duration,
};

use axum::http::{HeaderValue, StatusCode, header};
use bytes::Bytes;
use flate2::{Compression, write::GzEncoder};
use serde_json::{Value, json};

use super::mutation::Mutation;
use crate::{
    locale::Reason,
    reply::{HTML, JSON, Payload, Reply},
    validate::Fields,
};

const LONGEST_WAIT: u64 = 24 * 60 * 60 * 1000;
const LARGEST_BODY: u64 = 4 << 30;
const RATE_LIMIT: &str = "rate_limit";
const BAD_GATEWAY: &str = "<!DOCTYPE html><html><head><title>502 Bad Gateway</title></head><body><h1>502 Bad Gateway</h1></body></html>";
const WELCOME: &str = "<!DOCTYPE html><html><head><title>Welcome</title></head><body><h1>It works!</h1></body></html>";

/// The kind of a fault.
#[derive(Debug)]
pub(crate) enum Kind {
    Delay(Duration),
    Hold {
        timeout: Option<Duration>,
        drops: bool,
    },
    Refuse,
    DropBefore,
    DropAfterCommit,
    Truncate,
    MalformedJson,
    SlowBody {
        pause: Duration,
        chunk: usize,
    },
    Mutate(Mutation),
    /// Sends another response. `commit` says whether the request is handled first.
    ReplaceResponse {
        name: &'static str,
        reply: Reply,
        commit: bool,
    },
}

impl Kind {
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::Delay(_) => "delay",
            Self::Hold { .. } => "hold",
            Self::Refuse => "refuse",
            Self::DropBefore => "drop_before",
            Self::DropAfterCommit => "drop_after_commit",
            Self::Truncate => "truncate",
            Self::MalformedJson => "malformed_json",
            Self::SlowBody { .. } => "slow_body",
            Self::Mutate(Mutation::WrongTypes) => "wrong_json",
            Self::Mutate(Mutation::UnknownEnum) => "unknown_enum",
            Self::Mutate(Mutation::ExtraFields) => "extra_fields",
            Self::Mutate(Mutation::MissingOptional) => "missing_optional",
            Self::ReplaceResponse { name, .. } => name,
        }
    }

    /// Parses `kind` and the fields of that kind.
    pub(super) fn parse(fields: &mut Fields) -> Option<Self> {
        fields.require("kind");
        let name = fields.id("kind")?;
        let commit = fields.flag("commit").unwrap_or(false);
        Some(match name.as_str() {
            "delay" => Self::Delay(milliseconds(fields, true)?),
            "hold" => Self::Hold {
                timeout: milliseconds(fields, false),
                drops: match fields.text("then").as_deref() {
                    None | Some("commit") => false,
                    Some("drop") => true,
                    Some(_) => {
                        fields.errors.add("then", Reason::NotValid);
                        return None;
                    }
                },
            },
            "refuse" => Self::Refuse,
            "drop_before" => Self::DropBefore,
            "drop_after_commit" => Self::DropAfterCommit,
            "truncate" => Self::Truncate,
            "malformed_json" => Self::MalformedJson,
            "slow_body" => Self::SlowBody {
                pause: milliseconds(fields, true)?,
                chunk: fields
                    .whole("chunk", 1, 1 << 20)
                    .and_then(|chunk| usize::try_from(chunk).ok())
                    .unwrap_or(64),
            },
            "wrong_json" => Self::Mutate(Mutation::WrongTypes),
            "unknown_enum" => Self::Mutate(Mutation::UnknownEnum),
            "extra_fields" => Self::Mutate(Mutation::ExtraFields),
            "missing_optional" => Self::Mutate(Mutation::MissingOptional),
            "status" => Self::replace_response("status", status(fields)?, commit),
            "html_502" => Self::replace_response(
                "html_502",
                html(StatusCode::BAD_GATEWAY, BAD_GATEWAY),
                commit,
            ),
            "empty_503" => Self::replace_response(
                "empty_503",
                Reply::empty(StatusCode::SERVICE_UNAVAILABLE),
                commit,
            ),
            "html_200" => Self::replace_response("html_200", html(StatusCode::OK, WELCOME), false),
            "no_content" => {
                Self::replace_response("no_content", Reply::empty(StatusCode::NO_CONTENT), true)
            }
            RATE_LIMIT => Self::replace_response(RATE_LIMIT, rate_limit(fields)?, false),
            "redirect" => Self::replace_response("redirect", redirect(fields)?, false),
            "huge_body" => {
                let length = fields.whole("bytes", 1, LARGEST_BODY).unwrap_or(17 << 20);
                let mut reply = Reply::empty(StatusCode::OK);
                reply.content_type = Some(JSON);
                reply.payload = Payload::Filler(length);
                Self::replace_response("huge_body", reply, false)
            }
            "gzip_bomb" => {
                let length = fields.whole("bytes", 1, LARGEST_BODY).unwrap_or(64 << 20);
                Self::replace_response("gzip_bomb", gzip_bomb(length).ok()?, false)
            }
            _ => {
                fields.errors.add("kind", Reason::DoesNotExist);
                return None;
            }
        })
    }

    /// A 429 response with `Retry-After` in whole seconds.
    pub(super) fn too_many(wait: Duration) -> Self {
        let seconds = wait.as_secs() + u64::from(wait.subsec_nanos() > 0);
        let retry_after = HeaderValue::from(seconds.max(1));
        Self::replace_response(RATE_LIMIT, too_many(Some(retry_after)), false)
    }

    fn replace_response(name: &'static str, reply: Reply, commit: bool) -> Self {
        Self::ReplaceResponse {
            name,
            reply,
            commit,
        }
    }
}

fn milliseconds(fields: &mut Fields, required: bool) -> Option<Duration> {
    if required {
        fields.require("ms");
    }
    fields
        .whole("ms", 0, LONGEST_WAIT)
        .map(Duration::from_millis)
}

fn html(status: StatusCode, body: &'static str) -> Reply {
    Reply::new(status, HTML, Bytes::from_static(body.as_bytes()))
}

fn error(status: StatusCode) -> Value {
    let reason = status.canonical_reason().unwrap_or("Unknown");
    json!({"message": format!("{reason}."), "error": null})
}

fn status(fields: &mut Fields) -> Option<Reply> {
    fields.require("status");
    let code = fields.whole("status", 200, 599)?;
    let status = StatusCode::from_u16(u16::try_from(code).ok()?).ok()?;
    if [StatusCode::NO_CONTENT, StatusCode::NOT_MODIFIED].contains(&status) {
        return Some(Reply::empty(status));
    }
    let body = match (fields.get("text"), fields.get("body")) {
        (Some(Value::String(text)), _) => text.clone(),
        (Some(_), _) => {
            fields.errors.add("text", Reason::NotText);
            return None;
        }
        (None, Some(body)) => body.to_string(),
        (None, None) => error(status).to_string(),
    };
    Some(Reply::new(status, JSON, body.into()))
}

fn too_many(retry_after: Option<HeaderValue>) -> Reply {
    let status = StatusCode::TOO_MANY_REQUESTS;
    let mut reply = Reply::new(status, JSON, error(status).to_string().into());
    reply
        .headers
        .extend(retry_after.map(|value| (header::RETRY_AFTER, value)));
    reply
}

fn rate_limit(fields: &mut Fields) -> Option<Reply> {
    let value = match fields.get("retryAfter") {
        None => return Some(too_many(None)),
        Some(Value::String(date)) => HeaderValue::from_str(date).ok(),
        Some(Value::Number(seconds)) => HeaderValue::from_str(&seconds.to_string()).ok(),
        Some(_) => None,
    };
    if value.is_none() {
        fields.errors.add("retryAfter", Reason::NotValid);
    }
    value.map(|value| too_many(Some(value)))
}

fn redirect(fields: &mut Fields) -> Option<Reply> {
    fields.require("location");
    let location = fields.id("location")?;
    let mut reply = Reply::empty(StatusCode::FOUND);
    match HeaderValue::from_str(&location) {
        Ok(value) => reply.headers.push((header::LOCATION, value)),
        Err(_) => fields.errors.add("location", Reason::NotValid),
    }
    Some(reply)
}

/// Compressed JSON of this length. It is made when the fault is added, so the response is
/// immediate.
fn gzip_bomb(length: u64) -> io::Result<Reply> {
    const START: &[u8] = br#"{"message":""#;
    const END: &[u8] = br#"","data":null}"#;
    let mut packer = GzEncoder::new(Vec::new(), Compression::fast());
    packer.write_all(START)?;
    let padding = length.saturating_sub((START.len() + END.len()) as u64);
    io::copy(&mut io::Read::take(io::repeat(b'a'), padding), &mut packer)?;
    packer.write_all(END)?;
    let mut reply = Reply::new(StatusCode::OK, JSON, packer.finish()?.into());
    let gzip = HeaderValue::from_static("gzip");
    reply.headers.push((header::CONTENT_ENCODING, gzip));
    Ok(reply)
}

#[cfg(test)]
mod tests {
    use super::*;

    // A test over HTTP could not choose the exact wait.
    #[test]
    fn a_wait_is_rounded_up_to_whole_seconds() {
        for (wait, seconds) in [(0, "1"), (20, "1"), (1000, "1"), (1001, "2"), (2500, "3")] {
            let headers = match Kind::too_many(Duration::from_millis(wait)) {
                Kind::ReplaceResponse { reply, .. } => reply.headers,
                _ => Vec::new(),
            };
            let expected = (header::RETRY_AFTER, HeaderValue::from_static(seconds));
            assert_eq!(headers, [expected], "{wait} ms");
        }
    }
}
