// Paged lists: one page, all pages or all records, as coroutine flows or futures.
package com.skiplino

import com.skiplino.internal.FfiConverterTypeNativeCustomerPage
import com.skiplino.internal.FfiConverterTypeNativeTicketPage
import com.skiplino.internal.NativeCall
import com.skiplino.internal.NativeCustomerPage
import com.skiplino.internal.NativeCustomerPager
import com.skiplino.internal.NativeListProgress
import com.skiplino.internal.NativePagination
import com.skiplino.internal.NativeTicketPage
import com.skiplino.internal.NativeTicketPager
import java.util.concurrent.CompletableFuture
import java.util.function.Consumer
import kotlinx.coroutines.flow.Flow
import kotlinx.coroutines.flow.flow

/** The position of a page in its list. */
public data class Pagination(
    /** The number of records in the whole list. */
    public val total: Long,
    /** The number of pages in the whole list, at this page's limit. */
    public val totalPages: Long,
    /** Whether there is a next page. */
    public val hasNextPage: Boolean,
    /** Whether there is a previous page. */
    public val hasPrevPage: Boolean,
    /** The page number, from 1; null if the server omits this undocumented field. */
    public val page: Long?,
    /** The number of records a page; null if the server omits this undocumented field. */
    public val limit: Long?,
)

/** One page of a list. */
public data class Page<out T>(
    /** The records, in the order of the list. */
    public val items: List<T>,
    /** The position of the page in its list. */
    public val pagination: Pagination,
)

/** The progress of reading a list. */
public data class ListProgress(
    /** The number of pages read, including pages read again to detect changes. */
    public val pagesRead: Long,
    /** The number of records read, including the records of the current page. */
    public val records: Long,
    /** The number of records in the list, as of the page read last; null before the first page. */
    public val total: Long?,
    /**
     * Whether the list changed during the read. Records that exist for the whole read are still
     * returned exactly once.
     */
    public val changedDuringRead: Boolean,
)

/**
 * A paged list: read one [page], all [pages] or all [items].
 *
 * Pages have numbers and the newest record comes first, so a list that changes during the read
 * shifts its records between pages. [pages] and [items] correct this: **they return each record
 * that exists for the whole read exactly once, and no record twice**. A record that is inserted or
 * deleted during the read may be returned or not. They read 4, and later up to 16 pages ahead
 * while the list does not change.
 *
 * A flow sends no request before it is collected. Each collection reads the list from the start;
 * cancelling the collection ends the requests.
 */
public class PagedList<T> internal constructor(
    private val dispatcher: CallDispatcher,
    private val page: suspend (Int) -> Page<T>,
    private val newPager: () -> Pager<T>,
) {
    /** One page, numbered from 1. A page past the end is empty. */
    public suspend fun page(number: Int): Page<T> = page.invoke(number)

    /** [page] as a future. */
    public fun pageAsync(number: Int): CompletableFuture<Page<T>> = dispatcher.future { page(number) }

    /**
     * All pages in order, without records of earlier pages. There is a first page even if the list
     * is empty. [onProgress] is called before each page and at the end.
     */
    public fun pages(onProgress: (ListProgress) -> Unit = {}): Flow<Page<T>> = flow {
        newPager().use { pager ->
            while (true) {
                val page = pager.next() ?: break
                onProgress(pager.progress().toListProgress())
                emit(page)
            }
            onProgress(pager.progress().toListProgress())
        }
    }

    /**
     * All records in order. [onProgress] is called before the records of each page and at the end.
     */
    public fun items(onProgress: (ListProgress) -> Unit = {}): Flow<T> = flow {
        pages(onProgress).collect { page -> page.items.forEach { emit(it) } }
    }

    /**
     * [items] with a callback, for callers without coroutines. The future completes after the last
     * record; cancelling the future stops the read.
     */
    public fun forEachAsync(action: Consumer<in T>): CompletableFuture<Unit> = dispatcher.future { items().collect(action::accept) }
}

/** Reads a list page by page. */
internal interface Pager<T> : AutoCloseable {
    suspend fun next(): Page<T>?

    fun progress(): NativeListProgress
}

internal class CustomerPager(private val dispatcher: CallDispatcher, private val native: NativeCustomerPager) : Pager<Customer>, AutoCloseable by native {
    private val handle = native.register().toLong()

    override suspend fun next() = dispatcher.next(handle, NativeCall.NextCustomers, FfiConverterTypeNativeCustomerPage::read)?.toPage()

    override fun progress() = native.progress()
}

internal class TicketPager(private val dispatcher: CallDispatcher, private val native: NativeTicketPager) : Pager<Ticket>, AutoCloseable by native {
    private val handle = native.register().toLong()

    override suspend fun next() = dispatcher.next(handle, NativeCall.NextTickets, FfiConverterTypeNativeTicketPage::read)?.toPage()

    override fun progress() = native.progress()
}

internal fun NativeCustomerPage.toPage() = Page(items.map { it.toCustomer() }, pagination.toPagination())

internal fun NativeTicketPage.toPage() = Page(items.map { it.toTicket() }, pagination.toPagination())

private fun NativePagination.toPagination() =
    Pagination(total.toLong(), totalPages.toLong(), hasNextPage, hasPrevPage, page?.toLong(), limit?.toLong())

private fun NativeListProgress.toListProgress() = ListProgress(pagesRead.toLong(), records.toLong(), total?.toLong(), changedDuringRead)
