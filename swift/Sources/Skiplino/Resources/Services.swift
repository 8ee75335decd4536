internal import SkiplinoNative

/// Services and their appointment slots. See ``SkiplinoClient/services``.
public struct Services: Sendable {
    let client: SkiplinoClient

    /// The appointment times of a service that have places left (operation 3, `GET /services/{id}/slots`), on a day or today, in the
    /// company's time zone. An empty list is a full or closed day.
    ///
    /// - Throws: ``SkiplinoError/Kind/validation`` for a day that is past, or a service that does not take appointments.
    public func slots(
        of service: Service.ID, on date: CalendarDate? = nil, options: CallOptions = .standard
    ) async throws(SkiplinoError) -> [Slot] {
        try await client.call(options) {
            try await $0.listSlots(serviceId: service.rawValue, date: date?.description, options: $1, cancel: $2)
        }.map(Slot.init)
    }
}
