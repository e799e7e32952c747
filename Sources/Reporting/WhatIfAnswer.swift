public import Vocabulary

/// What a period would have come to, and how exactly that is known.
public struct WhatIfAnswer: Sendable, Equatable {
    /// What is known of `spent`.
    public enum Exactness: String, Sendable, CaseIterable {
        case exact
        /// At least so much would have been spent.
        case lowerBound = "lower_bound"
        /// At most so much.
        case upperBound = "upper_bound"
        case estimate
    }

    /// Something that the ledger and the roll-ups do not tell.
    public enum Doubt: Sendable, Equatable {
        /// The ledger has more rows in the period than a replay looks at.
        case stopped(rows: Int)
        /// The rows of the ledger are not all that was booked.
        case ledgerDiffers(ledger: MicroCredits, was: MicroCredits)
        /// Calls are under way.
        case open(Int64)
        /// Requests were really refused.
        case denied(Int64)
        /// Requests were answered without a call, some of them perhaps from a call that would have been refused.
        case servedWithoutPayment(Int64)
        /// Charges for requests that were passed through, which were let in before they were charged.
        case charged(Int64)
        /// Payments before the period that are too far back.
        case forgotten(rows: Int)
        /// Calls for questions that had a fresh result, made for another reason than its age.
        case paidAnyway(Int64)
        /// A payment that becomes a hit no longer renews its result.
        case renewed
        /// The same, with results that teams share.
        case crossesTeams
        /// Hits whose age nobody knows.
        case aged(Int64)
        /// Other teams' hits, which might have become payments.
        case paidByOthers
    }

    /// When the first call would have been refused; nil when none would have been.
    public internal(set) var refusedFrom: Timestamp?
    /// How many calls would have been refused.
    public internal(set) var refused: Int64 = 0
    /// How many the shadow budgets among the other ones would have refused.
    public internal(set) var shadowRefused: Int64 = 0
    public internal(set) var spent = MicroCredits.zero
    /// Estimates of calls of which nobody knows what the vendor charged.
    public internal(set) var unconfirmed = MicroCredits.zero
    /// What calls cost that would have been hits: so much more would have been saved.
    public internal(set) var saved = MicroCredits.zero
    /// How many calls would have been hits.
    public internal(set) var hits: Int64 = 0
    /// How many calls were replayed.
    public internal(set) var calls: Int64 = 0
    /// The end of what was replayed: the end of the period, or the last row that was looked at.
    public internal(set) var until = Timestamp(microseconds: 0)
    /// What the period really came to.
    public internal(set) var was = SpendCounts()
    public internal(set) var doubts: [Doubt] = []

    init() {}

    public var exactness: Exactness {
        if doubts.isEmpty { return .exact }
        // What a refusal sets free may admit what is larger or smaller, so that no bound holds.
        if refused > 0 { return .estimate }
        if doubts.allSatisfy({ $0.bound == .lowerBound }) { return .lowerBound }
        return doubts.allSatisfy { $0.bound == .upperBound } ? .upperBound : .estimate
    }

    /// Sentences for people.
    public var reason: String {
        if doubts.isEmpty {
            return "Every paid call of the period is in the ledger, and nothing else would have become one."
        }
        return doubts.map(\.text).joined(separator: " ")
    }
}

extension WhatIfAnswer.Doubt {
    /// What `spent` is because of it.
    var bound: WhatIfAnswer.Exactness {
        switch self {
        case .open, .denied, .renewed, .aged: .lowerBound
        case .forgotten, .paidAnyway, .paidByOthers: .upperBound
        case .stopped, .ledgerDiffers, .servedWithoutPayment, .charged, .crossesTeams: .estimate
        }
    }

    var text: String {
        switch self {
        case .stopped(let rows):
            "The replay stopped after \(rows) rows of the ledger, at until; ask for a shorter period."
        case .ledgerDiffers(let ledger, let was):
            "The ledger's rows come to \(ledger) credits and the roll-ups to \(was): older rows are removed by "
                + "store.ledger_retention, or calls ended meanwhile."
        case .open(let count): "Calls that are under way: \(count); what they cost is not known yet."
        case .denied(let count):
            "Requests that were really refused: \(count); what they would have cost, had there been room, is not kept."
        case .servedWithoutPayment(let count):
            "Hits and collapsed requests: \(count); those whose result would not have been paid for would have been "
                + "calls, and hits are kept as sums of days only."
        case .charged(let count):
            "Requests that were passed through and charged: \(count); they are taken to have been let in when they were "
                + "charged, if anything was left then."
        case .forgotten(let rows):
            "Payments more than \(rows) rows before the period are not looked at; results of theirs might have "
                + "been hits."
        case .paidAnyway(let count):
            "Calls for what had been paid for within the present ttl: \(count) (no-cache, no-store, max-age, a purge, a "
                + "reply that could not be stored); they are taken for calls under any ttl."
        case .renewed:
            "A call that becomes a hit no longer renews its result, so that later hits might have been calls; and it "
                + "counts as a hit even if its result was purged meanwhile, or the client had asked for a new one."
        case .crossesTeams:
            "Teams share results: who would have paid for those that are renewed later or not at all is not known."
        case .aged(let count):
            "Hits: \(count), kept as sums of days; those on results older than the ttl would have been calls."
        case .paidByOthers: "Other teams' hits might have become payments, whose results this team could have used."
        }
    }
}
