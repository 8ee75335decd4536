//! Control API: health, state, tables and the request log.

use serde_json::{Value, json};

use super::input::{Input, Outcome};
use crate::{
    auth::{DEMO_PUBLIC_KEY, DEMO_SECRET_KEY},
    envelope::Failure,
    routes::API_PREFIX,
    store::tables,
};

pub(super) fn health(_: &Input<'_>) -> Outcome {
    Ok(json!({"status": "ok", "version": env!("CARGO_PKG_VERSION")}))
}

pub(super) fn state(input: &Input<'_>) -> Outcome {
    let app = input.app;
    Ok(json!({
        "baseUrl": format!("http://{}{API_PREFIX}", app.address),
        "secretKey": DEMO_SECRET_KEY,
        "publicKey": DEMO_PUBLIC_KEY,
        "seed": app.seed(),
        "clock": app.clock.json(),
        "counts": app.store.with(tables::counts)?,
        "faults": app.faults.count(),
    }))
}

pub(super) fn tickets(input: &Input<'_>) -> Outcome {
    const FILTERS: [(&str, &str); 3] = [
        ("serviceId", "service_id"),
        ("customerId", "customer_id"),
        ("status", "status"),
    ];
    let mut query = input.query();
    let filters: Vec<_> = FILTERS
        .into_iter()
        .filter_map(|(parameter, column)| Some((column, query.text(parameter)?)))
        .collect();
    query.finish(Some(()))?;
    let rows = input
        .app
        .store
        .with(|db| tables::ticket_rows(db, &filters))?;
    Ok(rows)
}

pub(super) fn customers(input: &Input<'_>) -> Outcome {
    input
        .app
        .store
        .with(tables::customer_rows)
        .map_err(Failure::from)
}

pub(super) fn requests(input: &Input<'_>) -> Outcome {
    let mut query = input.query();
    let operation = query.text("operation").filter(|id| id != "*");
    let after = query.count("after");
    let limit = query.count("limit");
    query.finish(Some(()))?;
    let limit = limit.and_then(|limit| usize::try_from(limit).ok());
    Ok(input.app.log.json(
        operation.as_deref(),
        after.unwrap_or(0),
        limit.unwrap_or(usize::MAX),
    ))
}

pub(super) fn counts(input: &Input<'_>) -> Outcome {
    Ok(input.app.log.counts())
}

pub(super) fn forget(input: &Input<'_>) -> Outcome {
    input.app.log.clear();
    Ok(Value::Object(serde_json::Map::new()))
}
