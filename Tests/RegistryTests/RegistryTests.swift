import Budgeting
import JSON
import TestSupport
import Testing
import UpstreamKeys
import Vocabulary

@testable import Registry

@Suite("The registry of teams and keys")
struct RegistryTests {
    private static let fileRefusals: [(name: String, change: @Sendable (Registry) throws -> Void)] = [
        ("a team is created", { _ = try $0.creating(Samples.team("filed")) }),
        ("a team is changed", { _ = try $0.changing(Samples.team("filed")) }),
        ("a team is deleted", { _ = try $0.deleting("filed") }),
        (
            "a key is rotated",
            { _ = try $0.rotating("filed-key", of: "filed", grace: .zero, secret: Samples.secret(1), at: Samples.now) }
        ),
        (
            "a key is issued under its name",
            {
                var registry = $0
                _ = try registry.issue("filed-key", for: "filed", Samples.secret(1))
            }
        ),
        (
            "a vendor's key is changed",
            { _ = try $0.changing("primary", terms: UpstreamKeyTerms(weight: 2), state: nil, at: Samples.now) }
        ),
        ("a vendor's key is rotated", { _ = try $0.rotating(upstream: "primary", secret: Array("new".utf8)) }),
        ("a vendor's key is deleted", { _ = try $0.deleting(upstream: "primary") }),
    ]

    @Test("R1: what the file names is refused with a conflict", arguments: fileRefusals.indices)
    func fileOwned(index: Int) throws {
        let registry = try Samples.registry()
        let (name, change) = Self.fileRefusals[index]
        let refusal = #expect(throws: RegistryRefusal.self, "\(name)") { try change(registry) }
        guard case .conflict? = refusal else {
            Issue.record("\(name): \(String(describing: refusal))")
            return
        }
    }

    @Test("the plan has the teams and keys that have budgets, so that others are not looked up in it")
    func plan() throws {
        var registry = try Samples.registry()
        let budget = Budget(window: .month, limit: MicroCredits(micros: 1), isEnforced: true)
        for team in [Samples.team("sales"), Samples.team("legal", budgets: [budget])] {
            for write in try registry.creating(team).writes { registry.apply(write) }
        }
        let plan = registry.budgetPlan(BudgetPlan())
        #expect(Set(plan.teams.keys) == ["filed", "legal"] && plan.keys.isEmpty)
    }

    @Test("R1: keys may be issued for a team of the file, and a key's state changed")
    func fileAllows() throws {
        var registry = try Samples.registry()
        let id = try registry.issue(nil, for: "filed", Samples.secret(1))
        #expect(registry.holder(of: Samples.secret(1).text) == id)
        registry.make(try registry.changing("primary", terms: nil, state: .draining, at: Samples.now))
        #expect(registry.upstreamKeys.map(\.operatorState) == [.draining])
        registry.make(try registry.changing("primary", terms: nil, state: .active, at: Samples.now))
        #expect(registry.upstreamKeys.map(\.operatorState) == [.active])
    }

    @Test("R1: where file and store know one identifier, the file's counts and the store's comes back with its going")
    func shadowed() throws {
        var registry = try Samples.registry()
        registry.make(try registry.creating(Samples.team("sales")))
        _ = try registry.issue("same", for: "sales", Samples.secret(1))
        var file = Samples.file()
        file.teams.append(Samples.team("sales", budgets: [Budget(window: .week, limit: .zero, isEnforced: true)]))
        file.teamKeys.append(Samples.fileKey("same", of: "filed", secret: "another-secret-of-same"))
        registry.replace(file: file)
        #expect(registry.team("sales")?.source == .file && registry.budgets(of: .team("sales")).count == 1)
        #expect(registry.holder(of: Samples.secret(1).text) == nil)
        #expect(registry.holder(of: "another-secret-of-same") == "same")
        #expect(registry.teamKeyIDs(of: "sales") == [] && registry.teamKeyIDs(of: "filed") == ["filed-key", "same"])
        #expect(registry.shadowed == ["team/sales", "team_key/same"])
        registry.replace(file: Samples.file())
        #expect(registry.holder(of: Samples.secret(1).text) == "same" && registry.shadowed.isEmpty)
    }

    @Test("a stored key of a team that the file does not name any more is no good, and is told")
    func orphan() throws {
        var registry = try Samples.registry()
        _ = try registry.issue("orphan", for: "filed", Samples.secret(1))
        registry.replace(file: FileRegistry())
        #expect(registry.holder(of: Samples.secret(1).text) == nil)
        #expect(registry.shadowed == ["team/filed/key/orphan"])
    }

    @Test("R3: rotation keeps the key and its budgets; the secret before is good to the end of the grace, not longer")
    func rotation() throws {
        var registry = try Samples.registry()
        let budgets = [Budget(window: .total, limit: MicroCredits(micros: 9), isEnforced: true)]
        let id = try registry.issue(nil, for: "filed", Samples.secret(1), budgets: budgets)
        try registry.rotate(id, of: "filed", Samples.secret(2), grace: .seconds(60), at: Samples.now)
        let end = Samples.now + .seconds(60)
        #expect(registry.holder(of: Samples.secret(2).text) == id)
        #expect(registry.holder(of: Samples.secret(1).text, at: end + .microseconds(-1)) == id)
        #expect(registry.holder(of: Samples.secret(1).text, at: end) == nil)
        #expect(registry.holder(of: Samples.secret(2).text, at: end) == id)
        #expect(registry.budgets(of: .key(id)) == budgets)
    }

    @Test(
        "a rotation without grace ends the secret before at once; several in a row keep each to its own end, eight at most"
    )
    func rotations() throws {
        var registry = try Samples.registry()
        let id = try registry.issue(nil, for: "filed", Samples.secret(0))
        for number in 1...10 {
            try registry.rotate(id, of: "filed", Samples.secret(number), grace: .seconds(60), at: Samples.now)
        }
        let good = (0...10).filter { registry.holder(of: Samples.secret($0).text) != nil }
        #expect(good == Array(2...10))
        try registry.rotate(id, of: "filed", Samples.secret(11), grace: .zero, at: Samples.now + .seconds(61))
        let later = (0...11).filter {
            registry.holder(of: Samples.secret($0).text, at: Samples.now + .seconds(61)) != nil
        }
        #expect(later == [11])
        #expect(registry.teamKey(id)?.record.retiring == [])
    }

    @Test("a secret that retires ends with the key, where that is earlier")
    func graceBeyondTheEnd() throws {
        var registry = try Samples.registry()
        let end = Samples.now + .seconds(10)
        let id = try registry.issue(nil, for: "filed", Samples.secret(1), notAfter: end)
        try registry.rotate(id, of: "filed", Samples.secret(2), grace: .seconds(60), at: Samples.now)
        #expect(registry.holder(of: Samples.secret(1).text, at: end + .microseconds(-1)) == id)
        #expect(registry.holder(of: Samples.secret(1).text, at: end) == nil)
        #expect(throws: RegistryRefusal.self) {
            try registry.rotate(id, of: "filed", Samples.secret(3), grace: .zero, at: end)
        }
    }

    @Test("a revoked key is no good with any of its secrets, cannot be rotated, and is revoked once")
    func revocation() throws {
        var registry = try Samples.registry()
        let id = try registry.issue(nil, for: "filed", Samples.secret(1))
        try registry.rotate(id, of: "filed", Samples.secret(2), grace: .seconds(60), at: Samples.now)
        try registry.revoke(id, of: "filed")
        #expect(
            registry.holder(of: Samples.secret(1).text) == nil && registry.holder(of: Samples.secret(2).text) == nil
        )
        #expect(try registry.revoking(id, of: "filed", at: Samples.now) == nil)
        #expect(throws: RegistryRefusal.self) {
            try registry.rotate(id, of: "filed", Samples.secret(3), grace: .zero, at: Samples.now)
        }
        #expect(throws: RegistryRefusal.self) { _ = try registry.issue(id, for: "filed", Samples.secret(4)) }
    }

    @Test(
        "R5: a revocation of a file's key holds until the file changes its secret, and does not come back with the old one"
    )
    func revocationOfFileKey() throws {
        var registry = try Samples.registry()
        try registry.revoke("filed-key", of: "filed")
        #expect(registry.holder(of: "file-key-secret-1") == nil)
        #expect(registry.teamKey("filed-key")?.record.state(at: Samples.now) == .revoked)
        var same = Samples.file()
        same.teams[0].name = "another name"
        #expect(registry.following(same).isEmpty)
        registry.replace(file: same)
        #expect(registry.holder(of: "file-key-secret-1") == nil)
        registry.replace(file: FileRegistry(teams: same.teams))
        #expect(registry.following(Samples.file()).isEmpty)
        registry.replace(file: Samples.file())
        #expect(registry.holder(of: "file-key-secret-1") == nil)
        let other = Samples.file(keySecret: "file-key-secret-2")
        for write in registry.following(other) { registry.apply(write) }
        registry.replace(file: other)
        #expect(registry.holder(of: "file-key-secret-2") == "filed-key")
        registry.replace(file: Samples.file())
        #expect(registry.holder(of: "file-key-secret-1") == "filed-key")
    }

    @Test("R5: a state of a vendor's key ends with its secret, by the file and by a rotation")
    func statesOfUpstreamKeys() throws {
        var registry = try Samples.registry()
        registry.make(try registry.changing("primary", terms: nil, state: .disabled, at: Samples.now))
        let other = Samples.file(vendorSecret: "vendor-secret-2")
        for write in registry.following(other) { registry.apply(write) }
        registry.replace(file: other)
        #expect(registry.upstreamKeys.map(\.operatorState) == [.active])
        let account = AccountID(rawValue: "default")
        registry.make(
            try registry.adding(
                "added",
                account: account,
                terms: UpstreamKeyTerms(weight: 3),
                secret: Array("vendor-secret-3".utf8),
                at: Samples.now
            )
        )
        registry.make(try registry.changing("added", terms: nil, state: .draining, at: Samples.now))
        #expect(registry.upstreamKeys.map(\.operatorState) == [.active, .draining])
        registry.make(try registry.rotating(upstream: "added", secret: Array("vendor-secret-4".utf8)))
        #expect(registry.upstreamKeys.map(\.operatorState) == [.active, .active])
        #expect(registry.upstreamKeys.map(\.secretDigest).last == Samples.digest("vendor-secret-4"))
        #expect(registry.upstreamKeys.map(\.weight) == [1, 3])
        registry.make(try registry.deleting(upstream: "added"))
        #expect(registry.upstreamKeyIDs == ["primary"])
    }

    @Test("the last key of an account that a team of the file has stays: the next start would refuse the file")
    func lastKeyOfAnAccount() throws {
        var file = Samples.file()
        file.teams[0].account = "elsewhere"
        var registry = try Samples.registry(file)
        for (id, secret) in [("only", "vendor-secret-3"), ("second", "vendor-secret-4")] {
            let (key, account) = (UpstreamKeyID(rawValue: id), AccountID(rawValue: "elsewhere"))
            let secret = Array(secret.utf8)
            let terms = UpstreamKeyTerms()
            registry.make(try registry.adding(key, account: account, terms: terms, secret: secret, at: Samples.now))
        }
        registry.make(try registry.deleting(upstream: "second"))
        let refusal = #expect(throws: RegistryRefusal.self) { try registry.deleting(upstream: "only") }
        guard case .conflict(let message)? = refusal else {
            Issue.record("\(String(describing: refusal))")
            return
        }
        #expect(message.contains("team filed") && message.contains("elsewhere"))
        file.teams[0].account = "default"
        registry.replace(file: file)
        registry.make(try registry.deleting(upstream: "only"))
        #expect(registry.upstreamKeyIDs == ["primary"])
    }

    @Test("only an active state says that the key is good, whatever the vendor said of it")
    func enabling() throws {
        let registry = try Samples.registry()
        for state in [UpstreamKey.OperatorState.active, .draining, .disabled] {
            let change = try registry.changing("primary", terms: nil, state: state, at: Samples.now)
            #expect(change.writes.contains(.enableUpstreamKey("primary")) == (state == .active))
        }
    }

    @Test("a vendor's key is neither added nor rotated without a master key; the message names the variable")
    func withoutMasterKey() throws {
        let registry = try Registry(file: Samples.file(), rows: RegistryRows(), sealer: SecretSealer(master: nil))
        let refusal = #expect(throws: RegistryRefusal.self) {
            try registry.adding("k", account: "default", terms: UpstreamKeyTerms(), secret: [65], at: Samples.now)
        }
        guard case .conflict(let message)? = refusal else {
            Issue.record("\(String(describing: refusal))")
            return
        }
        #expect(message.contains("TOLLGATE_MASTER_KEY"))
    }

    @Test("no key at the vendor has the secret of a team's key")
    func secretOfATeam() throws {
        let registry = try Samples.registry()
        #expect(throws: RegistryRefusal.self) {
            try registry.adding(
                "k",
                account: "default",
                terms: UpstreamKeyTerms(),
                secret: Array("file-key-secret-1".utf8),
                at: Samples.now
            )
        }
    }

    @Test("deleting a team ends its keys; another team's stay")
    func deletion() throws {
        var registry = try Samples.registry()
        registry.make(try registry.creating(Samples.team("sales")))
        _ = try registry.issue("gone", for: "sales", Samples.secret(1))
        _ = try registry.issue("stays", for: "filed", Samples.secret(2))
        registry.make(try registry.deleting("sales"))
        #expect(registry.team("sales") == nil && registry.teamKey("gone") == nil)
        #expect(registry.holder(of: Samples.secret(1).text) == nil)
        #expect(registry.holder(of: Samples.secret(2).text) == "stays")
        registry.make(try registry.creating(Samples.team("sales")))
        #expect(registry.teamKeyIDs(of: "sales") == [])
    }

    private static let missing: [(name: String, change: @Sendable (Registry) throws -> Void)] = [
        ("team", { _ = try $0.changing(Samples.team("nobody")) }),
        ("team to delete", { _ = try $0.deleting("nobody") }),
        ("team of a key", { _ = try $0.revoking("filed-key", of: "nobody", at: Samples.now) }),
        ("key", { _ = try $0.revoking("nothing", of: "filed", at: Samples.now) }),
        ("vendor's key", { _ = try $0.changing("nothing", terms: nil, state: .active, at: Samples.now) }),
        ("vendor's key to rotate", { _ = try $0.rotating(upstream: "nothing", secret: [65]) }),
        ("vendor's key to delete", { _ = try $0.deleting(upstream: "nothing") }),
    ]

    @Test("what is not there is not found", arguments: missing.indices)
    func notFound(index: Int) throws {
        let registry = try Samples.registry()
        let refusal = #expect(throws: RegistryRefusal.self) { try Self.missing[index].change(registry) }
        guard case .notFound? = refusal else {
            Issue.record("\(Self.missing[index].name): \(String(describing: refusal))")
            return
        }
    }

    @Test("a key of another team is not found under this one")
    func keyOfAnotherTeam() throws {
        var registry = try Samples.registry()
        registry.make(try registry.creating(Samples.team("sales")))
        #expect(throws: RegistryRefusal.notFound("key filed-key of team sales")) {
            try registry.revoking("filed-key", of: "sales", at: Samples.now)
        }
    }

    @Test(
        "numbers that a store was given by hand are brought into the bounds of the forms",
        arguments: [Int64.min, -1, .max]
    )
    func numbersOfTheStore(number: Int64) throws {
        let secret = Array("vendor-secret-2".utf8)
        let sealed = try #require(Samples.sealer.seal(secret, .upstreamKey("odd")))
        let budgets = [Budget(window: .day, limit: MicroCredits(micros: number), isEnforced: true)]
        var rows = RegistryRows()
        rows.teams = [Samples.team("odd", budgets: budgets)]
        var key = Samples.fileKey("odd-key", of: "odd", secret: "odd-secret-0123456789")
        (key.budgets, key.notAfter) = (budgets, Timestamp(microseconds: number))
        rows.teamKeys = [key]
        rows.upstreamKeys = [
            StoredUpstreamKey(
                id: "odd",
                account: "default",
                weight: Int(number),
                notBefore: Timestamp(microseconds: .min),
                notAfter: Timestamp(microseconds: .max),
                monthlyCredits: MicroCredits(micros: number),
                sealedSecret: sealed,
                secretDigest: Samples.digest("vendor-secret-2"),
                createdAt: Timestamp(microseconds: number)
            )
        ]
        let registry = try Samples.registry(Samples.file(), rows)
        let amount = number > 0 ? MicroCredits.maximum : .zero
        #expect(registry.team("odd")?.record.budgets.first?.limit == amount)
        #expect(registry.teamKey("odd-key")?.record.budgets.first?.limit == amount)
        let upstream = try #require(registry.upstreamKey("odd"))
        #expect(upstream.entry.key.weight == (number > 0 ? 1_000_000 : 1) && upstream.entry.monthlyCredits == amount)
    }

    @Test("a team has so many keys and no more, the revoked ones included, and another team is not concerned")
    func keysPerTeam() throws {
        var rows = RegistryRows()
        rows.teams = [Samples.team("many"), Samples.team("few")]
        rows.teamKeys = (1..<Registry.keysPerTeamMax).map {
            Samples.fileKey("k\($0)", of: "many", secret: "secret-\($0)")
        }
        var registry = try Samples.registry(Samples.file(), rows)
        func issue(_ number: Int, for team: TeamID) throws(RegistryRefusal) -> RegistryChange {
            try registry.issuing(
                nil,
                for: team,
                name: "",
                notAfter: nil,
                budgets: [],
                secret: Samples.secret(number),
                at: Samples.now
            )
        }
        let last = try issue(1, for: "many")
        for write in last.writes { registry.apply(write) }
        #expect(throws: RegistryRefusal.self) { try issue(2, for: "many") }
        _ = try issue(3, for: "few")
    }
}
