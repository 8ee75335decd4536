import Foundation
internal import SkiplinoNative

/// Where a page stands in its list.
public struct Pagination: Sendable, Hashable, Codable {
    /// Records in the whole list.
    public let total: Int
    /// Pages in the whole list, at this page's limit.
    public let totalPages: Int
    /// Whether a page follows.
    public let hasNextPage: Bool
    /// Whether a page comes before.
    public let hasPrevPage: Bool
    /// The page's number, from 1; not published, so perhaps absent.
    public let page: Int?
    /// Records a page; not published, so perhaps absent.
    public let limit: Int?
}

/// One page of a list.
public struct Page<Element: Sendable>: Sendable {
    /// The records, in the order of the list.
    public let items: [Element]
    /// Where the page stands in its list.
    public let pagination: Pagination
}

extension Page: Equatable where Element: Equatable {}
extension Page: Hashable where Element: Hashable {}
extension Page: Encodable where Element: Encodable {}

/// How far the reading of a list has come.
public struct ListProgress: Sendable, Hashable {
    /// Pages read, those read again and looks at the front included.
    public let pagesRead: Int
    /// Records handed out.
    public let records: Int
    /// Records in the list, as of the page read last; absent before the first.
    public let total: Int?
    /// Whether the list was seen to change. What was there throughout still comes exactly once.
    public let changedDuringRead: Bool
}

/// A list that comes in pages: all its records one by one, its ``pages``, or any one ``page(_:)``.
///
/// ```swift
/// let customers = client.customers.list()
/// for try await customer in customers {
///     print(customer.id, "of", customers.progress?.total ?? 0)
/// }
/// ```
///
/// The newest comes first, and the list may change while it is read. **Each record that is there throughout comes exactly once, and none
/// comes twice**; one that is inserted or deleted meanwhile may come or not. Pages are read up to 4 at a time, ahead of the loop. Leaving
/// the loop, or cancelling its task, stops the reading. Every loop begins anew.
public struct PagedList<Element: Sendable>: AsyncSequence, Sendable {
    private let fetch: @Sendable (Int) async throws(SkiplinoError) -> Page<Element>
    private let begin: @Sendable () throws(SkiplinoError) -> Walk<Element>
    private let latest = Latest()

    init(
        fetch: @escaping @Sendable (Int) async throws(SkiplinoError) -> Page<Element>,
        begin: @escaping @Sendable () throws(SkiplinoError) -> Walk<Element>
    ) {
        self.fetch = fetch
        self.begin = begin
    }

    /// One page, numbered from 1. A page past the end is empty.
    public func page(_ number: Int) async throws(SkiplinoError) -> Page<Element> {
        try await fetch(number)
    }

    /// All pages in order, without the records that came before. The first one comes even when the list is empty.
    public var pages: Pages { Pages(list: self) }

    /// How far the loop that was begun last has come, now and after its end; `nil` before its first page.
    public var progress: ListProgress? { latest.meter?.progress }

    /// Reads all records, from the newest on.
    public func makeAsyncIterator() -> Iterator {
        Iterator(pages: pages.makeAsyncIterator())
    }

    /// All pages of a list. See ``PagedList/pages``.
    public struct Pages: AsyncSequence, Sendable {
        /// What comes.
        public typealias Element = Page<PagedList.Element>

        fileprivate let list: PagedList

        /// Reads all pages, from the first on.
        public func makeAsyncIterator() -> Iterator {
            Iterator(begin: list.begin, meter: list.latest.begun())
        }

        /// Reads pages one after another.
        public struct Iterator: AsyncIteratorProtocol, Sendable {
            fileprivate let begin: @Sendable () throws(SkiplinoError) -> Walk<PagedList.Element>
            fileprivate let meter: Meter
            // Let go of at the end, and with it the requests that read ahead.
            private var walk: Walk<PagedList.Element>?
            private var isOver = false

            fileprivate init(begin: @escaping @Sendable () throws(SkiplinoError) -> Walk<PagedList.Element>, meter: Meter) {
                self.begin = begin
                self.meter = meter
            }

            /// The next page, or none after the last. Throws ``SkiplinoError``, and is over then.
            public mutating func next() async throws -> Page<PagedList.Element>? {
                if isOver { return nil }
                // Unless a page comes.
                isOver = true
                let walk = try self.walk ?? begin()
                self.walk = nil
                defer { meter.note(ListProgress(walk.progress())) }
                guard let page = try await cancellable({ try await walk.next($0) }) else { return nil }
                (self.walk, isOver) = (walk, false)
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

        /// The next record, or none after the last. Throws ``SkiplinoError``, and is over then.
        public mutating func next() async throws -> Element? {
            while items.isEmpty {
                guard let page = try await pages.next() else { return nil }
                items = page.items[...]
            }
            let item = items.removeFirst()
            pages.meter.keep(back: items.count)
            return item
        }
    }
}

/// All pages of a list, as the core hands them out.
struct Walk<Element: Sendable>: Sendable {
    let next: @Sendable (CancelHandle) async throws -> Page<Element>?
    let progress: @Sendable () -> ListProgress
}

/// How far one loop over a list has come.
private final class Meter: @unchecked Sendable {
    private let lock = NSLock()
    private var read: ListProgress?
    private var kept = 0

    func note(_ progress: ListProgress) {
        lock.withLock { (read, kept) = (progress, 0) }
    }

    /// Of the page in hand, so many records are still to be handed out.
    func keep(back count: Int) {
        lock.withLock { kept = count }
    }

    var progress: ListProgress? {
        lock.withLock {
            read.map {
                ListProgress(pagesRead: $0.pagesRead, records: $0.records - kept, total: $0.total, changedDuringRead: $0.changedDuringRead)
            }
        }
    }
}

/// The loop that was begun last.
private final class Latest: @unchecked Sendable {
    private let lock = NSLock()
    private var last: Meter?

    var meter: Meter? { lock.withLock { last } }

    func begun() -> Meter {
        let meter = Meter()
        lock.withLock { last = meter }
        return meter
    }
}
