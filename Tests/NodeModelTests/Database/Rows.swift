/// One incarnation of a node's number.
struct Identity: Hashable {
    var number: Int
    var incarnation: Int
}

struct NodeRow {
    var incarnation: Int
    var beat: Int
    var isLive: Bool
    var leaseUntil: Int
}

/// Sums of a scope and a day, in credits; also a change to them.
struct Amounts: Equatable {
    var spent = 0
    var unconfirmed = 0
    var reserved = 0

    static func += (left: inout Amounts, right: Amounts) {
        left.spent += right.spent
        left.unconfirmed += right.unconfirmed
        left.reserved += right.reserved
    }

    static func -= (left: inout Amounts, right: Amounts) {
        left.spent -= right.spent
        left.unconfirmed -= right.unconfirmed
        left.reserved -= right.reserved
    }
}

enum LedgerState: Equatable { case reserved, settled, released, unconfirmed, resolved }

struct LedgerEntry: Equatable {
    let owner: Identity
    let question: Int
    let estimate: Int
    /// After the beginning of the run.
    let day: Int
    let scopes: [Int]
    var state = LedgerState.reserved
    var credits = 0
    /// Its reservation was lost, so that no admission could count it.
    var isInsertedWhole = false

    /// What the row counts as in the balances of its scopes.
    var amounts: Amounts {
        switch state {
        case .reserved: Amounts(reserved: estimate)
        case .settled, .resolved: Amounts(spent: credits)
        case .released: Amounts()
        case .unconfirmed: Amounts(unconfirmed: estimate)
        }
    }

    /// What it counts against a limit when the excess over estimates is left aside.
    var exposure: Int {
        if isInsertedWhole { return 0 }
        return switch state {
        case .reserved, .unconfirmed: estimate
        case .settled, .resolved: min(credits, estimate)
        case .released: 0
        }
    }

    /// What it costs above that.
    var excess: Int { max(0, amounts.spent + amounts.unconfirmed - exposure) }
}

struct FlightRow {
    let question: Int
    let owner: Identity
    var isStorable = true
    var isAwaited = false

    var document: Int { Places.document(of: question) }
}

/// What the vendor has answered.
struct Answer: Equatable {
    /// The reservation that paid.
    let call: Int
    /// When its first byte went out, in steps of the run.
    let asked: Int
}

enum LandingOutcome: Equatable { case answered(Answer, isStored: Bool), failed, lost }

struct Landing {
    let outcome: LandingOutcome
    let expires: Int
}

struct FeedEvent: Equatable {
    enum Subject: Equatable { case document(Int), key(Int), upstreamKey(Int) }
    let subject: Subject
    /// Unlike the number, unique in a run: after a loss numbers are given again.
    let serial: Int
}

struct ChangeMarker { let owner: Identity }

/// How many of everything there are, and what belongs to what.
enum Places {
    static let nodes = 3
    static let questions = 6
    static let documents = 3
    static let keys = 3
    static let upstreamKeys = 2
    static let estimate = 2

    static func document(of question: Int) -> Int { question / 2 }
    static func team(of key: Int) -> Int { key / 2 }

    // Scopes by number: the organization, two teams, three keys, two upstream keys.
    static let organization = 0
    static let scopes = 8
    static func scope(ofTeam team: Int) -> Int { 1 + team }
    static func scope(ofKey key: Int) -> Int { 3 + key }
    static func scope(ofUpstreamKey key: Int) -> Int { 6 + key }
    static func scopes(key: Int, upstreamKey: Int) -> [Int] {
        [organization, scope(ofTeam: team(of: key)), scope(ofKey: key), scope(ofUpstreamKey: upstreamKey)]
    }
}
