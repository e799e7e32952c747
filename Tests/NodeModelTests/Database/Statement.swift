/// Who runs a transaction, for the invariants; and under which limits it decides.
struct Writer: Equatable {
    enum Kind: Equatable { case batch, purge, sweep, poll, recovery, joining, late }
    let kind: Kind
    let node: Int
    let identity: Identity?
    var limits: Limits
}

struct BalanceChange: Equatable {
    let scope: Int
    let day: Int
    let number: Int
    var change: Amounts
}

/// What is sent to the database: each runs as one step, and waits inside it for locks.
enum Statement {
    case begin(Writer)
    case commit
    case rollback
    /// Takes the next beat of a live incarnation; answers how many rows that were.
    case fence(Identity, from: Int, to: Int)
    /// After an unknown COMMIT: answers the beat that it found.
    case takeBeat(Identity, to: Int)
    /// A row for a new incarnation, which the process has chosen at random; answers it, and the head of the feed.
    case join(incarnation: Int)

    /// `INSERT … ON CONFLICT DO NOTHING RETURNING`, in the order of questions.
    case claim([Claim])
    /// Locks flights in the order of their identifiers: those named, and those that have the claims of these questions,
    /// which become awaited.
    case lockFlights([Int], following: [Int], own: [Int])
    case lockScopes([Int])
    case readBalances([Int])
    case readResults([Int])
    case lockLedger([Int])
    case readMarkers([Int])

    case book([BalanceChange])
    case putLedger(Int, LedgerEntry)
    case putFlight(Int, FlightRow)
    case removeFlight(Int)
    case unclaim(Claim)
    case putResult(Int, Answer)
    case putLanding(Int, LandingOutcome)
    case revoke(key: Int)
    case quarantine(upstreamKey: Int)
    case feed(FeedEvent)

    /// Locks the flights about a document.
    case lockFlightsAbout(Int)
    /// Makes them unstorable, and deletes their claims.
    case detach(Int)
    case removeResults(about: Int)
    case mark(document: Int, serial: Int, Identity)
    case unmark(document: Int, serial: Int)

    /// Declares one node dead whose lease is over; answers its incarnation.
    case declareDead(excluding: Identity)
    /// Locks the flights of a dead node, and those about documents that it was changing.
    case lockForSweep(Identity)
    case sweepLedger(Identity)
    case sweepFlights(Identity)
    /// Answers the documents whose changes ended with the node.
    case sweepMarkers(Identity)
    case sweepLandings

    case readFeed(after: Int)
    case readLandings([Int])
    case readKey(Int)
}

struct Claim: Equatable {
    let question: Int
    let id: Int
}

/// The answer to a statement.
enum Reply {
    case done
    case count(Int)
    case beat(Int?)
    case joined(Identity, head: Int)
    case claimed([Int])
    case flights([(id: Int, row: FlightRow)], followed: [Claim])
    case balances([BalanceChange])
    case results([(question: Int, answer: Answer)])
    case ledger([(id: Int, row: LedgerEntry?)])
    case documents([Int])
    case dead(Identity?)
    case events([(number: Int, event: FeedEvent)])
    case landings([(id: Int, landing: Landing?, isFlying: Bool)])
    case isRevoked(Bool)
}

/// Errors of PostgreSQL, by the conditions that matter here.
enum Failure: String, Equatable {
    case serialization = "40001"
    case deadlock = "40P01"
    case lockTimeout = "55P03"
    case uniqueViolation = "23505"
}
