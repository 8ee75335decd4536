package com.skiplino

import com.skiplino.internal.FfiConverterTypeCustomerPageResponse
import com.skiplino.internal.FfiConverterTypeCustomerResponse
import com.skiplino.internal.FfiConverterTypeFoundCustomerResponse
import com.skiplino.internal.FfiConverterTypeResponseInfo
import com.skiplino.internal.FfiConverterTypeTicketPageResponse
import com.skiplino.internal.NativeCall
import java.util.concurrent.CompletableFuture

/** The customer directory. All but [tickets] take a secret key. See [SkiplinoClient.customers]. */
public class Customers internal constructor(private val core: Core, private val defaults: CallOptions) {
    /**
     * Creates a customer (operation 8, `POST /customers/create`). With an `externalId` a second try cannot make a second customer.
     *
     * @throws SkiplinoException.Validation as for an `externalId` that is taken
     * @throws SkiplinoException.OutcomeUnknown without an `externalId`, when the answer was lost: creating again could make a second one
     */
    public suspend fun create(request: CustomerWriteRequest, options: CallOptions = CallOptions()): Customer {
        val how = options.over(defaults)
        val call = NativeCall.CreateCustomer(request.externalId, request.toFields(), how.toNative())
        val response = core.write(call, FfiConverterTypeCustomerResponse::read)
        how.tell(response.info)
        return response.data.toCustomer()
    }

    /** [create] as a future. */
    @JvmOverloads
    public fun createAsync(request: CustomerWriteRequest, options: CallOptions = CallOptions()): CompletableFuture<Customer> =
        core.future { create(request, options) }

    /** All customers, newest first (operation 9, `GET /customers/getAll`), [limit] a page: from 1 to 100, and 100 unless given. */
    @JvmOverloads
    public fun list(limit: Int? = null, options: CallOptions = CallOptions()): PagedList<Customer> {
        val how = options.over(defaults)
        return PagedList(
            core,
            page = { number ->
                val call = NativeCall.ListCustomers(number.toLong(), limit?.toLong(), how.toNative())
                val response = core.read(call, FfiConverterTypeCustomerPageResponse::read)
                how.tell(response.info)
                response.data.toPage()
            },
            walk = { CustomerWalk(core.ask { it.walkCustomers(limit?.toLong(), how.toNative()) }) },
        )
    }

    /**
     * One customer (operation 10, `GET /customers/getOne`).
     *
     * @throws SkiplinoException.Validation when there is none: see [find]
     */
    public suspend fun get(customer: CustomerRef, options: CallOptions = CallOptions()): Customer {
        val how = options.over(defaults)
        val response = core.read(NativeCall.GetCustomer(customer.toNative(), how.toNative()), FfiConverterTypeCustomerResponse::read)
        how.tell(response.info)
        return response.data.toCustomer()
    }

    /** [get] as a future. */
    @JvmOverloads
    public fun getAsync(customer: CustomerRef, options: CallOptions = CallOptions()): CompletableFuture<Customer> =
        core.future { get(customer, options) }

    /** One customer, or null where there is none (operation 10, whose 422 for an unknown id is an answer here). */
    public suspend fun find(customer: CustomerRef, options: CallOptions = CallOptions()): Customer? {
        val how = options.over(defaults)
        val response = core.read(NativeCall.FindCustomer(customer.toNative(), how.toNative()), FfiConverterTypeFoundCustomerResponse::read)
        how.tell(response.info)
        return response.data?.toCustomer()
    }

    /** [find] as a future. */
    @JvmOverloads
    public fun findAsync(customer: CustomerRef, options: CallOptions = CallOptions()): CompletableFuture<Customer?> =
        core.future { find(customer, options) }

    /**
     * Changes the fields that are given and leaves the others (operation 11, `PUT /customers/update`); `metadata` is replaced whole.
     *
     * @throws SkiplinoException.Validation when there is no such customer
     * @throws SkiplinoException.NotFound when the record vanished meanwhile
     */
    public suspend fun update(request: CustomerUpdateRequest, options: CallOptions = CallOptions()): Customer {
        val how = options.over(defaults)
        val call = NativeCall.UpdateCustomer(request.customer.toNative(), request.newExternalId, request.toFields(), how.toNative())
        val response = core.write(call, FfiConverterTypeCustomerResponse::read)
        how.tell(response.info)
        return response.data.toCustomer()
    }

    /** [update] as a future. */
    @JvmOverloads
    public fun updateAsync(request: CustomerUpdateRequest, options: CallOptions = CallOptions()): CompletableFuture<Customer> =
        core.future { update(request, options) }

    /**
     * Deletes a customer for good (operation 12, `DELETE /customers/delete`). Their tickets stay.
     *
     * @throws SkiplinoException.Validation when there is none
     */
    public suspend fun delete(customer: CustomerRef, options: CallOptions = CallOptions()) {
        val how = options.over(defaults)
        how.tell(core.write(NativeCall.DeleteCustomer(customer.toNative(), how.toNative()), FfiConverterTypeResponseInfo::read))
    }

    /** [delete] as a future. */
    @JvmOverloads
    public fun deleteAsync(customer: CustomerRef, options: CallOptions = CallOptions()): CompletableFuture<Unit> =
        core.future { delete(customer, options) }

    /**
     * A customer's tickets, newest first (operation 13, `GET /customers/tickets`), [limit] a page: from 1 to 10, and 10 unless given.
     * Takes any key.
     */
    @JvmOverloads
    public fun tickets(customer: CustomerRef, limit: Int? = null, options: CallOptions = CallOptions()): PagedList<Ticket> {
        val how = options.over(defaults)
        val whose = customer.toNative()
        return PagedList(
            core,
            page = { number ->
                val call = NativeCall.ListCustomerTickets(whose, number.toLong(), limit?.toLong(), how.toNative())
                val response = core.read(call, FfiConverterTypeTicketPageResponse::read)
                how.tell(response.info)
                response.data.toPage()
            },
            walk = { TicketWalk(core.ask { it.walkCustomerTickets(whose, limit?.toLong(), how.toNative()) }) },
        )
    }
}
