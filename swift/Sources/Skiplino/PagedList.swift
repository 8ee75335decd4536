// Paged lists, as async sequences.
import Foundation
internal import SkiplinoNative

/// The position of a page in its list.
public struct Pagination: Sendable, Hashable, Codable {
    /// The number of records in the whole list.
    public let total: Int
    /// The number of pages in the whole list, at this page's limit.
    public let totalPages: Int
    /// Whether there is a next page.
    public let hasNextPage: Bool
    /// Whether there is a previous page.
    public let hasPrevPage: Bool
    /// The page number, from 1; `nil` if the server omits this undocumented field.
    public let page: Int?
    /// The number of records a page; `nil` if the server omits this undocumented field.
    public let limit: Int?
}

/// One page of a list.
public struct Page<Element: Sendable>: Sendable {
    /// The records, in the order of the list.
    public let items: [Element]
    /// The position of the page in its list.
    public let pagination: Pagination
}

extension Page: Equatable where Element: Equatable {}
extension Page: Hashable where Element: Hashable {}
extension Page: Encodable where Element: Encodable {}

/// The progress of reading a list.
public struct ListProgress: Sendable, Hashable {
    /// The number of pages read, including pages read again to detect changes.
    public let pagesRead: Int
    /// The number of records returned.
    public let records: Int
    /// The number of records in the list, as of the page read last; `nil` before the first page.
    public let total: Int?
    /// Whether the list changed during the read. Records that exist for the whole read are still
    /// returned exactly once.
    public let changedDuringRead: Bool
}

/// A paged list: loop over its records or its ``pages``, or read one ``page(_:)``.
///
/// ```swift
/// let customers = client.customers.list()
/// for try await customer in customers {
///     print(customer.id, "of", customers.progress?.total ?? 0)
/// }
/// ```
///
/// The newest record comes first, and the list may change during the read. **The loop returns each
/// record that exists for the whole read exactly once, and no record twice**; a record that is
/// inserted or deleted during the read may be returned or not. The loop reads 4, and later up to 16
/// pages ahead while the list does not change. Leaving the loop or cancelling its task stops the
/// read. Each loop reads the list from the start.
public struct PagedList<Element: Sendable>: AsyncSequence, Sendable {
    private let fetch: @Sendable (Int) async throws(SkiplinoError) -> Page<Element>
    private let makePager: @Sendable () throws(SkiplinoError) -> Pager<Element>
    private let latest = LatestTracker()

    init(
        fetch: @escaping @Sendable (Int) async throws(SkiplinoError) -> Page<Element>,
        makePager: @escaping @Sendable () throws(SkiplinoError) -> Pager<Element>
    ) {
        self.fetch = fetch
        self.makePager = makePager
    }

    /// One page, numbered from 1. A page past the end is empty.
    public func page(_ number: Int) async throws(SkiplinoError) -> Page<Element> {
        try await fetch(number)
    }

    /// All pages in order, without records of earlier pages. There is a first page even if the list
    /// is empty.
    public var pages: Pages { Pages(list: self) }

    /// The progress of the loop that was started last, also after its end; `nil` before its first
    /// page.
    public var progress: ListProgress? { latest.tracker?.progress }

    /// Reads all records, starting with the newest.
    public func makeAsyncIterator() -> Iterator {
        Iterator(pages: pages.makeAsyncIterator())
    }

    /// All pages of a list. See ``PagedList/pages``.
    public struct Pages: AsyncSequence, Sendable {
        /// A page.
        public typealias Element = Page<PagedList.Element>

        fileprivate let list: PagedList

        /// Reads all pages, starting with the first.
        public func makeAsyncIterator() -> Iterator {
            Iterator(makePager: list.makePager, tracker: list.latest.start())
        }

        /// Reads pages one after another.
        public struct Iterator: AsyncIteratorProtocol, Sendable {
            fileprivate let makePager: @Sendable () throws(SkiplinoError) -> Pager<PagedList.Element>
            fileprivate let tracker: ProgressTracker
            // Released at the end, which ends the requests that read ahead.
            private var pager: Pager<PagedList.Element>?
            private var isOver = false

            fileprivate init(
                makePager: @escaping @Sendable () throws(SkiplinoError) -> Pager<PagedList.Element>, tracker: ProgressTracker
            ) {
                self.makePager = makePager
                self.tracker = tracker
            }

            /// The next page, or `nil` after the last. Throws ``SkiplinoError``, which ends the
            /// loop.
            public mutating func next() async throws -> Page<PagedList.Element>? {
                if isOver { return nil }
                // Reset below if there is a page.
                isOver = true
                let pager = try self.pager ?? makePager()
                self.pager = nil
                defer { tracker.record(ListProgress(pager.progress())) }
                guard let page = try await cancellable({ try await pager.next($0) }) else { return nil }
                (self.pager, isOver) = (pager, false)
                return page
            }
        }
    }

    /// Reads records one after another.
    public struct Iterator: AsyncIteratorProtocol, Sendable {
        private var pages: Pages.Iterator
        private var items: ArraySlice<Element> = []

        fileprivate init(pages: Pages.Iterator) {
            self.pages = pages
        }

        /// The next record, or `nil` after the last. Throws ``SkiplinoError``, which ends the loop.
        public mutating func next() async throws -> Element? {
            while items.isEmpty {
                guard let page = try await pages.next() else { return nil }
                items = page.items[...]
            }
            let item = items.removeFirst()
            pages.tracker.setUnread(items.count)
            return item
        }
    }
}

/// Reads a list page by page through the native library.
struct Pager<Element: Sendable>: Sendable {
    let next: @Sendable (CancelHandle) async throws -> Page<Element>?
    let progress: @Sendable () -> NativeListProgress
}

/// The progress of one loop over a list.
private final class ProgressTracker: @unchecked Sendable {
    private let lock = NSLock()
    private var read: ListProgress?
    private var unread = 0

    func record(_ progress: ListProgress) {
        lock.withLock { (read, unread) = (progress, 0) }
    }

    /// Sets how many records of the current page the loop has not returned yet.
    func setUnread(_ count: Int) {
        lock.withLock { unread = count }
    }

    var progress: ListProgress? {
        lock.withLock {
            read.map {
                ListProgress(
                    pagesRead: $0.pagesRead, records: $0.records - unread, total: $0.total, changedDuringRead: $0.changedDuringRead)
            }
        }
    }
}

/// The progress of the loop that was started last.
private final class LatestTracker: @unchecked Sendable {
    private let lock = NSLock()
    private var last: ProgressTracker?

    var tracker: ProgressTracker? { lock.withLock { last } }

    func start() -> ProgressTracker {
        let tracker = ProgressTracker()
        lock.withLock { last = tracker }
        return tracker
    }
}
