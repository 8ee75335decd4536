// The customer directory: operations 8 to 13.
package com.skiplino

import com.skiplino.internal.FfiConverterTypeCustomerPageResponse
import com.skiplino.internal.FfiConverterTypeCustomerResponse
import com.skiplino.internal.FfiConverterTypeFoundCustomerResponse
import com.skiplino.internal.FfiConverterTypeResponseInfo
import com.skiplino.internal.FfiConverterTypeTicketPageResponse
import com.skiplino.internal.NativeCall
import java.util.concurrent.CompletableFuture

/**
 * The customer directory. All operations but [tickets] need a secret key. See
 * [SkiplinoClient.customers].
 */
public class Customers internal constructor(private val dispatcher: CallDispatcher, private val defaults: CallOptions) {
    /**
     * Creates a customer (operation 8, `POST /customers/create`). With an `externalId`, a retry
     * cannot create a second customer.
     *
     * @throws SkiplinoException.Validation for example if the `externalId` is taken
     * @throws SkiplinoException.OutcomeUnknown without an `externalId`, if the response was lost:
     * another try could create a second customer
     */
    public suspend fun create(request: CustomerWriteRequest, options: CallOptions = CallOptions()): Customer {
        val merged = options.over(defaults)
        val call = NativeCall.CreateCustomer(request.externalId, request.toFields(), merged.toNative())
        val response = dispatcher.write(call, FfiConverterTypeCustomerResponse::read)
        merged.notify(response.info)
        return response.data.toCustomer()
    }

    /** [create] as a future. */
    @JvmOverloads
    public fun createAsync(request: CustomerWriteRequest, options: CallOptions = CallOptions()): CompletableFuture<Customer> =
        dispatcher.future { create(request, options) }

    /**
     * All customers, newest first (operation 9, `GET /customers/getAll`). [limit] is the number of
     * customers a page, from 1 to 100; default: 100.
     */
    @JvmOverloads
    public fun list(limit: Int? = null, options: CallOptions = CallOptions()): PagedList<Customer> {
        val merged = options.over(defaults)
        return PagedList(
            dispatcher,
            page = { number ->
                val call = NativeCall.ListCustomers(number.toLong(), limit?.toLong(), merged.toNative())
                val response = dispatcher.read(call, FfiConverterTypeCustomerPageResponse::read)
                merged.notify(response.info)
                response.data.toPage()
            },
            newPager = { CustomerPager(dispatcher, dispatcher.withClient { it.customerPager(limit?.toLong(), merged.toNative()) }) },
        )
    }

    /**
     * One customer (operation 10, `GET /customers/getOne`).
     *
     * @throws SkiplinoException.Validation if there is no such customer; see [find]
     */
    public suspend fun get(customer: CustomerRef, options: CallOptions = CallOptions()): Customer {
        val merged = options.over(defaults)
        val call = NativeCall.GetCustomer(customer.toNative(), merged.toNative())
        val response = dispatcher.read(call, FfiConverterTypeCustomerResponse::read)
        merged.notify(response.info)
        return response.data.toCustomer()
    }

    /** [get] as a future. */
    @JvmOverloads
    public fun getAsync(customer: CustomerRef, options: CallOptions = CallOptions()): CompletableFuture<Customer> =
        dispatcher.future { get(customer, options) }

    /**
     * One customer, or null if there is no such customer (operation 10, whose status 422 for an
     * unknown id is not an error here).
     */
    public suspend fun find(customer: CustomerRef, options: CallOptions = CallOptions()): Customer? {
        val merged = options.over(defaults)
        val call = NativeCall.FindCustomer(customer.toNative(), merged.toNative())
        val response = dispatcher.read(call, FfiConverterTypeFoundCustomerResponse::read)
        merged.notify(response.info)
        return response.data?.toCustomer()
    }

    /** [find] as a future. */
    @JvmOverloads
    public fun findAsync(customer: CustomerRef, options: CallOptions = CallOptions()): CompletableFuture<Customer?> =
        dispatcher.future { find(customer, options) }

    /**
     * Updates the given fields and keeps the others (operation 11, `PUT /customers/update`).
     * `metadata` is replaced as a whole.
     *
     * @throws SkiplinoException.Validation if there is no such customer
     * @throws SkiplinoException.NotFound if the record was deleted during the update
     */
    public suspend fun update(request: CustomerUpdateRequest, options: CallOptions = CallOptions()): Customer {
        val merged = options.over(defaults)
        val call = NativeCall.UpdateCustomer(request.customer.toNative(), request.newExternalId, request.toFields(), merged.toNative())
        val response = dispatcher.write(call, FfiConverterTypeCustomerResponse::read)
        merged.notify(response.info)
        return response.data.toCustomer()
    }

    /** [update] as a future. */
    @JvmOverloads
    public fun updateAsync(request: CustomerUpdateRequest, options: CallOptions = CallOptions()): CompletableFuture<Customer> =
        dispatcher.future { update(request, options) }

    /**
     * Deletes a customer permanently (operation 12, `DELETE /customers/delete`). The customer's
     * tickets remain.
     *
     * @throws SkiplinoException.Validation if there is no such customer
     */
    public suspend fun delete(customer: CustomerRef, options: CallOptions = CallOptions()) {
        val merged = options.over(defaults)
        val call = NativeCall.DeleteCustomer(customer.toNative(), merged.toNative())
        merged.notify(dispatcher.write(call, FfiConverterTypeResponseInfo::read))
    }

    /** [delete] as a future. */
    @JvmOverloads
    public fun deleteAsync(customer: CustomerRef, options: CallOptions = CallOptions()): CompletableFuture<Unit> =
        dispatcher.future { delete(customer, options) }

    /**
     * A customer's tickets, newest first (operation 13, `GET /customers/tickets`). [limit] is the
     * number of tickets a page, from 1 to 10; default: 10. Works with any key.
     */
    @JvmOverloads
    public fun tickets(customer: CustomerRef, limit: Int? = null, options: CallOptions = CallOptions()): PagedList<Ticket> {
        val merged = options.over(defaults)
        val nativeCustomer = customer.toNative()
        return PagedList(
            dispatcher,
            page = { number ->
                val call = NativeCall.ListCustomerTickets(nativeCustomer, number.toLong(), limit?.toLong(), merged.toNative())
                val response = dispatcher.read(call, FfiConverterTypeTicketPageResponse::read)
                merged.notify(response.info)
                response.data.toPage()
            },
            newPager = {
                val nativeOptions = merged.toNative()
                TicketPager(dispatcher, dispatcher.withClient { it.customerTicketPager(nativeCustomer, limit?.toLong(), nativeOptions) })
            },
        )
    }
}
