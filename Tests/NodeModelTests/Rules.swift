/// The guards of the protocol, each of which a test can take away to see which invariant notices. `docs/nodes.md` §3
/// and §4 state the rules that they stand for.
struct Rules: Equatable, Sendable {
    /// One guard. The raw value is what a printed run says.
    enum Guard: String, CaseIterable, Sendable {
        /// A transaction begins with the update of its node's row, and goes no further when there is none to update.
        case fence
        /// No first byte to the vendor later than 6 s after the last confirmed transaction was sent.
        case sendRule
        /// COMMIT is sent only after the fence has answered.
        case commitApart
        /// Balances are read by a statement after the one that waited for the scopes.
        case balancesAfterLock
        /// Scopes are locked at all.
        case scopeLock
        /// The endings of a batch count before its admissions are decided.
        case endingsFirst
        /// Results are read again under the claim.
        case recheck
        /// A purge removes results after it has the flights.
        case purgeFlightsFirst
        /// A purge makes open flights unstorable.
        case purgeMarksFlights
        /// A purge deletes claims, so that nobody joins from then on.
        case purgeUnclaims
        /// Numbers of the feed come from a row that is locked until COMMIT.
        case feedHead
        /// The feed number is taken last, when every other row is locked.
        case feedLast
        /// The feed is read in a transaction that beats.
        case pollBeats
        /// An ending looks at the state of its row before it books.
        case endFromState
        /// Only a node whose lease is over is declared dead.
        case sweepLease
        /// The condition is checked again on the row that was waited for.
        case sweepRecheck
        /// The sweep runs without the fence of the node that sweeps.
        case sweepAlone
        /// What fills memory carries the stamp that it was asked under.
        case stamps
        /// After an unknown COMMIT the beat is read before anything is done again.
        case recovery
        /// The client is answered, and the vendor asked, after COMMIT has been confirmed.
        case answerAfterCommit
        /// The outcome is left for followers on other nodes.
        case landings
        /// No answer about a document is stored while it is being changed.
        case changeMarkers
        /// The marker of a change is committed before its purge begins.
        case markerFirst
        /// An answer that comes after its flight was swept is not stored.
        case lateUnstored
        /// A backend that waits for its client inside a transaction is ended after 2 s.
        case idleTimeout
        /// A process that joins again empties its memory then, not when it lost its row.
        case emptyMemory
        /// Hits end when the store was not heard of for `Limits.staleFor`.
        case staleFor
        /// A landing that is lost, denied or followed in vain leads to another claim, not to an endless wait.
        case claimAgain
    }

    private(set) var missing: Set<Guard> = []
    /// Write conflicts are 40001, and a transaction has one snapshot.
    var isRepeatableRead = false
    /// The standby that takes over may have lost the last commits.
    var losesCommits = false
    /// A process that has lost its seat ends what it has begun, without a fence, and is started again; else it joins
    /// again.
    var endsWithoutSeat = false

    static func without(_ missing: Guard...) -> Rules {
        var rules = Rules()
        rules.missing = Set(missing)
        return rules
    }

    func has(_ rule: Guard) -> Bool { missing.isEmpty || !missing.contains(rule) }
}

/// Times of the protocol, in milliseconds. Those that only bound waste are shorter than in production, so that runs
/// reach them.
enum Times {
    static let lease = 10_000
    static let sendWithin = 6_000
    static let lockTimeout = 2_000
    static let idleTimeout = 2_000
    static let pollEvery = 500
    static let sweepEvery = 2_000
    static let landingKept = 60_000
    static let numberRests = 60_000
    static let staleFor = 20_000
}
