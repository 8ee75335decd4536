internal import SkiplinoNative

/// The customer directory. All but ``tickets(of:limit:options:)`` take a secret key. See ``SkiplinoClient/customers``.
public struct Customers: Sendable {
    let client: SkiplinoClient

    /// Creates a customer (operation 8, `POST /customers/create`). With an external id a second try cannot make a second customer: if
    /// the answer is lost, the customer is looked for, and created again if there is none.
    ///
    /// - Throws: ``SkiplinoError/Kind/validation``, as for an external id that is taken. Without an external id
    ///   ``SkiplinoError/Kind/outcomeUnknown`` when the answer was lost: creating again could make a second customer.
    public func create(_ request: CustomerWriteRequest, options: CallOptions = .standard) async throws(SkiplinoError) -> Customer {
        let fields = try NativeCustomerFields(request.name, request.email, request.mobile, request.metadata)
        let answer = try await client.call(options) {
            try await $0.createCustomer(externalId: request.externalID, fields: fields, options: $1, cancel: $2)
        }
        return Customer(answer)
    }

    /// All customers, newest first (operation 9, `GET /customers/getAll`).
    ///
    /// - Parameters:
    ///   - limit: Customers a page, from 1 to 100: 100 unless set.
    ///   - options: What differs for the call of each page.
    /// - Returns: What to loop over; nothing is asked for before.
    public func list(limit: Int? = nil, options: CallOptions = .standard) -> PagedList<Customer> {
        let limit = limit.map(Int64.init)
        return PagedList { [client] number throws(SkiplinoError) in
            let page = try await client.call(options) {
                try await $0.listCustomers(page: Int64(number), limit: limit, options: $1, cancel: $2)
            }
            return Page(page)
        } begin: { [client] () throws(SkiplinoError) in
            let walk = try rethrowing { try client.native.walkCustomers(limit: limit, options: client.callOptions(options)) }
            return Walk {
                try await walk.next(cancel: $0).map(Page.init)
            } progress: {
                walk.progress()
            }
        }
    }

    /// One customer (operation 10, `GET /customers/getOne`).
    ///
    /// - Throws: ``SkiplinoError/Kind/validation`` when there is none: see ``find(_:options:)``.
    public func get(_ customer: CustomerRef, options: CallOptions = .standard) async throws(SkiplinoError) -> Customer {
        Customer(
            try await client.call(options) {
                try await $0.getCustomer(customer: NativeCustomerRef(customer), options: $1, cancel: $2)
            })
    }

    /// One customer, or `nil` where there is none (operation 10, whose 422 for an unknown id is an answer here).
    public func find(_ customer: CustomerRef, options: CallOptions = .standard) async throws(SkiplinoError) -> Customer? {
        try await client.call(options) {
            try await $0.findCustomer(customer: NativeCustomerRef(customer), options: $1, cancel: $2)
        }.map(Customer.init)
    }

    /// Changes the fields that are given and leaves the others (operation 11, `PUT /customers/update`); `metadata` is replaced whole.
    ///
    /// - Throws: ``SkiplinoError/Kind/validation``; ``SkiplinoError/Kind/notFound`` when the record vanished meanwhile.
    @discardableResult
    public func update(_ request: CustomerUpdateRequest, options: CallOptions = .standard) async throws(SkiplinoError) -> Customer {
        let fields = try NativeCustomerFields(request.name, request.email, request.mobile, request.metadata)
        let answer = try await client.call(options) {
            try await $0.updateCustomer(
                customer: NativeCustomerRef(request.customer), newExternalId: request.externalID, fields: fields, options: $1, cancel: $2)
        }
        return Customer(answer)
    }

    /// Deletes a customer for good (operation 12, `DELETE /customers/delete`). Their tickets stay. If the answer is lost, the customer
    /// is looked for, and deleted again if still there.
    ///
    /// - Throws: ``SkiplinoError/Kind/validation`` when there is none.
    public func delete(_ customer: CustomerRef, options: CallOptions = .standard) async throws(SkiplinoError) {
        try await client.call(options) {
            try await $0.deleteCustomer(customer: NativeCustomerRef(customer), options: $1, cancel: $2)
        }
    }

    /// A customer's tickets, newest first (operation 13, `GET /customers/tickets`). Takes any key.
    ///
    /// - Parameters:
    ///   - customer: Whose.
    ///   - limit: Tickets a page, from 1 to 10: 10 unless set.
    ///   - options: What differs for the call of each page.
    /// - Returns: What to loop over; nothing is asked for before.
    public func tickets(of customer: CustomerRef, limit: Int? = nil, options: CallOptions = .standard) -> PagedList<Ticket> {
        let limit = limit.map(Int64.init)
        let customer = NativeCustomerRef(customer)
        return PagedList { [client] number throws(SkiplinoError) in
            let page = try await client.call(options) {
                try await $0.listCustomerTickets(customer: customer, page: Int64(number), limit: limit, options: $1, cancel: $2)
            }
            return Page(page)
        } begin: { [client] () throws(SkiplinoError) in
            let walk = try rethrowing {
                try client.native.walkCustomerTickets(customer: customer, limit: limit, options: client.callOptions(options))
            }
            return Walk {
                try await walk.next(cancel: $0).map(Page.init)
            } progress: {
                walk.progress()
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
