public import Vocabulary

/// The identifier of a reservation: made here, before anything is stored, so that storing it twice is noticed.
///
/// Ascends in time: milliseconds since 2020-01-01T00:00:00Z in 41 bits, the node in 10, a sequence in 12. So a range of
/// time is a range of identifiers, and new rows go to the end of their table.
public struct ReservationID: RawRepresentable, Hashable, Comparable, Sendable {
    public let rawValue: Int64

    public init(rawValue: Int64) { self.rawValue = rawValue }

    public static func < (left: ReservationID, right: ReservationID) -> Bool { left.rawValue < right.rawValue }
}

extension ReservationID {
    /// In milliseconds since 1970.
    private static let epoch: Int64 = 1_577_836_800_000
    /// The greatest time that an identifier is made for, in the year 2089. Twelve days are left behind it, so that a clock
    /// that stands beyond leaves room for more identifiers than a gateway makes in its life.
    private static let millisecondMax: Int64 = 1 << 41 - 1 << 30

    /// The greatest one that a store may have: behind it a gateway could run out of identifiers. No gateway has made a
    /// greater one, since it leaves half of the room that is left behind the greatest time.
    public static let greatestFound = ReservationID(rawValue: (millisecondMax + 1 << 29) << 22)

    /// The least identifier that can be made at this time. Those made earlier are below it, those made later above,
    /// except where the clock was set back and identifiers ran ahead of it.
    ///
    /// Times outside of 2020 to 2089 count as the nearest one inside.
    public static func smallest(at time: Timestamp) -> ReservationID {
        let millisecond = floorDivide(time.microseconds, 1_000) - epoch
        return ReservationID(rawValue: min(max(millisecond, 0), millisecondMax) << 22)
    }
}
