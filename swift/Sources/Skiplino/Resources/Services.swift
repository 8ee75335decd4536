// Appointment slots: operation 3.
internal import SkiplinoNative

/// Services and their appointment slots. See ``SkiplinoClient/services``.
public struct Services: Sendable {
    let client: SkiplinoClient

    /// The free appointment slots of a service (operation 3, `GET /services/{id}/slots`) on a date,
    /// or today, in the company's time zone. The list is empty if the day is fully booked or the
    /// branch is closed.
    ///
    /// - Throws: ``SkiplinoError/Kind/validation`` for a date in the past, or a service that does
    ///   not take appointments.
    public func slots(
        of service: Service.ID, on date: CalendarDate? = nil, options: CallOptions = .standard
    ) async throws(SkiplinoError) -> [Slot] {
        try await client.call(options) {
            try await $0.listSlots(serviceId: service.rawValue, date: date?.description, options: $1, cancel: $2)
        }.map(Slot.init)
    }
}
