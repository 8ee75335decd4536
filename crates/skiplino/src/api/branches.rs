//! The operations on branches.

use std::sync::Arc;

use crate::call::Call;
use crate::call::shared::Shared;
use crate::http::decode;
use crate::models::branches::{Branch, BranchTreeGroup};
use crate::models::ids::BranchId;
use crate::operation::Operation;

/// Branches and their services. See [`Client::branches`](crate::Client::branches).
#[derive(Debug, Clone, Copy)]
pub struct Branches<'a>(pub(crate) &'a Arc<Shared>);

impl Branches<'_> {
    /// The active branches (operation 1, `GET /branches`).
    pub fn list(&self) -> Call<Vec<Branch>> {
        self.0
            .call(Operation::ListBranches, decode::data(), Ok(""), Ok)
    }

    /// A branch's service groups with their active services (operation 2,
    /// `GET /branches/{branchId}/tree`). A group without an active service is left out.
    pub fn tree(&self, branch: impl Into<BranchId>) -> Call<Vec<BranchTreeGroup>> {
        self.0.call(
            Operation::GetBranchTree,
            decode::data(),
            branch.into().checked(),
            Ok,
        )
    }
}
