import Vocabulary

/// Which address of a name is tried next, and for how long. Pure.
///
/// Each address that is still to be tried has an equal share of the time that is left, so that one that does not answer
/// leaves time for the others. A share is a quarter of the whole at least: with many addresses a share of all would be
/// shorter than the way to any of them. Those that are not reached for that come first the next time, since the ones
/// that failed come last (`AddressHistory`).
struct DialPlan {
    private static let sharesMax = 4

    private var addresses: ArraySlice<SocketAddress>
    private let whole: Duration

    /// - Parameters:
    ///   - addresses: in the order in which to try them.
    ///   - whole: the time for all of them together.
    init(_ addresses: [SocketAddress], whole: Duration) {
        self.addresses = addresses[...]
        self.whole = whole
    }

    /// The next address and its share of the time that is left; nil when there is no address or no time.
    mutating func next(left: Duration) -> (address: SocketAddress, share: Duration)? {
        guard left > .zero else { return nil }
        let count = addresses.count
        guard let address = addresses.popFirst() else { return nil }
        return (address, min(left, max(left / count, whole / Self.sharesMax)))
    }
}
