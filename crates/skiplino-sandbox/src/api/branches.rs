//! Operations on branches: the list, and the tree of groups and services.

use serde_json::json;

use super::{Call, Outcome};
use crate::{
    envelope::{ApiResponse, Failure},
    locale::Reason,
    store::catalogue,
};

pub(crate) fn list(call: &Call<'_>) -> Outcome {
    let branches = call.store.with(catalogue::branches)?;
    let data = branches
        .iter()
        .filter(|branch| branch.active)
        .map(|branch| {
            json!({
                "id": branch.id,
                "name": branch.name.text(call.locale),
                "branchStatus": {"isBranchOpen": branch.is_open(call.now)},
            })
        })
        .collect();
    Ok(ApiResponse::ok("Branches fetched successfully.", data))
}

pub(crate) fn tree(call: &Call<'_>) -> Outcome {
    let (branch, services) = call.store.with(|db| {
        let branch = catalogue::branch(db, &call.id)?
            .filter(|branch| branch.active)
            .ok_or(Failure::NotFound(Some(Reason::BranchNotFound)))?;
        let services = catalogue::services_of(db, &branch.id)?;
        Ok::<_, Failure>((branch, services))
    })?;
    let active: Vec<_> = services.iter().filter(|service| service.active).collect();
    let data = active
        .chunk_by(|one, next| one.group.id == next.group.id)
        .filter_map(|services| {
            let group = &services.first()?.group;
            let services: Vec<_> = services
                .iter()
                .map(|service| {
                    json!({
                        "id": service.id,
                        "name": service.name.text(call.locale),
                        "isOpen": branch.is_open(call.now) && service.open,
                        "isAppointment": service.appointments,
                    })
                })
                .collect();
            Some(json!({
                "id": group.id,
                "name": group.name.text(call.locale),
                "services": services,
            }))
        })
        .collect();
    Ok(ApiResponse::ok("Branch tree fetched successfully.", data))
}
