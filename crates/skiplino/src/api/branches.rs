use crate::models::{Branch, BranchTreeGroup};
use crate::{BranchId, Call, Client, Operation, http::decode};

/// Branches and their services. See [`Client::branches`].
#[derive(Debug, Clone, Copy)]
pub struct Branches<'a>(pub(crate) &'a Client);

impl Branches<'_> {
    /// The active branches (operation 1, `GET /branches`).
    pub fn list(&self) -> Call<Vec<Branch>> {
        self.0
            .call(Operation::ListBranches, decode::data(), Ok(""), Ok)
    }

    /// A branch's service groups with their active services (operation 2, `GET /branches/{branchId}/tree`). A group without an
    /// active service is left out.
    pub fn tree(&self, branch: impl Into<BranchId>) -> Call<Vec<BranchTreeGroup>> {
        self.0.call(
            Operation::GetBranchTree,
            decode::data(),
            branch.into().checked(),
            Ok,
        )
    }
}
