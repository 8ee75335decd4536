package com.skiplino

import com.skiplino.internal.FfiConverterTypeBranchTreeResponse
import com.skiplino.internal.FfiConverterTypeBranchesResponse
import com.skiplino.internal.NativeBranch
import com.skiplino.internal.NativeBranchTreeGroup
import com.skiplino.internal.NativeCall
import java.util.concurrent.CompletableFuture

/** Branches and their services. See [SkiplinoClient.branches]. */
public class Branches internal constructor(private val core: Core, private val defaults: CallOptions) {
    /** The active branches (operation 1, `GET /branches`). */
    public suspend fun list(options: CallOptions = CallOptions()): List<Branch> {
        val how = options.over(defaults)
        val response = core.read(NativeCall.ListBranches(how.toNative()), FfiConverterTypeBranchesResponse::read)
        how.tell(response.info)
        return response.data.map { it.toBranch() }
    }

    /** [list] as a future. */
    @JvmOverloads
    public fun listAsync(options: CallOptions = CallOptions()): CompletableFuture<List<Branch>> = core.future { list(options) }

    /**
     * A branch's service groups with their active services (operation 2, `GET /branches/{branchId}/tree`). A group without an active
     * service is left out.
     */
    public suspend fun tree(branchId: String, options: CallOptions = CallOptions()): List<BranchTreeGroup> {
        val how = options.over(defaults)
        val response = core.read(NativeCall.GetBranchTree(branchId, how.toNative()), FfiConverterTypeBranchTreeResponse::read)
        how.tell(response.info)
        return response.data.map { it.toBranchTreeGroup() }
    }

    /** [tree] as a future. */
    @JvmOverloads
    public fun treeAsync(branchId: String, options: CallOptions = CallOptions()): CompletableFuture<List<BranchTreeGroup>> =
        core.future { tree(branchId, options) }
}

/** A branch. */
public data class Branch(
    /** The branch's id. */
    public val id: String,
    /** Its name, localised. */
    public val name: String,
    /** Whether it is open now, in the company's time zone. */
    public val isOpen: Boolean,
)

/** A group of services of a branch. */
public data class BranchTreeGroup(
    /** The group's id, which a booking names beside the service's. */
    public val id: String,
    /** Its name, localised. */
    public val name: String,
    /** Its active services. */
    public val services: List<Service>,
)

private fun NativeBranch.toBranch() = Branch(id, name, isOpen)

private fun NativeBranchTreeGroup.toBranchTreeGroup() = BranchTreeGroup(id, name, services.map { it.toService() })
