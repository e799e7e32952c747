import Dispatch
import TestSupport
import Testing
import Vocabulary

@testable import Storage

/// What becomes of operations whose COMMIT is not answered, with a proxy between the store and its server.
@Suite("A COMMIT in doubt")
struct CommitInDoubtTests {
    private let place = TemporaryStore(.postgreSQL)

    /// What happens to a COMMIT.
    enum Act: Sendable, Equatable {
        /// The server does not get it.
        case loseCommand
        /// The server does it, and the store does not hear of that.
        case loseAnswer
        /// It lies in the proxy until it is let go.
        case hold
        /// From here on nothing passes.
        case loseAll
    }

    /// What happens to the COMMITs that follow an insertion into the ledger or the documents, one after the other.
    private final class Script: Sendable {
        private struct State {
            var acts: ArraySlice<Act> = []
            var hasBegun = false

            mutating func take(_ verdict: PostgreSQLProxy.Verdict) -> PostgreSQLProxy.Verdict {
                acts.removeFirst()
                return verdict
            }
        }

        private let state = Guarded(State())
        /// Signalled when something is lost or held.
        let isTaken = DispatchSemaphore(value: 0)

        func begin(_ acts: [Act]) { state.withLock { $0.acts = acts[...] } }

        var isOver: Bool { state.withLock { $0.hasBegun && $0.acts.isEmpty } }

        func verdict(_ message: PostgreSQLProxy.Message) -> PostgreSQLProxy.Verdict {
            let verdict = state.withLock { (state) -> PostgreSQLProxy.Verdict in
                guard let act = state.acts.first else { return .pass }
                if message.isCommand("INSERT INTO ledger") || message.isCommand("INSERT INTO documents") {
                    state.hasBegun = true
                }
                guard state.hasBegun else { return .pass }
                let isCommand = message.isCommand("COMMIT")
                switch act {
                case .loseCommand where isCommand: return state.take(.cut)
                case .loseAnswer where message.isCompletion("COMMIT"): return state.take(.cut)
                case .hold where isCommand: return state.take(.hold)
                case .loseAll: return .cut
                default: return .pass
                }
            }
            if case .pass = verdict { return .pass }
            isTaken.signal()
            return verdict
        }
    }

    private func open(
        _ script: Script,
        onEnd: @escaping @Sendable (StoreFault) -> Void = { Issue.record("fatal: \($0)") }
    ) throws -> (Store, PostgreSQLProxy) {
        let server = try TestDatabases.server
        let proxy = try PostgreSQLProxy(to: server.port) { script.verdict($0) }
        let target = try StoreTarget(url: proxy.url(for: server.url(database: place.database)))
        return (try Store.open(target, as: TestDatabases.node, onEnd: onEnd), proxy)
    }

    /// What each operation was answered, in the order of the operations, when all of them are answered.
    private final class Answers: Sendable {
        private let answers: Guarded<[[Bool]]>
        private let count: Int
        private let given = DispatchSemaphore(value: 0)

        init(_ count: Int) {
            self.count = count
            answers = Guarded(Array(repeating: [], count: count))
        }

        func give<Value>(_ index: Int, _ answer: Result<Value, StoreFault>) {
            answers.withLock { answers in
                if case .success = answer { answers[index].append(true) } else { answers[index].append(false) }
            }
            given.signal()
        }

        func wait() { for _ in 0..<count { given.wait() } }

        var all: [[Bool]] { answers.withLock { $0 } }
    }

    @Test(
        "each operation of its group is answered once, and truthfully, also when finding out is in doubt",
        arguments: [
            ([.loseAnswer], true), ([.loseCommand], false), ([.loseAnswer, .loseAnswer], true),
            ([.loseAnswer, .loseCommand], true), ([.loseCommand, .loseAnswer], false),
            ([.loseCommand, .loseCommand], false), ([.loseAnswer, .loseAnswer, .loseAnswer], true),
            ([.loseCommand, .loseAnswer, .loseAnswer], false),
        ] as [([Act], Bool)]
    )
    func resolved(_ acts: [Act], _ isDone: Bool) throws {
        let script = Script()
        let (store, proxy) = try open(script)
        defer {
            store.close()
            withExtendedLifetime(proxy) {}
        }
        let earlier = reservation(id: 1)
        try store.reserveAndWait(earlier).get()
        let gate = Gate(store)
        let metrics = store.writer.metrics
        let (counted, failed) = (metrics.operations.value, metrics.failures.value)
        script.begin(acts)
        let answers = Answers(4)
        for id in 2...3 as ClosedRange<Int64> {
            store.reserve(reservation(id: id)) { answers.give(Int(id) - 2, $0) }
        }
        store.end(settlement(of: earlier, credits: 5), storing: result(1)) { answers.give(2, $0) }
        store.apply([.saveTeam(team("a"))], audit: nil, decidedAt: nil) { answers.give(3, $0) }
        gate.open()
        answers.wait()
        #expect(script.isOver)
        // A change has a transaction of its own, which cannot begin.
        #expect(metrics.operations.value - counted == (isDone ? 3 : 0))
        #expect(metrics.failures.value - failed == (isDone ? 1 : 4))
        let ledger = try place.rows("SELECT id, state FROM ledger ORDER BY id")
        #expect(ledger == (isDone ? ["1 1", "2 0", "3 0"] : ["1 0"]))
        #expect(try place.rows("SELECT id FROM teams") == [])
        // What is done again is done, and nothing twice.
        try store.reserveAndWait(reservation(id: 2)).get()
        let ending = try store.endAndWait(settlement(of: earlier, credits: 5), storing: result(1)).get()
        #expect(ending == (isDone ? .repeated : .done))
        #expect(try place.rows("SELECT spent FROM usage") == ["5"])
        #expect(answers.all == Array(repeating: [isDone], count: 3) + [[false]])
    }

    /// Takes as long as a server lets a transaction be that does nothing.
    @Test("a COMMIT that arrives after it was found not to be done is not done")
    func late() throws {
        let script = Script()
        let (store, proxy) = try open(script)
        defer { store.close() }
        script.begin([.hold])
        let answers = Answers(1)
        // Its rows are waited for, so that the COMMIT travels alone.
        store.perform({ try $0.execute("INSERT INTO documents VALUES ('a', 'd', 1)") }, then: { answers.give(0, $0) })
        #expect(proxy.waitUntilHeld())
        answers.wait()
        #expect(answers.all == [[false]])
        proxy.release()
        try store.reserveAndWait(reservation()).get()
        #expect(try place.rows("SELECT count(*) FROM documents") == ["0"])
        #expect(answers.all == [[false]])
    }

    @Test("while it is in doubt others are refused at once; when the store is closed then, all of them are answered")
    func closed() throws {
        let script = Script()
        let (store, proxy) = try open(script)
        script.begin([.loseAnswer, .loseAll])
        let inDoubt = Answer<Result<Void, StoreFault>>()
        store.reserve(reservation(id: 1)) { inDoubt.give($0) }
        script.isTaken.wait()
        let other = #expect(throws: StoreFault.self) { try store.reserveAndWait(reservation(id: 2)).get() }
        #expect(other?.detail.contains("the outcome of a COMMIT is not known yet") == true)
        #expect(store.writer.metrics.node.doubts.value == 1)
        store.close()
        let fault = #expect(throws: StoreFault.self) { try inDoubt.wait().get() }
        #expect(fault?.detail.hasSuffix("the outcome of a COMMIT is not known") == true)
        #expect(try place.rows("SELECT id FROM ledger") == ["1"])
        withExtendedLifetime(proxy) {}
    }

    @Test("an admission in doubt as the seat is lost is released: its client was refused, and nothing was sent")
    func admission() throws {
        let script = Script()
        let (store, proxy) = try open(script) { _ in }
        defer { store.close() }
        let node = try SharedNode(store, plan: .ofPages(organization: [enforced(.total, 10)]))
        // Another process takes this one for dead as soon as it has committed.
        try place.execute(
            """
            CREATE FUNCTION bury() RETURNS trigger LANGUAGE plpgsql AS
            $$ BEGIN UPDATE nodes SET state = 'dead'; RETURN NULL; END $$
            """,
            "CREATE TRIGGER bury AFTER INSERT ON ledger FOR EACH ROW EXECUTE FUNCTION bury()"
        )
        script.begin([.loseAnswer])
        #expect(throws: StoreFault.self) { try node.admitAndWait(pages: 5).get() }
        let deadline = Deadline.generous
        while try place.rows("SELECT state FROM ledger") != ["2"] { try #require(!deadline.hasPassed) }
        try place.auditBalances()
        #expect(node.gate.openCount == 0)
        withExtendedLifetime(proxy) {}
    }

    @Test("what may have been lost before it is taken for lost: a row that is older than what was confirmed")
    func olderRow() throws {
        let script = Script()
        let fatal = Answer<StoreFault>()
        let (store, proxy) = try open(script) { fatal.give($0) }
        // Each transaction of the store raises the beat by one: this trigger loses two of them as the next one commits.
        try place.execute(
            """
            CREATE FUNCTION forget() RETURNS trigger LANGUAGE plpgsql AS
            $$ BEGIN UPDATE nodes SET beat = beat - 2; RETURN NULL; END $$
            """,
            "CREATE TRIGGER forget AFTER INSERT ON ledger FOR EACH ROW EXECUTE FUNCTION forget()"
        )
        script.begin([.loseAnswer])
        let answer = Answer<Result<Void, StoreFault>>()
        store.reserve(reservation()) { answer.give($0) }
        #expect(fatal.wait().detail.contains("the database has lost commits"))
        store.close()
        #expect(throws: StoreFault.self) { try answer.wait().get() }
        withExtendedLifetime(proxy) {}
    }
}
