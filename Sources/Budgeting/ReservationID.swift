/// The identifier of a reservation: made here, before anything is stored, so that storing it twice is noticed.
///
/// Ascends in time: milliseconds since 2020-01-01T00:00:00Z in 41 bits, the node in 10, a sequence in 12. So a range of
/// time is a range of identifiers, and new rows go to the end of their table.
public struct ReservationID: RawRepresentable, Hashable, Comparable, Sendable {
    public let rawValue: Int64

    public init(rawValue: Int64) { self.rawValue = rawValue }

    public static func < (left: ReservationID, right: ReservationID) -> Bool { left.rawValue < right.rawValue }
}
