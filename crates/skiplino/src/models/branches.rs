//! Branches and their service groups.

use serde::{Deserialize, Serialize};

use crate::models::ids::{BranchId, GroupId};
use crate::models::services::Service;

/// A branch, as of operation 1.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Branch {
    id: BranchId,
    name: Box<str>,
    branch_status: BranchStatus,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct BranchStatus {
    is_branch_open: bool,
}

impl Branch {
    /// The branch's id.
    pub fn id(&self) -> &BranchId {
        &self.id
    }

    /// Its name, localised.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Whether it is open now, in the company's time zone (`branchStatus.isBranchOpen`).
    pub fn is_open(&self) -> bool {
        self.branch_status.is_branch_open
    }
}

impl From<&Branch> for BranchId {
    fn from(branch: &Branch) -> Self {
        branch.id.clone()
    }
}

/// A group of services of a branch, as of operation 2.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BranchTreeGroup {
    id: GroupId,
    name: Box<str>,
    services: Vec<Service>,
}

impl BranchTreeGroup {
    /// The group's id, which a booking names beside the service's.
    pub fn id(&self) -> &GroupId {
        &self.id
    }

    /// Its name, localised.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Its active services.
    pub fn services(&self) -> &[Service] {
        &self.services
    }
}

impl From<&BranchTreeGroup> for GroupId {
    fn from(group: &BranchTreeGroup) -> Self {
        group.id.clone()
    }
}
