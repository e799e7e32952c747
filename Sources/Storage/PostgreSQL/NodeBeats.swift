/// How far a process has come in its row of `nodes`, and what is known of the commits that it sent. Pure.
///
/// Each transaction writes the next beat into the row, if the row has the last confirmed one: the fence. So of two
/// transactions of a process one is committed before the other, and the row tells which were.
///
/// A COMMIT whose answer did not come is in doubt. Its bytes may still lie in a proxy, or its server process may still
/// be at it. The way out is a recovery: a transaction that locks the row, reads the beat, and writes a greater one than
/// was ever sent. Once that is committed, what it read is the answer, for whatever comes later finds a beat that it
/// does not know. A recovery may be in doubt as well; then the next one finds its beat, and knows that its answer
/// holds.
struct NodeBeats: Equatable {
    /// What the row has, unless a commit is in doubt.
    private(set) var confirmed: Int64
    private var greatestSent: Int64
    private var doubt: Doubt?

    private struct Doubt: Equatable {
        let beat: Int64
        /// Beats of recoveries in doubt, each with what it found.
        var recoveries: [Int64: Bool] = [:]
    }

    enum Finding: Equatable {
        /// Whether the commit in doubt was done. To be believed once the recovery that found it is committed.
        case wasCommitted(Bool)
        /// The row is older than what was confirmed, or has a beat that this process never sent.
        case lostCommits
    }

    init(joinedAt beat: Int64) {
        confirmed = beat
        greatestSent = beat
    }

    var isInDoubt: Bool { doubt != nil }

    /// The beat of the next transaction. Each is given once.
    mutating func next() -> Int64 {
        greatestSent += 1
        return greatestSent
    }

    /// The transaction with this beat is committed.
    mutating func confirm(_ beat: Int64) {
        precondition(doubt == nil, "confirm() in doubt")
        confirmed = beat
    }

    /// Whether the transaction with this beat is committed is not known.
    mutating func lose(_ beat: Int64) {
        precondition(doubt == nil, "lose() in doubt")
        doubt = Doubt(beat: beat)
    }

    /// What it means that the row, under its lock, has this beat. In doubt alone.
    func judge(_ found: Int64) -> Finding {
        guard let doubt else { preconditionFailure("judge() without doubt") }
        if let earlier = doubt.recoveries[found] { return .wasCommitted(earlier) }
        switch found {
        case doubt.beat: return .wasCommitted(true)
        case confirmed: return .wasCommitted(false)
        default: return .lostCommits
        }
    }

    /// The recovery with this beat is committed: the doubt is over.
    mutating func confirmRecovery(_ beat: Int64) {
        precondition(doubt != nil, "confirmRecovery() without doubt")
        doubt = nil
        confirmed = beat
    }

    /// Whether the recovery with this beat is committed is not known.
    mutating func loseRecovery(_ beat: Int64, whichFound wasCommitted: Bool) {
        doubt?.recoveries[beat] = wasCommitted
    }
}
