import Budgeting
import Caching
import Dispatch
import Registry
import Testing
import Vocabulary

@testable import Storage

/// What one node does and the others hear; docs/nodes.md §3.
@Suite("The feed of nodes that share a store")
struct FeedTests {
    private let place = TemporaryStore(.postgreSQL)
    private let log = ResultCache(bytesMax: 0).purges
    private let classifier = ClassifierKey(account: AccountID(rawValue: "default"), folding: "A")

    /// Two nodes, of which the second one is heard.
    private func withNodes(_ body: (Store, Store, HeardEvents) throws -> Void) throws {
        let (first, second) = (try place.open(), try place.open())
        defer {
            second.close()
            first.close()
        }
        try body(first, second, HeardEvents(second))
    }

    private func purge(_ target: PurgeTarget, in store: Store) throws {
        let order = PurgeOrder(target, at: Timestamp(seconds: 5), keysInMemory: [], log: log)
        _ = try store.wait { store.purge(order, audit: auditEntry("cache.purge"), recorded: {}, then: $0) }.get()
    }

    @Test("a key that is revoked on one node is known to be so on the other one, twenty times")
    func revocation() throws {
        try withNodes { first, second, heard in
            let own = HeardEvents(first)
            var slowest = Duration.zero
            for number in 1...20 as ClosedRange<Int64> {
                try first.applyAndWait([.saveTeamKey(teamKey("k\(number)", revokedAt: moments[2]))], audit: nil)
                let confirmed = ContinuousClock.now
                #expect(try heard.next() == [.registry(number: number)])
                let rows = try second.wait { second.registryRows(at: moments[2], then: $0) }.get()
                slowest = max(slowest, ContinuousClock.now - confirmed)
                #expect(rows.stamp >= number)
                #expect(rows.teamKeys.contains { $0.id.rawValue == "k\(number)" && $0.revokedAt != nil })
            }
            print("revocations known elsewhere after \(slowest) at the latest")
            #expect(own.all.isEmpty, "a node does not hear of itself")
        }
    }

    @Test("purges of all kinds are heard of, in their order")
    func purges() throws {
        let targets: [PurgeTarget] = [
            .document("0b13c9f2-5148-4ffb-bb7b-000000000001"), .team(TeamID(rawValue: "sales")), .key(key(7)), .all,
        ]
        try withNodes { first, _, heard in
            for target in targets { try purge(target, in: first) }
            #expect(try heard.next(4) == targets.map { .purge($0) })
        }
    }

    @Test("states of upstream keys, grants and forgotten models are heard of as they are by then")
    func rest() throws {
        try withNodes { first, second, heard in
            let id = UpstreamKeyID(rawValue: "main")
            let record = UpstreamKeyRecord(id: id, secretDigest: digest(1), state: .quarantined(.unauthorized))
            try first.saveAndWait(record).get()
            #expect(try heard.next() == [.upstreamKey(id, record)])
            try first.applyAndWait([.enableUpstreamKey(id)], audit: nil)
            let enabled = try heard.next(2)
            #expect(enabled.contains(.upstreamKey(id, nil)))
            let grant = Grant(
                id: 17,
                team: TeamID(rawValue: "a"),
                window: .total,
                start: BudgetDay(number: 0),
                credits: MicroCredits(micros: 1),
                expiresAt: nil,
                endsAt: nil,
                reason: "r",
                actor: "ops",
                createdAt: moments[2]
            )
            _ = try first.wait { first.add(grant, audit: auditEntry("grant.create"), then: $0) }.get()
            #expect(try heard.next() == [.grantMade(grant)])
            _ = try first.wait { first.removeGrant(17, of: grant.team, audit: auditEntry("x"), then: $0) }.get()
            #expect(try heard.next() == [.grantRemoved(17, team: grant.team)])
            _ = try first.wait { first.removeGrant(17, of: grant.team, audit: auditEntry("x"), then: $0) }.get()
            _ = try first.wait { first.forget(model: "gpt", audit: auditEntry("x"), then: $0) }.get()
            #expect(try heard.next() == [.modelForgotten("gpt")], "what was not there to be removed is not told")
            _ = second
        }
    }

    @Test("what was committed before a node hears is told when it does, and what it did before it joined is not")
    func joining() throws {
        let first = try place.open()
        defer { first.close() }
        try first.applyAndWait([.saveTeam(team("a"))], audit: nil)
        let second = try place.open()
        defer { second.close() }
        try first.applyAndWait([.saveTeam(team("b"))], audit: nil)
        #expect(try second.registry().stamp == 2)
        #expect(try HeardEvents(second).next() == [.registry(number: 2)])
    }

    @Test("numbers of the feed have no gap, and so have those of the audit log, while four nodes write")
    func numbers() throws {
        let stores = try (0..<4).map { _ in try place.open() }
        defer { for store in stores { store.close() } }
        let heard = stores.map { HeardEvents($0) }
        let answers = DispatchGroup()
        let faults = Guarded<[StoreFault]>([])
        for (number, store) in stores.enumerated() {
            DispatchQueue.global().async(group: answers) {
                for round in 0..<25 {
                    let result = store.wait {
                        store.forget(model: "\(number)/\(round)", audit: auditEntry("forget"), then: $0)
                    }
                    if case .failure(let fault) = result { faults.withLock { $0.append(fault) } }
                }
            }
        }
        answers.wait()
        #expect(faults.withLock { $0 } == [])
        for (number, heard) in heard.enumerated() {
            let models = try heard.next(75).map { "\($0)" }
            #expect(Set(models).count == 75 && !models.contains { $0.contains("\"\(number)/") })
        }
        #expect(try place.rows("SELECT count(*), min(seq), max(seq) FROM feed") == ["100 1 100"])
        #expect(try place.rows("SELECT count(*), min(id), max(id) FROM audit") == ["100 1 100"])
    }

    @Test("a change of the registry that was decided before another node's is refused, and changes nothing")
    func overtaken() throws {
        try withNodes { first, second, _ in
            try first.applyAndWait([.saveTeam(team("a", name: "one"))], audit: auditEntry("one"), decidedAt: 0)
            try first.applyAndWait([.saveTeam(team("a", name: "two"))], audit: auditEntry("two"), decidedAt: 0)
            let fault = #expect(throws: StoreFault.self) {
                try second.applyAndWait([.saveTeam(team("a", name: "lost"))], audit: auditEntry("lost"), decidedAt: 1)
            }
            #expect(fault?.code == .overtaken)
            let rows = try second.registry()
            #expect(rows.stamp == 2 && rows.teams.map(\.name) == ["two"])
            #expect(try second.auditAndWait().get().map(\.entry.action) == ["two", "one"])
            try second.applyAndWait([.saveTeam(team("a", name: "three"))], audit: nil, decidedAt: rows.stamp)
            #expect(try first.registry().teams.map(\.name) == ["three"])
        }
    }

    @Test("what else was asked with an overtaken change is done")
    func overtakenInGroup() throws {
        try withNodes { first, second, _ in
            try first.applyAndWait([.saveTeam(team("a"))], audit: nil)
            let gate = Gate(second)
            let (lost, kept) = (Answer<Result<Void, StoreFault>>(), Answer<Result<Void, StoreFault>>())
            second.apply([.saveTeam(team("b"))], audit: nil, decidedAt: 0) { lost.give($0) }
            second.apply([.saveTeam(team("c"))], audit: nil, decidedAt: nil) { kept.give($0) }
            gate.open()
            #expect(throws: StoreFault.self) { try lost.wait().get() }
            try kept.wait().get()
            #expect(try second.registry().teams.map(\.id.rawValue) == ["a", "c"])
        }
    }

    @Test("a row of the feed that is missing ends the process: what it knows cannot be relied on")
    func gap() throws {
        let fatal = Answer<StoreFault>()
        let store = try place.open { fatal.give($0) }
        defer { store.close() }
        try place.execute(
            "UPDATE feed_head SET seq = 2",
            "INSERT INTO feed (seq, kind, subject, at, node) VALUES (2, 'registry', '', 0, 77)"
        )
        store.hear { _ in }
        #expect(fatal.wait().detail.contains("row 1 of the feed is missing"))
    }

    @Test("the epoch of a classifier is heard of with its purge, and its change has a marker until it ends")
    func classifiers() throws {
        try withNodes { first, _, heard in
            func record(_ epoch: Int64, _ isUnderWay: Bool) throws {
                let change = ClassifierChange(classifier, epoch: epoch, isUnderWay: isUnderWay, floor: 0)
                try first.wait { first.record(change, at: Timestamp(seconds: 5), in: nil, then: $0) }.get()
            }
            let markers = "SELECT classifier, node, epoch FROM classifier_changes"
            try record(1_024, true)
            #expect(try heard.next() == [.classifier(classifier, epoch: 1_024)])
            #expect(try place.rows(markers) == ["a 0 1024"])
            // Another change began before this one ended, and came first.
            try record(3_072, true)
            try record(2_048, false)
            #expect(try place.rows(markers) == ["a 0 3072"])
            try record(4_096, false)
            #expect(try place.rows(markers) == [])
            while try heard.next() != [.classifier(classifier, epoch: 4_096)] {}
        }
    }
}
