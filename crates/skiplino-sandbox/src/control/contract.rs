//! Control API: how the responses differ from the published contract.

use serde_json::Value;

use super::input::{Input, Outcome};
use crate::{
    contract::{Contract, ContractError},
    envelope::Failure,
    locale::Reason,
};

pub(super) fn get(input: &Input<'_>) -> Outcome {
    Ok(Value::Object(input.app.contract().differences()))
}

pub(super) fn put(input: &Input<'_>) -> Outcome {
    let contract = Contract::from_value(Value::Object(input.body.clone()));
    let contract = contract.map_err(|error| match error {
        ContractError::Key { key, .. } => Failure::field(&key, Reason::NotValid),
        ContractError::NotJson(_) => Failure::field("body", Reason::NotValid),
    })?;
    input.app.set_contract(Some(contract));
    get(input)
}

pub(super) fn restore(input: &Input<'_>) -> Outcome {
    input.app.set_contract(None);
    get(input)
}
