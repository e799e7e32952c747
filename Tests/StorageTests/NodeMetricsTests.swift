import EventLoops
import Metrics
import PostgreSQL
import TestSupport
import Testing
import Vocabulary

@testable import Storage

@Suite("What is counted of a node")
struct NodeMetricsTests {
    private func seconds(_ seconds: Int64) -> MonotonicInstant {
        MonotonicInstant(nanoseconds: seconds * 1_000_000_000)
    }

    @Test("the lease goes on for ten seconds after the last confirmed transaction, and is below zero after it")
    func lease() {
        let metrics = NodeMetrics()
        #expect(metrics.leaseLeft(at: seconds(100)) == 10_000_000_000)
        metrics.note(confirmedAt: seconds(100))
        #expect(metrics.leaseLeft(at: seconds(100)) == 10_000_000_000)
        #expect(metrics.leaseLeft(at: seconds(107)) == 3_000_000_000)
        #expect(metrics.leaseLeft(at: seconds(112)) == -2_000_000_000)
        metrics.note(confirmedAt: seconds(112))
        #expect(metrics.leaseLeft(at: seconds(113)) == 9_000_000_000)
        metrics.note(confirmedAt: MonotonicInstant(nanoseconds: .max))
        #expect(metrics.leaseLeft(at: seconds(1)) == 10_000_000_000)
    }

    @Test("the feed is as old as the last poll, and polls are told by the time between two")
    func feed() {
        let metrics = NodeMetrics()
        #expect(metrics.feedAge(at: seconds(50)) == 0)
        metrics.note(polledAt: seconds(50))
        #expect(metrics.feedAge(at: seconds(53)) == 3_000_000_000)
        var text = MetricsText(.prometheus)
        metrics.note(polledAt: seconds(54))
        text.begin(MetricFamily(.histogram, "polls_seconds", ""))
        text.histogram(reading: metrics.polls.reading)
        let written = String(decoding: text.finish(), as: UTF8.self)
        #expect(written.contains("polls_seconds_sum 4\npolls_seconds_count 1\n"), "\(written)")
        metrics.note(clockLead: -1_500_000)
        #expect(metrics.clockLeadNanoseconds == -1_500_000_000)
        metrics.note(clockLead: .min)
        #expect(metrics.clockLeadNanoseconds == .min)
    }

    @Test(
        "groups are counted by their size",
        arguments: [
            (0, "1"), (1, "1"), (2, "2-8"), (8, "2-8"), (9, "9-64"), (64, "9-64"), (65, "65-512"), (512, "65-512"),
        ]
    )
    func sizes(_ count: Int, _ label: String) {
        let metrics = StoreMetrics()
        metrics.note(GroupOutcome(committed: count), of: count, took: .milliseconds(3))
        for size in GroupSize.allCases {
            #expect(metrics.groups[size.rawValue].value == (size.label == label ? 1 : 0), "\(size)")
        }
    }

    // MARK: With a server

    private let place = TemporaryStore(.postgreSQL)

    private func count(_ reason: NodeMetrics.Failure, _ store: Store) -> Int64 {
        store.writer.metrics.node.failureCounts.first { $0.0 == reason }!.1
    }

    private func expectRefused(_ store: Store) {
        #expect(throws: StoreFault.self) { try store.reserveAndWait(reservation()).get() }
    }

    @Test("a conflict is counted at each of its five attempts, a refusal of another kind once")
    func conflicts() throws {
        let store = try place.open()
        defer { store.close() }
        try place.execute(
            "CREATE FUNCTION fail() RETURNS trigger LANGUAGE plpgsql "
                + "AS $$ BEGIN RAISE EXCEPTION 'conflict' USING ERRCODE = '40001'; END $$",
            "CREATE TRIGGER fail BEFORE INSERT ON ledger FOR EACH ROW EXECUTE FUNCTION fail()"
        )
        expectRefused(store)
        #expect(count(.conflict, store) == 5 && count(.other, store) == 0)
        try place.execute(
            "CREATE OR REPLACE FUNCTION fail() RETURNS trigger LANGUAGE plpgsql "
                + "AS $$ BEGIN RAISE EXCEPTION 'other' USING ERRCODE = 'P0001'; END $$"
        )
        expectRefused(store)
        #expect(count(.conflict, store) == 5 && count(.other, store) == 1)
        #expect(count(.connection, store) == 0 && count(.timeout, store) == 0)
    }

    @Test("a lock that is waited for in vain is a time-out, a session that the server ends a lost connection")
    func others() throws {
        let store = try place.open()
        defer { store.close() }
        let address = try PostgreSQLAddress(url: try TestDatabases.server.socketURL(database: place.database))
        let other = try PostgreSQLConnection(to: address, within: .seconds(30))
        for sql in ["BEGIN", "LOCK TABLE ledger IN ACCESS EXCLUSIVE MODE"] {
            _ = try other.query(PostgreSQLCommand(sql), within: .seconds(30))
        }
        expectRefused(store)
        // The sweep may have waited as well.
        #expect(count(.timeout, store) >= 1 && count(.connection, store) == 0)
        other.close()
        let end = "SELECT pg_terminate_backend(pg_backend_pid())"
        #expect(throws: StoreFault.self) { try store.performAndWait { try $0.execute(end) }.get() }
        #expect(count(.connection, store) == 1 && store.writer.metrics.node.doubts.value == 0)
        try store.reserveAndWait(reservation()).get()
        #expect(store.writer.metrics.node.leaseLeft(at: SystemClock.sinceBoot()) > 0)
        #expect(store.writer.metrics.group.reading != HistogramReading(.short))
    }
}
