/// Who has a place on the admin side, and who gives way when there are too many. Pure.
///
/// A connection is a stranger until it shows a good token. Strangers have a part of the places, and when one comes that
/// there is no place for, the oldest stranger gives way. So connections that do nothing never keep an operator out, who
/// needs a place only until the head of the first request is read.
struct ConnectionPlaces {
    /// In the order in which they became strangers, the oldest first.
    private(set) var strangers: [UInt64] = []
    /// How many connections have shown a good token.
    private(set) var knownCount = 0

    mutating func enter(_ id: UInt64) { strangers.append(id) }

    /// A stranger has shown a good token.
    mutating func recognise(_ id: UInt64) {
        removeStranger(id)
        knownCount += 1
    }

    /// The token that a connection shows is not good any more.
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

    /// Who has to give way to the newest stranger; nil when there are places enough, or nobody else is a stranger.
    ///
    /// - Parameter isBusy: whether a request of that connection is in work, which gives way last.
    func surplus(strangersMax: Int, connectionsMax: Int, isBusy: (UInt64) -> Bool) -> UInt64? {
        guard isOverfull(strangersMax: strangersMax, connectionsMax: connectionsMax) else { return nil }
        let others = strangers.dropLast()
        return others.first { !isBusy($0) } ?? others.first
    }

    func isOverfull(strangersMax: Int, connectionsMax: Int) -> Bool {
        strangers.count > strangersMax || strangers.count + knownCount > connectionsMax
    }
}
