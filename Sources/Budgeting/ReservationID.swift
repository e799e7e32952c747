public import Vocabulary

/// The identifier of a reservation: made in memory before anything is stored, so that a repeated write is detected.
///
/// Ascends with time: 41 bits of milliseconds since 2020-01-01T00:00:00Z, 10 of node, 12 of sequence. So a range of
/// time is a range of identifiers, and new rows are appended to their table.
public struct ReservationID: RawRepresentable, Hashable, Comparable, Sendable {
    public let rawValue: Int64

    public init(rawValue: Int64) { self.rawValue = rawValue }

    public static func < (left: ReservationID, right: ReservationID) -> Bool { left.rawValue < right.rawValue }
}

extension ReservationID {
    /// In milliseconds since 1970.
    private static let epoch: Int64 = 1_577_836_800_000
    /// The latest time that an identifier is made for, in the year 2089. Twelve days are left above it, so that even a
    /// clock beyond it leaves more identifiers than a gateway makes in its life.
    private static let millisecondMax: Int64 = 1 << 41 - 1 << 30

    /// The greatest identifier that a store may contain: above it a gateway could run out of identifiers. No gateway
    /// has made a greater one: it lies in the middle of the room above the latest time.
    public static let greatestFound = ReservationID(rawValue: (millisecondMax + 1 << 29) << 22)

    /// The number of the node that made it, 0 to 1,023.
    public var node: Int { Int(rawValue >> 12 & 1_023) }

    /// The least identifier for this time. Identifiers made earlier are below it, and later ones are not, except where
    /// the clock was set back and identifiers ran ahead of it.
    ///
    /// Times outside of 2020 to 2089 are clamped to that range.
    public static func smallest(at time: Timestamp) -> ReservationID {
        let millisecond = floorDivide(time.microseconds, 1_000) - epoch
        return ReservationID(rawValue: min(max(millisecond, 0), millisecondMax) << 22)
    }
}
