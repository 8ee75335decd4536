use std::sync::Arc;

use skiplino::{Branch, BranchTreeGroup, Operation, Service};

use crate::calls::{CancelHandle, NativeCallOptions, ResponseInfo, calls};
use crate::client::NativeClient;

/// A branch, as of operation 1.
#[derive(Debug, Clone, uniffi::Record)]
pub struct NativeBranch {
    /// The branch's id.
    pub id: String,
    /// Its name, localised.
    pub name: String,
    /// Whether it is open now, in the company's time zone.
    pub is_open: bool,
}

/// A service that can be queued for, as of operation 2.
#[derive(Debug, Clone, uniffi::Record)]
pub struct NativeService {
    /// The service's id.
    pub id: String,
    /// Its name, localised.
    pub name: String,
    /// Whether it is open now.
    pub is_open: bool,
    /// Whether it can be booked for a time.
    pub is_appointment: bool,
}

/// A group of services of a branch, as of operation 2.
#[derive(Debug, Clone, uniffi::Record)]
pub struct NativeBranchTreeGroup {
    /// The group's id, which a booking names beside the service's.
    pub id: String,
    /// Its name, localised.
    pub name: String,
    /// Its active services.
    pub services: Vec<NativeService>,
}

/// The active branches.
#[derive(Debug, Clone, uniffi::Record)]
pub struct BranchesResponse {
    /// The branches.
    pub data: Vec<NativeBranch>,
    /// What came with them.
    pub info: ResponseInfo,
}

/// A branch's service groups.
#[derive(Debug, Clone, uniffi::Record)]
pub struct BranchTreeResponse {
    /// The groups.
    pub data: Vec<NativeBranchTreeGroup>,
    /// What came with them.
    pub info: ResponseInfo,
}

impl From<&Branch> for NativeBranch {
    fn from(branch: &Branch) -> Self {
        Self {
            id: branch.id().to_string(),
            name: branch.name().to_owned(),
            is_open: branch.is_open(),
        }
    }
}

impl From<&Service> for NativeService {
    fn from(service: &Service) -> Self {
        Self {
            id: service.id().to_string(),
            name: service.name().to_owned(),
            is_open: service.is_open(),
            is_appointment: service.is_appointment(),
        }
    }
}

impl From<&BranchTreeGroup> for NativeBranchTreeGroup {
    fn from(group: &BranchTreeGroup) -> Self {
        Self {
            id: group.id().to_string(),
            name: group.name().to_owned(),
            services: group.services().iter().map(Into::into).collect(),
        }
    }
}

calls! {
    impl NativeClient {
        /// The active branches (operation 1, `GET /branches`).
        pub fn list_branches(
            &self,
            options: NativeCallOptions,
            cancel: Option<Arc<CancelHandle>>,
        ) -> BranchesResponse {
            self.send(
                Operation::ListBranches,
                |client| Ok(client.branches().list()),
                options,
                cancel,
                |branches, info| BranchesResponse {
                    data: branches.iter().map(Into::into).collect(),
                    info,
                },
            )
        }

        /// A branch's service groups with their active services (operation 2, `GET /branches/{branchId}/tree`).
        pub fn get_branch_tree(
            &self,
            branch_id: String,
            options: NativeCallOptions,
            cancel: Option<Arc<CancelHandle>>,
        ) -> BranchTreeResponse {
            self.send(
                Operation::GetBranchTree,
                |client| Ok(client.branches().tree(branch_id)),
                options,
                cancel,
                |groups, info| BranchTreeResponse {
                    data: groups.iter().map(Into::into).collect(),
                    info,
                },
            )
        }
    }
}
