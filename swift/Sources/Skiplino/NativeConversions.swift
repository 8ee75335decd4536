// Converts between the generated types and the types of this package.
import Foundation
internal import SkiplinoNative

/// A response of the native library: data with metadata.
protocol NativeResponse {
    associatedtype Content
    var data: Content { get }
    var info: SkiplinoNative.ResponseInfo { get }
}

extension BranchesResponse: NativeResponse {}
extension BranchTreeResponse: NativeResponse {}
extension SlotsResponse: NativeResponse {}
extension TicketResponse: NativeResponse {}
extension TicketPageResponse: NativeResponse {}
extension CustomerResponse: NativeResponse {}
extension FoundCustomerResponse: NativeResponse {}
extension CustomerPageResponse: NativeResponse {}
extension SkiplinoNative.ResponseInfo: NativeResponse {
    var data: Void { () }
    var info: Self { self }
}

extension Duration {
    /// Whole milliseconds, rounded up, so that a short duration does not become zero.
    var milliseconds: Int64 {
        let (seconds, attoseconds) = components
        let (whole, overflows) = seconds.multipliedReportingOverflow(by: 1000)
        let rest = Int64((Double(attoseconds) / 1e15).rounded(.up))
        return overflows ? (seconds < 0 ? .min : .max) : whole.addingReportingOverflow(rest).partialValue
    }
}

/// The Swift version of the compiler, for the `User-Agent` header.
private var swiftVersion: String {
    #if compiler(>=6.4)
        "6.4 or later"
    #elseif compiler(>=6.3)
        "6.3"
    #elseif compiler(>=6.2)
        "6.2"
    #elseif compiler(>=6.1)
        "6.1"
    #else
        "6.0"
    #endif
}

extension ClientSettings {
    init(_ configuration: SkiplinoClient.Configuration) {
        self.init(
            baseUrl: configuration.baseURL?.absoluteString,
            locale: configuration.locale,
            connectTimeoutMs: configuration.connectTimeout?.milliseconds,
            attemptTimeoutMs: configuration.attemptTimeout?.milliseconds,
            deadlineMs: configuration.deadline?.milliseconds,
            maxAttempts: configuration.maxAttempts.map(Int64.init),
            backoffMs: configuration.backoff?.milliseconds,
            maxBackoffMs: configuration.maxBackoff?.milliseconds,
            requestsPerSecond: configuration.requestsPerSecond,
            maxResponseBytes: configuration.maxResponseBytes.map(Int64.init),
            proxy: configuration.proxy?.absoluteString,
            rootCertificates: configuration.rootCertificates,
            userAgentSuffix: configuration.userAgentSuffix,
            allowSecretKeyOnDevice: configuration.allowsSecretKeyOnDevice,
            host: "swift \(swiftVersion)")
    }
}

extension SkiplinoError {
    /// Converts an error of the generated code.
    init(_ error: any Error) {
        switch error {
        case let error as SkiplinoError: self = error
        case SkiplinoNative.SkiplinoError.Failed(let failure): self.init(failure)
        // A panic that was caught at the boundary, or a native library of another version.
        default: self.init(.internal, .unknown, "a bug in the client library")
        }
    }

    private init(_ failure: Failure) {
        kind = Kind(failure.kind)
        outcome = failure.outcome == .unknown ? .unknown : .notApplied
        text = failure.text
        operation = failure.operation
        status = failure.status.map(Int.init)
        serverMessage = failure.serverMessage
        reason = failure.reason
        fields = failure.fields
        path = failure.path
        retryAfter = failure.retryAfterMs.map { .milliseconds(Int64(clamping: $0)) }
        timeout =
            switch failure.timeout {
            case .connect: .connect
            case .attempt: .attempt
            case .call: .call
            case nil: nil
            }
        attempts = Int(failure.attempts)
        isRetryable = failure.retryable
    }
}

extension SkiplinoError.Kind {
    fileprivate init(_ kind: FailureKind) {
        self =
            switch kind {
            case .invalidRequest: .invalidRequest
            case .secretKeyRequired: .secretKeyRequired
            case .unauthorized: .unauthorized
            case .rejected: .rejected
            case .notFound: .notFound
            case .conflict: .conflict
            case .validation: .validation
            case .rateLimited: .rateLimited
            case .server: .server
            case .unexpectedStatus: .unexpectedStatus
            case .decode: .decode
            case .connect: .connect
            case .transport: .transport
            case .timeout: .timeout
            case .outcomeUnknown: .outcomeUnknown
            case .cancelled: .cancelled
            case .closed: .closed
            case .internal: .internal
            }
    }
}

extension ResponseInfo {
    init(_ info: SkiplinoNative.ResponseInfo) {
        status = Int(info.status)
        message = info.message
        attempts = Int(info.attempts)
        isRecovered = info.recovered
        let lines = info.headers.split(separator: "\n").compactMap { line -> (String, String)? in
            guard let colon = line.firstIndex(of: ":") else { return nil }
            return (String(line[..<colon]), String(line[line.index(after: colon)...].drop { $0 == " " }))
        }
        headers = Dictionary(lines) { first, second in "\(first), \(second)" }
    }
}

extension NativeCustomerRef {
    init(_ customer: CustomerRef) {
        self =
            switch customer {
            case .id(let id): .id(id: id.rawValue)
            case .externalID(let id): .externalId(id: id)
            }
    }
}

extension Branch {
    init(_ branch: NativeBranch) {
        self.init(id: ID(branch.id), name: branch.name, isOpen: branch.isOpen)
    }
}

extension BranchTreeGroup {
    init(_ group: NativeBranchTreeGroup) {
        self.init(id: ID(group.id), name: group.name, services: group.services.map(Service.init))
    }
}

extension Service {
    init(_ service: NativeService) {
        self.init(id: ID(service.id), name: service.name, isOpen: service.isOpen, isAppointment: service.isAppointment)
    }
}

extension Slot {
    init(_ slot: NativeSlot) {
        self.init(time: Date(milliseconds: slot.timeMs), remaining: Int(slot.remaining))
    }
}

extension NamedRef {
    init(_ named: NativeNamedRef) {
        self.init(id: Skiplino.ID(named.id), name: named.name)
    }
}

extension Ticket {
    init(_ ticket: NativeTicket) {
        self.init(
            id: ID(ticket.id), ticketNumber: ticket.ticketNumber, status: TicketStatus(rawValue: ticket.status),
            statusAt: Date(milliseconds: ticket.statusAtMs), type: TicketType(rawValue: ticket.ticketType),
            time: ticket.timeMs.map(Date.init(milliseconds:)), branch: NamedRef(ticket.branch), service: NamedRef(ticket.service),
            groupOfService: NamedRef(ticket.groupOfService),
            customer: ticket.customer.map { TicketCustomer(id: Customer.ID($0.id), name: $0.name) },
            bookedAt: Date(milliseconds: ticket.bookedAtMs), queueSize: ticket.queueSize.map(Int.init),
            waitingTime: ticket.waitingTime.map(Int.init))
    }
}

extension NativeBooking {
    init(_ request: BookTicketRequest) throws(SkiplinoError) {
        self.init(
            serviceId: request.service.rawValue, groupOfServiceId: request.group.rawValue, timeMs: request.time?.milliseconds,
            customer: request.customer.map(NativeCustomerRef.init), options: try text(of: request.options, "options"),
            location: request.location.map { NativeLocation(lat: $0.latitude, lng: $0.longitude) })
    }
}

extension Customer {
    init(_ customer: NativeCustomer) {
        self.init(
            id: ID(customer.id), externalID: customer.externalId, companyID: customer.companyId, name: customer.name,
            email: customer.email, mobile: customer.mobile, metadata: customer.metadata.map(LazyJSON.text) ?? .read(nil),
            createdAt: Date(milliseconds: customer.createdAtMs), updatedAt: Date(milliseconds: customer.updatedAtMs))
    }
}

extension NativeCustomerFields {
    init(_ name: String?, _ email: String?, _ mobile: String?, _ metadata: JSONValue?) throws(SkiplinoError) {
        self.init(name: name, email: email, mobile: mobile, metadata: try text(of: metadata, "metadata"))
    }
}

extension Pagination {
    init(_ pagination: NativePagination) {
        self.init(
            total: Int(clamping: pagination.total), totalPages: Int(clamping: pagination.totalPages),
            hasNextPage: pagination.hasNextPage, hasPrevPage: pagination.hasPrevPage, page: pagination.page.map(Int.init(clamping:)),
            limit: pagination.limit.map(Int.init(clamping:)))
    }
}

extension ListProgress {
    init(_ progress: NativeListProgress) {
        self.init(
            pagesRead: Int(clamping: progress.pagesRead), records: Int(clamping: progress.records),
            total: progress.total.map(Int.init(clamping:)), changedDuringRead: progress.changedDuringRead)
    }
}

/// The JSON text of a value, or `nil` without a value.
private func text(of value: JSONValue?, _ field: String) throws(SkiplinoError) -> String? {
    guard let value else { return nil }
    guard let text = value.json else {
        let reason = "must not contain NaN or infinity"
        throw SkiplinoError(.invalidRequest, .notApplied, "invalid input: \(field): \(reason)", fields: [field: [reason]])
    }
    return text
}
