// The customer directory: operations 8 to 13.
internal import SkiplinoNative

/// The customer directory. All operations but ``tickets(of:limit:options:)`` need a secret key. See
/// ``SkiplinoClient/customers``.
public struct Customers: Sendable {
    let client: SkiplinoClient

    /// Creates a customer (operation 8, `POST /customers/create`). With an external id, a retry
    /// cannot create a second customer: if the response is lost, the library looks up the customer
    /// and sends the request again only if there is none.
    ///
    /// - Throws: ``SkiplinoError/Kind/validation``, for example if the external id is taken.
    ///   Without an external id, ``SkiplinoError/Kind/outcomeUnknown`` if the response was lost:
    ///   another try could create a second customer.
    public func create(_ request: CustomerWriteRequest, options: CallOptions = .standard) async throws(SkiplinoError) -> Customer {
        let fields = try NativeCustomerFields(request.name, request.email, request.mobile, request.metadata)
        let response = try await client.call(options) {
            try await $0.createCustomer(externalId: request.externalID, fields: fields, options: $1, cancel: $2)
        }
        return Customer(response)
    }

    /// All customers, newest first (operation 9, `GET /customers/getAll`).
    ///
    /// - Parameters:
    ///   - limit: The number of customers a page, from 1 to 100; default: 100.
    ///   - options: The options of the call for each page.
    /// - Returns: A list to loop over. It sends no request before the loop.
    public func list(limit: Int? = nil, options: CallOptions = .standard) -> PagedList<Customer> {
        let limit = limit.map(Int64.init)
        return PagedList { [client] number throws(SkiplinoError) in
            let page = try await client.call(options) {
                try await $0.listCustomers(page: Int64(number), limit: limit, options: $1, cancel: $2)
            }
            return Page(page)
        } makePager: { [client] () throws(SkiplinoError) in
            let pager = try translatingErrors { try client.native.customerPager(limit: limit, options: client.callOptions(options)) }
            return Pager {
                try await pager.next(cancel: $0).map(Page.init)
            } progress: {
                pager.progress()
            }
        }
    }

    /// One customer (operation 10, `GET /customers/getOne`).
    ///
    /// - Throws: ``SkiplinoError/Kind/validation`` if there is no such customer; see
    ///   ``find(_:options:)``.
    public func get(_ customer: CustomerRef, options: CallOptions = .standard) async throws(SkiplinoError) -> Customer {
        Customer(
            try await client.call(options) {
                try await $0.getCustomer(customer: NativeCustomerRef(customer), options: $1, cancel: $2)
            })
    }

    /// One customer, or `nil` if there is no such customer (operation 10, whose status 422 for an
    /// unknown id is not an error here).
    public func find(_ customer: CustomerRef, options: CallOptions = .standard) async throws(SkiplinoError) -> Customer? {
        try await client.call(options) {
            try await $0.findCustomer(customer: NativeCustomerRef(customer), options: $1, cancel: $2)
        }.map(Customer.init)
    }

    /// Updates the given fields and keeps the others (operation 11, `PUT /customers/update`).
    /// `metadata` is replaced as a whole.
    ///
    /// - Throws: ``SkiplinoError/Kind/validation``; ``SkiplinoError/Kind/notFound`` if the record
    ///   was deleted during the update.
    @discardableResult
    public func update(_ request: CustomerUpdateRequest, options: CallOptions = .standard) async throws(SkiplinoError) -> Customer {
        let fields = try NativeCustomerFields(request.name, request.email, request.mobile, request.metadata)
        let response = try await client.call(options) {
            try await $0.updateCustomer(
                customer: NativeCustomerRef(request.customer), newExternalId: request.externalID, fields: fields, options: $1, cancel: $2)
        }
        return Customer(response)
    }

    /// Deletes a customer permanently (operation 12, `DELETE /customers/delete`). The customer's
    /// tickets remain. If the response is lost, the library looks up the customer and sends the
    /// request again only if the customer still exists.
    ///
    /// - Throws: ``SkiplinoError/Kind/validation`` if there is no such customer.
    public func delete(_ customer: CustomerRef, options: CallOptions = .standard) async throws(SkiplinoError) {
        try await client.call(options) {
            try await $0.deleteCustomer(customer: NativeCustomerRef(customer), options: $1, cancel: $2)
        }
    }

    /// A customer's tickets, newest first (operation 13, `GET /customers/tickets`). Works with any
    /// key.
    ///
    /// - Parameters:
    ///   - customer: The customer of the tickets.
    ///   - limit: The number of tickets a page, from 1 to 10; default: 10.
    ///   - options: The options of the call for each page.
    /// - Returns: A list to loop over. It sends no request before the loop.
    public func tickets(of customer: CustomerRef, limit: Int? = nil, options: CallOptions = .standard) -> PagedList<Ticket> {
        let limit = limit.map(Int64.init)
        let customer = NativeCustomerRef(customer)
        return PagedList { [client] number throws(SkiplinoError) in
            let page = try await client.call(options) {
                try await $0.listCustomerTickets(customer: customer, page: Int64(number), limit: limit, options: $1, cancel: $2)
            }
            return Page(page)
        } makePager: { [client] () throws(SkiplinoError) in
            let pager = try translatingErrors {
                try client.native.customerTicketPager(customer: customer, limit: limit, options: client.callOptions(options))
            }
            return Pager {
                try await pager.next(cancel: $0).map(Page.init)
            } progress: {
                pager.progress()
            }
        }
    }
}

extension Page where Element == Customer {
    fileprivate init(_ page: NativeCustomerPage) {
        self.init(items: page.items.map(Customer.init), pagination: Pagination(page.pagination))
    }
}

extension Page where Element == Ticket {
    fileprivate init(_ page: NativeTicketPage) {
        self.init(items: page.items.map(Ticket.init), pagination: Pagination(page.pagination))
    }
}
