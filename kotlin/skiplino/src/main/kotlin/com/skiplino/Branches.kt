// Branches and their services: operations 1 and 2.
package com.skiplino

import com.skiplino.internal.FfiConverterTypeBranchTreeResponse
import com.skiplino.internal.FfiConverterTypeBranchesResponse
import com.skiplino.internal.NativeBranch
import com.skiplino.internal.NativeBranchTreeGroup
import com.skiplino.internal.NativeCall
import java.util.concurrent.CompletableFuture

/** Branches and their services. See [SkiplinoClient.branches]. */
public class Branches internal constructor(private val dispatcher: CallDispatcher, private val defaults: CallOptions) {
    /** The active branches (operation 1, `GET /branches`). */
    public suspend fun list(options: CallOptions = CallOptions()): List<Branch> {
        val merged = options.over(defaults)
        val call = NativeCall.ListBranches(merged.toNative())
        val response = dispatcher.read(call, FfiConverterTypeBranchesResponse::read)
        merged.notify(response.info)
        return response.data.map { it.toBranch() }
    }

    /** [list] as a future. */
    @JvmOverloads
    public fun listAsync(options: CallOptions = CallOptions()): CompletableFuture<List<Branch>> = dispatcher.future { list(options) }

    /**
     * A branch's service groups with their active services (operation 2,
     * `GET /branches/{branchId}/tree`). Groups without an active service are omitted.
     */
    public suspend fun tree(branchId: String, options: CallOptions = CallOptions()): List<BranchTreeGroup> {
        val merged = options.over(defaults)
        val call = NativeCall.GetBranchTree(branchId, merged.toNative())
        val response = dispatcher.read(call, FfiConverterTypeBranchTreeResponse::read)
        merged.notify(response.info)
        return response.data.map { it.toBranchTreeGroup() }
    }

    /** [tree] as a future. */
    @JvmOverloads
    public fun treeAsync(branchId: String, options: CallOptions = CallOptions()): CompletableFuture<List<BranchTreeGroup>> =
        dispatcher.future { tree(branchId, options) }
}

/** A branch. */
public data class Branch(
    /** The branch's id. */
    public val id: String,
    /** The name, localised. */
    public val name: String,
    /** Whether the branch is open now, in the company's time zone. */
    public val isOpen: Boolean,
)

/** A service group of a branch. */
public data class BranchTreeGroup(
    /** The group's id. A booking needs this id and the service's id. */
    public val id: String,
    /** The name, localised. */
    public val name: String,
    /** The active services of the group. */
    public val services: List<Service>,
)

private fun NativeBranch.toBranch() = Branch(id, name, isOpen)

private fun NativeBranchTreeGroup.toBranchTreeGroup() = BranchTreeGroup(id, name, services.map { it.toService() })
