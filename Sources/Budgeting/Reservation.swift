public import Vocabulary

/// Credits set aside for one request before it goes to the vendor. Immutable: its ending is a separate value, and a
/// move to another upstream key makes a new one.
public struct Reservation: Sendable, Equatable {
    public let id: ReservationID
    /// The day that it is booked to, whenever it ends: `docs/faults.md` §5, I8.
    public let day: BudgetDay
    public internal(set) var ask: ReservationAsk
    public let estimate: MicroCredits
    public let createdAt: Timestamp

    public init(
        id: ReservationID,
        day: BudgetDay,
        ask: ReservationAsk,
        estimate: MicroCredits,
        createdAt: Timestamp
    ) {
        self.id = id
        self.day = day
        self.ask = ask
        self.estimate = estimate
        self.createdAt = createdAt
    }
}

/// A request for credits: who spends, and on what.
public struct ReservationAsk: Sendable, Equatable {
    public let team: TeamID
    public let key: TeamKeyID
    public let account: AccountID
    public internal(set) var upstreamKey: UpstreamKeyID
    /// A UUID in lower case.
    public let documentID: String
    public let model: String
    /// The number of pages asked about, else of the document; nil when neither is known.
    public let pages: Int?
    public let cacheKey: CacheKey
    /// The request's `x-request-id`.
    public let requestID: String
    /// Whether the estimate is what the last call under this model cost, not a price of pages.
    public let isPricedByCall: Bool

    public init(
        team: TeamID,
        key: TeamKeyID,
        account: AccountID,
        upstreamKey: UpstreamKeyID,
        documentID: String,
        model: String,
        pages: Int?,
        cacheKey: CacheKey,
        requestID: String,
        isPricedByCall: Bool = false
    ) {
        self.team = team
        self.key = key
        self.account = account
        self.upstreamKey = upstreamKey
        self.documentID = documentID
        self.model = model
        self.pages = pages
        self.cacheKey = cacheKey
        self.requestID = requestID
        self.isPricedByCall = isPricedByCall
    }
}

/// How a reservation ended. It ends once, in one of these ways: `docs/faults.md` §5, I3.
public struct ReservationEnding: Sendable, Equatable {
    public enum Outcome: Sendable, Equatable {
        /// The vendor said what it charged.
        case settled(MicroCredits)
        /// The vendor charged nothing.
        case released
        /// The charge is unknown: it counts at its estimate until an operator resolves it.
        case unconfirmed

        /// Whether something was paid, or may have been.
        public var isPayment: Bool {
            switch self {
            case .settled(let credits): credits > .zero
            case .released: false
            case .unconfirmed: true
            }
        }
    }

    public let reservation: Reservation
    public let outcome: Outcome
    public let endedAt: Timestamp
    /// What the reply taught about its document and its model.
    public let lesson: Lesson
    /// The classify question that it paid for; nil when nothing was paid, and for requests of another kind.
    public let question: PaidQuestion?

    public init(
        reservation: Reservation,
        outcome: Outcome,
        endedAt: Timestamp,
        lesson: Lesson = Lesson(),
        question: PaidQuestion? = nil
    ) {
        self.reservation = reservation
        self.outcome = outcome
        self.endedAt = endedAt
        self.lesson = lesson
        self.question = question
    }

    /// The same ending, which teaches nothing about the document: for one that was purged meanwhile.
    public var withoutPages: ReservationEnding {
        var lesson = lesson
        lesson.documentPages = nil
        return ReservationEnding(reservation: reservation, outcome: outcome, endedAt: endedAt, lesson: lesson)
    }
}

/// What a settled reply teaches the next estimate.
public struct Lesson: Sendable, Equatable {
    /// The document's page count, when the request asked about all pages and the reply's count is credible.
    public var documentPages: Int?
    /// The price of the model, when the reply reports pages and credits.
    public var rate: PageRate?

    public init(documentPages: Int? = nil, rate: PageRate? = nil) {
        self.documentPages = documentPages
        self.rate = rate
    }
}

/// Credits per pages, as a reply reported them; kept as a pair, since the quotient may not be exact.
public struct PageRate: Sendable, Equatable {
    public let credits: MicroCredits
    /// At least 1.
    public let pages: Int

    public init(credits: MicroCredits, pages: Int) {
        precondition(pages >= 1, "a rate without pages")
        self.credits = credits
        self.pages = pages
    }
}
