import Budgeting
import Dispatch
import EventLoops
import Glibc
import PostgreSQL
import TestSupport
import Testing
import Vocabulary

@testable import Storage

/// Rows of PostgreSQL that several nodes write, and what writing them waits for.
@Suite("Rows that nodes share")
struct SharedRowsTests {
    private let place = TemporaryStore(.postgreSQL)

    /// A node's connection, beside the store's own.
    private func connection(_ number: Int64) throws -> StoreConnection {
        try place.execute(
            """
            INSERT INTO nodes (number, incarnation, beat, state, name, address, version, config_digest, lease_until,
                started_at)
            VALUES (\(number), 1, 0, 'live', 'n', 'a', '0', CAST('\\x\(String(repeating: "00", count: 32))' AS BYTEA),
                4102444800000000, 0)
            """
        )
        let url = try TestDatabases.server.socketURL(database: place.database)
        let fence = NodeFence(
            NodeSeat(number: number, incarnation: 1, beat: 0),
            joinedAt: SystemClock.sinceBoot(),
            standing: NodeStanding(joinedAt: SystemClock.sinceBoot())
        )
        return StoreConnection(PostgreSQLLink(SharedAddress(try PostgreSQLAddress(url: url)), fence: fence))
    }

    /// - Parameter node: nil when all rows are shared, else documents alone are.
    private func ending(_ number: Int, round: Int, node: Int?) -> ReservationEnding {
        let ask = ReservationAsk(
            team: TeamID(rawValue: node.map { "team of \($0)" } ?? "team \(number % 7)"),
            key: TeamKeyID(rawValue: "key \(number % 3)"),
            account: AccountID(rawValue: node.map { "account of \($0)" } ?? "account \(number % 5)"),
            upstreamKey: UpstreamKeyID(rawValue: "main"),
            documentID: PackedDocument(high: UInt64(round), low: UInt64(number)).text,
            model: "model \(number % 4)",
            pages: nil,
            cacheKey: key(UInt64(number)),
            requestID: "r"
        )
        let reservation = Reservation(
            id: ReservationID(rawValue: 1),
            day: BudgetDay(number: 20_000 + Int32(number % 2)),
            ask: ask,
            estimate: .zero,
            createdAt: Timestamp(seconds: 1)
        )
        return ReservationEnding(
            reservation: reservation,
            outcome: .settled(MicroCredits(micros: 1)),
            endedAt: Timestamp(seconds: 1)
        )
    }

    @Test(
        "two nodes that add to the same fifty documents in opposite orders never meet in a deadlock, nor lose anything"
    )
    func deadlocks() throws {
        // In the second half the documents are there already, and nothing else is shared.
        let rounds = 200
        try place.open().close()
        let failures = Guarded<[String]>([])
        let ready = [DispatchSemaphore(value: 0), DispatchSemaphore(value: 0)]
        DispatchQueue.concurrentPerform(iterations: 2) { index in
            do {
                let connection = try connection(500 + Int64(index))
                for round in 0..<rounds {
                    // Both begin each round together.
                    ready[index].signal()
                    ready[1 - index].wait()
                    try connection.inTransaction { connection in
                        for number in 0..<50 {
                            let ending = ending(
                                index == 0 ? number : 49 - number,
                                round: round % (rounds / 2),
                                node: round < rounds / 2 ? nil : index
                            )
                            connection.gather { $0.sums.add(ending) }
                        }
                    }
                }
            } catch {
                failures.withLock { $0.append("\(error)") }
                // The other one does not wait for this one any more.
                for _ in 0..<rounds { ready[index].signal() }
            }
        }
        #expect(failures.withLock { $0 } == [])
        let all = ["\(2 * 50 * rounds)"]
        for table in ["usage", "usage_accounts", "usage_documents"] {
            #expect(try place.rows("SELECT sum(spent) FROM \(table)") == all)
        }
        // Each document is counted once, though both found that it was not there.
        let counts = try place.rows("SELECT documents FROM usage_document_days ORDER BY day")
        #expect(counts == ["\(25 * rounds / 2)", "\(25 * rounds / 2)"])
        #expect(try place.rows("SELECT count(*) FROM usage_documents WHERE document <> ''") == ["\(50 * rounds / 2)"])
    }

    @Test(
        "a group of endings waits for the server a fixed number of times, however many they are",
        arguments: [(1, false), (2, false), (100, false), (200, true)]
    )
    func roundTrips(_ count: Int, _ arePaidBefore: Bool) throws {
        let server = try TestDatabases.server
        // A Sync that goes out while the server still owes the answer to another one is part of the same round trip. So
        // answers come a little late.
        let trips = Guarded((count: 0, owed: 0))
        let proxy = try PostgreSQLProxy(to: server.port) { message in
            if message.isFromClient, message.type == "S" {
                trips.withLock { trips in
                    if trips.owed == 0 { trips.count += 1 }
                    trips.owed += 1
                }
            } else if !message.isFromClient, message.type == "Z" {
                usleep(2_000)
                // That of a new connection was not asked for.
                trips.withLock { $0.owed = max(0, $0.owed - 1) }
            }
            return .pass
        }
        let target = try StoreTarget(url: proxy.url(for: server.url(database: place.database)))
        let store = try Store.open(target, as: TestDatabases.node) { Issue.record("fatal: \($0)") }
        defer { store.close() }
        func end(of account: String) throws -> Int {
            let reservations = (0..<count).map { reservation(account: account, document: UInt64($0)) }
            let made = Answer<Result<Void, StoreFault>>()
            for reservation in reservations.dropLast() { store.reserve(reservation) { _ in } }
            store.reserve(reservations.last!) { made.give($0) }
            try made.wait().get()
            let gate = Gate(store)
            let before = trips.withLock { $0.count }
            let answers = reservations.map { _ in Answer<Result<EndingAnswer, StoreFault>>() }
            for ((number, reservation), answer) in zip(reservations.enumerated(), answers) {
                let ending = ReservationEnding(
                    reservation: reservation,
                    outcome: .settled(MicroCredits(micros: 1)),
                    endedAt: Timestamp(seconds: 1),
                    lesson: Lesson(documentPages: 1, rate: PageRate(credits: MicroCredits(micros: 1), pages: 1)),
                    question: PaidQuestion(
                        parts: QuestionParts(
                            labels: 1,
                            schema: Int64(number % 9),
                            otherMembers: nil,
                            pages: nil,
                            schemaText: []
                        ),
                        isTeamScoped: false,
                        noCache: false,
                        noStore: false,
                        maxAgeSeconds: nil,
                        lifetimeMicroseconds: .max
                    )
                )
                store.end(ending, storing: result(UInt64(number))) { answer.give($0) }
            }
            gate.open()
            for answer in answers { #expect(try answer.wait().get() == .done) }
            return trips.withLock { $0.count } - before
        }
        // The fence, what is known beforehand, and the writes with the COMMIT.
        var (first, again) = (0, 0)
        // What the node does beside, twice a second, is counted too where it comes in between.
        for attempt in 1...50 where (first, again) != (3, 4) {
            first = try end(of: "account \(attempt)")
            // And the results that are there.
            again = arePaidBefore ? try end(of: "account \(attempt)") : 4
        }
        #expect(first == 3 && again == 4)
        if arePaidBefore { #expect(try place.rows("SELECT count(*) FROM repeats") != ["0"]) }
        withExtendedLifetime(proxy) {}
    }
}
