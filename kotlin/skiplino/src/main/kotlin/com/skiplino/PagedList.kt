package com.skiplino

import com.skiplino.internal.CustomerPages
import com.skiplino.internal.FfiConverterTypeNativeCustomerPage
import com.skiplino.internal.FfiConverterTypeNativeTicketPage
import com.skiplino.internal.NativeCall
import com.skiplino.internal.NativeCustomerPage
import com.skiplino.internal.NativePagination
import com.skiplino.internal.NativeTicketPage
import com.skiplino.internal.TicketPages
import java.util.concurrent.CompletableFuture
import java.util.function.Consumer
import kotlinx.coroutines.flow.Flow
import kotlinx.coroutines.flow.flow
import com.skiplino.internal.NativeListProgress

/** Where a page stands in its list. */
public data class Pagination(
    /** Records in the whole list. */
    public val total: Long,
    /** Pages in the whole list, at this page's limit. */
    public val totalPages: Long,
    /** Whether a page follows. */
    public val hasNextPage: Boolean,
    /** Whether a page comes before. */
    public val hasPrevPage: Boolean,
    /** The page's number, from 1; not published, so perhaps null. */
    public val page: Long?,
    /** Records a page; not published, so perhaps null. */
    public val limit: Long?,
)

/** One page of a list. */
public data class Page<out T>(
    /** The records, in the order of the list. */
    public val items: List<T>,
    /** Where the page stands in its list. */
    public val pagination: Pagination,
)

/** How far a walk over a list has come. */
public data class ListProgress(
    /** Pages read, those read again and the looks at the front included. */
    public val pagesRead: Long,
    /** Records read, those of the present page included. */
    public val records: Long,
    /** Records in the list, as of the page read last; null before the first. */
    public val total: Long?,
    /** Whether the list was seen to change. What was there throughout still comes exactly once. */
    public val changedDuringRead: Boolean,
)

/**
 * A paged list: read one [page], all [pages] or all [items].
 *
 * Pages are numbered, newest record first, so in a list that changes while it is read records repeat at the seams, or slip through them.
 * The walks over all pages see to that: **each record that is there throughout comes exactly once, and none comes twice**; one that is
 * inserted or deleted meanwhile may come or not. They read up to 4 pages ahead while the list does not move.
 *
 * Nothing is asked for before a flow is collected, and each collection is a walk of its own; cancelling it ends the requests.
 */
public class PagedList<T> internal constructor(
    private val core: Core,
    private val page: suspend (Int) -> Page<T>,
    private val walk: () -> Walk<T>,
) {
    /** One page, numbered from 1. A page past the end is empty. */
    public suspend fun page(number: Int): Page<T> = page.invoke(number)

    /** [page] as a future. */
    public fun pageAsync(number: Int): CompletableFuture<Page<T>> = core.future { page(number) }

    /**
     * All pages in order, without the records that came before. The first one comes even when the list is empty. [onProgress] is told how
     * far it is before each page comes.
     */
    public fun pages(onProgress: (ListProgress) -> Unit = {}): Flow<Page<T>> = flow {
        walk().use { walk ->
            while (true) {
                val page = walk.next() ?: break
                onProgress(walk.progress().toListProgress())
                emit(page)
            }
            onProgress(walk.progress().toListProgress())
        }
    }

    /** All records in order. [onProgress] is told how far it is with each page, and at the end. */
    public fun items(onProgress: (ListProgress) -> Unit = {}): Flow<T> = flow {
        pages(onProgress).collect { page -> page.items.forEach { emit(it) } }
    }

    /** [items] with a callback, for callers without coroutines: the future is done after the last one, and cancelling it stops it. */
    public fun forEachAsync(action: Consumer<in T>): CompletableFuture<Unit> = core.future { items().collect(action::accept) }
}

/** What both walks of the library have in common. */
internal interface Walk<T> : AutoCloseable {
    suspend fun next(): Page<T>?

    fun progress(): NativeListProgress
}

internal class CustomerWalk(private val native: CustomerPages) : Walk<Customer>, AutoCloseable by native {
    private val number = native.number().toLong()

    override suspend fun next() = Core.next(number, NativeCall.NextCustomers, FfiConverterTypeNativeCustomerPage::read)?.toPage()

    override fun progress() = native.progress()
}

internal class TicketWalk(private val native: TicketPages) : Walk<Ticket>, AutoCloseable by native {
    private val number = native.number().toLong()

    override suspend fun next() = Core.next(number, NativeCall.NextTickets, FfiConverterTypeNativeTicketPage::read)?.toPage()

    override fun progress() = native.progress()
}

internal fun NativeCustomerPage.toPage() = Page(items.map { it.toCustomer() }, pagination.toPagination())

internal fun NativeTicketPage.toPage() = Page(items.map { it.toTicket() }, pagination.toPagination())

private fun NativePagination.toPagination() =
    Pagination(total.toLong(), totalPages.toLong(), hasNextPage, hasPrevPage, page?.toLong(), limit?.toLong())

private fun NativeListProgress.toListProgress() = ListProgress(pagesRead.toLong(), records.toLong(), total?.toLong(), changedDuringRead)
