//! `skiplino whoami`: the kind of the API key, and whether the server accepts it.

use serde_json::json;
use skiplino::{Error, ErrorKind, KeyClass};

use crate::context::Context;
use crate::failure::Failure;
use crate::output::Output;

pub(crate) fn run(context: &Context, out: &mut Output) -> Result<(), Failure> {
    let client = &context.client;
    let branches = accepted(client.branches().list().wait())?;
    // An operation that needs a secret key, and reads as little as possible.
    let customers = match (client.key_class(), &branches) {
        (KeyClass::Secret, Ok(_)) => {
            Some(accepted(client.customers().list().limit(1).page(1).wait())?)
        }
        _ => None,
    };
    let works = |result: &Option<Result<_, Error>>| matches!(result, Some(Ok(_)));
    if out.json {
        out.object(&json!({
            "keyClass": context.key_class(),
            "maskedKey": context.masked_key,
            "baseUrl": context.base_url,
            "locale": context.locale,
            "accepted": branches.is_ok(),
            "customers": works(&customers),
        }))?;
    } else {
        let answer = |ok: bool| if ok { "yes" } else { "no" };
        let directory = match &customers {
            Some(Ok(page)) => format!("yes, {} customers", page.pagination().total()),
            Some(Err(_)) => "no: the server rejects this key for customers".to_owned(),
            None if client.key_class() == KeyClass::Public => {
                "no: customers need a secret key".to_owned()
            }
            None => String::new(),
        };
        out.record(&[
            (
                "Key",
                format!("{} ({})", context.key_class(), context.masked_key),
            ),
            ("Server", context.base_url.clone()),
            (
                "Locale",
                context
                    .locale
                    .clone()
                    .unwrap_or_else(|| "the server's".to_owned()),
            ),
            ("Accepted", answer(branches.is_ok()).to_owned()),
            ("Customers", directory),
        ])?;
    }
    // Errors of the calls take precedence over a failure to print.
    let printed = out.flush();
    branches?;
    if let Some(customers) = customers {
        customers?;
    }
    Ok(printed?)
}

/// A rejected key is a result of this command. Any other error is a failure.
fn accepted<T>(result: Result<T, Error>) -> Result<Result<T, Error>, Failure> {
    match result {
        Err(error) if error.kind() != ErrorKind::Unauthorized => Err(error.into()),
        result => Ok(result),
    }
}
