/// What a node may spend, from its configuration: of the organization in all time, of each team by day.
struct Limits: Equatable {
    var organization = 8
    var team = 6
}

/// A request of a client.
struct Request {
    enum Kind { case normal, noCache, noStore }

    let node: Int
    let question: Int
    let kind: Kind
    let key: Int
    let readStep: Int
    let readAt: Int
    /// The last feed number that its node had seen.
    let seen: Int
    /// The step in which its node had joined.
    let joinedStep: Int
    var isOver = false
    /// The flight on another node whose outcome it waits for.
    var followed: Int?
}

/// A question under way on one node, with the requests that wait for it.
struct LocalFlight {
    enum State: Equatable { case looking, admitting, calling(Int), following(Int) }

    let serial: Int
    let question: Int
    let kind: Request.Kind
    /// The first one leads.
    var requests: [Int]
    var isJoinable: Bool
    /// `Node.stamp` when it was asked.
    let stamp: Int
    var state = State.looking
}

/// A reservation that this process has not ended durably.
struct OpenCall {
    enum State { case unsent, sent, ending }

    let id: Int
    let owner: Identity
    let flight: Int
    let question: Int
    let kind: Request.Kind
    let entry: LedgerEntry
    var state = State.unsent
}

/// A read on the node's other connection, outside of transactions.
struct Lookup {
    enum Subject: Equatable {
        case key(Int, request: Int)
        case result(Int, flight: Int)
    }

    enum Value { case key(isRevoked: Bool), result(Answer?) }

    let subject: Subject
    let stamp: Int
    var value: Value?
}

/// What a process knows of the vendor's side of a call.
enum CallOutcome: Equatable { case answered(credits: Int), failed, unknown }

/// A process and its memory. A crash loses all but what says how its machine is.
struct Node {
    var isRunning = true
    var isPaused = false
    var isCutOff = false
    /// Of the local clock, in thousandths of the database's.
    var rate = 1_000
    var process = 0

    var identity: Identity?
    /// The one that it has lost, while it ends what it has begun.
    var lostSeat: Identity?
    /// The beat of the last transaction that is known to be committed, and the greatest that was sent.
    var beat = 0
    var greatestBeat = 0
    /// What became of a later beat is to be read before the next one.
    var isBeatUnsure = false
    /// When the last confirmed transaction was sent, by the local clock.
    var lastSent = 0
    var session: Int?
    var transaction: Transaction?
    /// Its COMMIT was sent, and nobody knows what came of it.
    var unknown: Transaction?
    var queue: [Operation] = []
    var lastPoll = 0
    var lastSweep = 0

    var limits = Limits()
    /// The last number of the feed, and what has come since the process joined.
    var seen = 0
    var joinedAt = 0
    var joinedStep = 0
    var events: [(number: Int, event: FeedEvent)] = []
    /// What was noted, from the feed and of its own, in the order of the notes. Their count stamps what is asked.
    var noted: [FeedEvent.Subject] = []
    /// What was asked under an earlier stamp belongs to an incarnation before.
    var firstStamp = 0
    var memory: [Int: Answer] = [:]
    /// Whether keys are revoked, as far as was asked.
    var keys: [Int: Bool] = [:]
    var quarantined: Set<Int> = []
    var flights: [LocalFlight] = []
    var calls: [OpenCall] = []
    var lookups: [Lookup] = []
    var arrivals: [(id: Int, outcome: CallOutcome)] = []

    var isAble: Bool { isRunning && !isPaused }

    /// What is asked now bears this.
    var stamp: Int { noted.count }

    /// Whether an event about the subject was noted since something was asked.
    func hasHeard(of subject: FeedEvent.Subject, since stamp: Int) -> Bool {
        stamp < firstStamp || noted[stamp...].contains(subject)
    }

    func flight(_ serial: Int) -> Int? { flights.firstIndex { $0.serial == serial } }

    /// Drops what is remembered about a document, and lets no request join what was asked before.
    mutating func forget(_ subject: FeedEvent.Subject) {
        noted.append(subject)
        switch subject {
        case .document(let document):
            for question in 0..<Places.questions where Places.document(of: question) == document {
                memory[question] = nil
            }
            for index in flights.indices where Places.document(of: flights[index].question) == document {
                flights[index].isJoinable = false
            }
        case .key(let key): keys[key] = nil
        case .upstreamKey(let key): quarantined.insert(key)
        }
    }
}
