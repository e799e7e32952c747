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
    /// All of it in one object: a reservation is copied many times on its way to the ledger and back, and each copy of
    /// a text is counted. Immutable.
    @usableFromInline
    final class Content: Sendable {
        @usableFromInline let team: TeamID
        @usableFromInline let key: TeamKeyID
        @usableFromInline let account: AccountID
        @usableFromInline let upstreamKey: UpstreamKeyID
        @usableFromInline let documentID: String
        @usableFromInline let model: String
        @usableFromInline let pages: Int?
        @usableFromInline let cacheKey: CacheKey
        @usableFromInline let requestID: String
        @usableFromInline let isPricedByCall: Bool

        init(
            _ team: TeamID,
            _ key: TeamKeyID,
            _ account: AccountID,
            _ upstreamKey: UpstreamKeyID,
            _ documentID: String,
            _ model: String,
            _ pages: Int?,
            _ cacheKey: CacheKey,
            _ requestID: String,
            _ isPricedByCall: Bool
        ) {
            (self.team, self.key, self.account, self.upstreamKey) = (team, key, account, upstreamKey)
            (self.documentID, self.model, self.pages, self.cacheKey) = (documentID, model, pages, cacheKey)
            (self.requestID, self.isPricedByCall) = (requestID, isPricedByCall)
        }
    }

    @usableFromInline
    let content: Content
    @inlinable public var team: TeamID { content.team }
    @inlinable public var key: TeamKeyID { content.key }
    @inlinable public var account: AccountID { content.account }
    @inlinable public var upstreamKey: UpstreamKeyID { content.upstreamKey }
    /// A UUID in lower case.
    @inlinable public var documentID: String { content.documentID }
    @inlinable public var model: String { content.model }
    /// The number of pages asked about, else of the document; nil when neither is known.
    @inlinable public var pages: Int? { content.pages }
    @inlinable public var cacheKey: CacheKey { content.cacheKey }
    /// The request's `x-request-id`.
    @inlinable public var requestID: String { content.requestID }
    /// Whether the estimate is what the last call under this model cost, not a price of pages.
    @inlinable public var isPricedByCall: Bool { content.isPricedByCall }

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
        content = Content(
            team,
            key,
            account,
            upstreamKey,
            documentID,
            model,
            pages,
            cacheKey,
            requestID,
            isPricedByCall
        )
    }

    /// The same, of another upstream key.
    func moved(to key: UpstreamKeyID) -> ReservationAsk {
        ReservationAsk(
            team: team,
            key: self.key,
            account: account,
            upstreamKey: key,
            documentID: documentID,
            model: model,
            pages: pages,
            cacheKey: cacheKey,
            requestID: requestID,
            isPricedByCall: isPricedByCall
        )
    }

    public static func == (one: ReservationAsk, other: ReservationAsk) -> Bool {
        if one.content === other.content { return true }
        return one.team == other.team && one.key == other.key && one.account == other.account
            && one.upstreamKey == other.upstreamKey && one.documentID == other.documentID && one.model == other.model
            && one.pages == other.pages && one.cacheKey == other.cacheKey && one.requestID == other.requestID
            && one.isPricedByCall == other.isPricedByCall
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
