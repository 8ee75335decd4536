// Branches and their services: operations 1 and 2.
internal import SkiplinoNative

/// Branches and their services. See ``SkiplinoClient/branches``.
public struct Branches: Sendable {
    let client: SkiplinoClient

    /// The active branches (operation 1, `GET /branches`).
    public func list(options: CallOptions = .standard) async throws(SkiplinoError) -> [Branch] {
        try await client.call(options) { try await $0.listBranches(options: $1, cancel: $2) }.map(Branch.init)
    }

    /// A branch's service groups with their active services (operation 2,
    /// `GET /branches/{branchId}/tree`). Groups without an active service are omitted.
    public func tree(of branch: Branch.ID, options: CallOptions = .standard) async throws(SkiplinoError) -> [BranchTreeGroup] {
        try await client.call(options) { try await $0.getBranchTree(branchId: branch.rawValue, options: $1, cancel: $2) }
            .map(BranchTreeGroup.init)
    }
}
