/// Decides which connections keep a place on the admin side, and which gives way when there are too many. Pure.
///
/// A connection is a stranger until it shows a good token. Strangers may use only part of the places; when a new one
/// finds no place, the oldest stranger gives way. Idle connections therefore cannot lock out an operator, who needs a
/// stranger's place only until the head of the first request is read.
struct ConnectionPlaces {
    /// Oldest first, by the time at which they became strangers.
    private(set) var strangers: [UInt64] = []
    /// The number of connections that have shown a good token.
    private(set) var knownCount = 0

    mutating func enter(_ id: UInt64) { strangers.append(id) }

    /// A stranger showed a good token.
    mutating func recognise(_ id: UInt64) {
        removeStranger(id)
        knownCount += 1
    }

    /// The token shown by a connection is no longer good.
    mutating func forget(_ id: UInt64) {
        knownCount -= 1
        strangers.append(id)
    }

    mutating func leave(_ id: UInt64, isStranger: Bool) {
        if isStranger { removeStranger(id) } else { knownCount -= 1 }
    }

    private mutating func removeStranger(_ id: UInt64) {
        guard let index = strangers.firstIndex(of: id) else { preconditionFailure("no stranger of that number") }
        strangers.remove(at: index)
    }

    /// The stranger that has to give way to the newest one; nil when there are enough places, or no other stranger.
    ///
    /// - Parameter isBusy: whether a request of the connection is being handled; busy connections give way last.
    func surplus(strangersMax: Int, connectionsMax: Int, isBusy: (UInt64) -> Bool) -> UInt64? {
        guard isOverfull(strangersMax: strangersMax, connectionsMax: connectionsMax) else { return nil }
        let others = strangers.dropLast()
        return others.first { !isBusy($0) } ?? others.first
    }

    func isOverfull(strangersMax: Int, connectionsMax: Int) -> Bool {
        strangers.count > strangersMax || strangers.count + knownCount > connectionsMax
    }
}
