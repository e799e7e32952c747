import Authentication
import Budgeting
import EventLoops
import Foundation
import Registry
import Testing
import Vocabulary

@testable import Storage

/// Texts that a careless store would spoil: empty, with a NUL, quotes and commas, of several bytes, long.
let texts = ["", "a\0b", "\u{10FFFF}\0\u{10FFFF}0", "it's, \"so\"", "naïve 🧾", String(repeating: "é", count: 2_000)]

let emptyBudget = Budget(window: .total, limit: .zero, isEnforced: false)

/// A budget of every window, with shares that a number in floating point would not keep.
let budgets =
    BudgetWindow.allCases.enumerated().map { number, window in
        Budget(
            window: window,
            limit: MicroCredits(micros: .max - Int64(number)),
            isEnforced: number % 2 == 0,
            alertAtMillionths: [1_000_000, 333_333, .max, 0, .min].suffix(number + 1)
        )
    } + [emptyBudget, emptyBudget]

/// The earliest and the latest moment that there is, and one between.
let moments = [Int64.min, .max, 1_728_000_000_123_456].map(Timestamp.init(microseconds:))

func team(_ id: String, name: String = "", budgets: [Budget] = [], limits: TeamLimits = TeamLimits()) -> TeamRecord {
    TeamRecord(
        id: TeamID(rawValue: id),
        name: name,
        account: AccountID(rawValue: "default"),
        budgets: budgets,
        limits: limits
    )
}

/// A key without anything that it need not have.
func teamKey(_ id: String, of team: String = "a", revokedAt: Timestamp? = nil) -> TeamKeyRecord {
    TeamKeyRecord(
        id: TeamKeyID(rawValue: id),
        team: TeamID(rawValue: team),
        secretDigest: digest(1),
        revokedAt: revokedAt
    )
}

/// A key with all that it may have.
func wholeTeamKey(_ id: String, of team: String = "a", name: String = "batch") -> TeamKeyRecord {
    TeamKeyRecord(
        id: TeamKeyID(rawValue: id),
        team: TeamID(rawValue: team),
        publicID: "k7Qp01xZ",
        name: name,
        secretDigest: digest(.max),
        retiring: moments.enumerated().map { .init(digest: digest(UInt64($0)), until: $1) },
        notAfter: moments[0],
        budgets: budgets,
        createdAt: moments[1],
        rotatedAt: moments[2],
        revokedAt: SystemClock.wall()
    )
}

func upstreamKey(_ id: String, weight: Int = 1, sealedSecret: [UInt8] = [1, 2, 3]) -> StoredUpstreamKey {
    StoredUpstreamKey(
        id: UpstreamKeyID(rawValue: id),
        account: AccountID(rawValue: "default"),
        weight: weight,
        notBefore: nil,
        notAfter: nil,
        monthlyCredits: nil,
        sealedSecret: sealedSecret,
        secretDigest: digest(1),
        createdAt: moments[2]
    )
}

func ruling(
    _ id: String,
    _ verdict: KeyRuling.Verdict = .revoked,
    ofUpstreamKey: Bool = false
) -> KeyRuling {
    let subject =
        ofUpstreamKey
        ? KeyRuling.Subject.upstreamKey(UpstreamKeyID(rawValue: id)) : .teamKey(TeamKeyID(rawValue: id))
    return KeyRuling(subject: subject, secretDigest: digest(2), verdict: verdict, at: moments[0])
}

/// A receipt that lasts as long as time does, unless an end is given.
func receipt(
    _ id: String,
    request: UInt64 = 1,
    sealedSecret: [UInt8] = [1, 2, 3],
    until: Timestamp = Timestamp(microseconds: .max)
) -> RotationReceipt {
    RotationReceipt(
        key: TeamKeyID(rawValue: id),
        requestDigest: digest(request),
        sealedSecret: sealedSecret,
        until: until
    )
}

func auditEntry(
    _ action: String,
    before: String? = nil,
    after: String? = nil,
    at: Timestamp = moments[2]
) -> AuditEntry {
    AuditEntry(
        at: at,
        actor: "ops",
        role: "admin",
        action: action,
        target: "team/a",
        address: "::1",
        before: before.map { Array($0.utf8) },
        after: after.map { Array($0.utf8) }
    )
}

extension TemporaryStore {
    /// Does the change in a store of its own, and gives what a store has that opens what a kill leaves.
    func registry(after writes: [RegistryWrite]) throws -> RegistryRows {
        let store = try open()
        defer { store.close() }
        try store.applyAndWait(writes, audit: nil)
        var rows = try store.registry()
        let killed = try killed().open()
        defer { killed.close() }
        #expect(try killed.registry() == rows)
        rows.stamp = 0  // it counts changes, which is not what the tests are about
        return rows
    }

    /// Does the write, then spoils its row by each change, and expects a fault that says so.
    func expectDamage(to table: String, by changes: [String], of write: RegistryWrite) throws {
        let store = try open()
        defer { store.close() }
        for change in changes {
            try store.applyAndWait([write], audit: nil)
            _ = try store.registry()
            try store.spoil(table, "UPDATE \(table) SET \(change)")
            let fault = #expect(throws: StoreFault.self, "\(change)") { _ = try store.registry() }
            #expect(fault?.code == .corrupt, "\(change)")
        }
    }
}
