internal import Alerting
import Vocabulary

/// The statements on `alerts`: which conditions operators were told of, and what became of the alerts.
enum AlertTable {
    /// Records an alert, unless its condition is open already; nil then. One that finds too many waiting is given up.
    ///
    /// - Returns: its identifier, and whether it is to be sent.
    static func add(_ alert: NewAlert, on connection: StoreConnection) throws -> (id: Int64, isPending: Bool)? {
        let isPending = try pendingCount(on: connection) < AlertLimits.pending
        let statement = try connection.statement(
            """
            INSERT INTO alerts (id, name, is_open, is_lasting, until, facts, at, state, attempts, detail)
            SELECT (SELECT CASE WHEN max(id) >= ?1 THEN max(id) + 1 ELSE ?1 END FROM alerts),
                ?2, 1, ?3, ?4, ?5, ?1, ?6, 0, ?7
            WHERE NOT EXISTS (SELECT id FROM alerts WHERE name = ?2 AND is_open = 1)
            RETURNING id
            """
        )
        statement.bind(alert.at, at: 1)
        statement.bind(alert.name, at: 2)
        switch alert.course {
        case .lasting:
            statement.bind(Int64(1), at: 3)
            statement.bind(Int64?.none, at: 4)
        case .dated(let until):
            statement.bind(Int64(0), at: 3)
            statement.bind(until, at: 4)
        }
        statement.bind(String(decoding: alert.facts, as: UTF8.self), at: 5)
        let state = isPending ? AlertState.pending : .givenUp
        statement.bind(state.rawValue, at: 6)
        statement.bind(isPending ? nil : "\(AlertLimits.pending) alerts wait already", at: 7)
        return try statement.rows(about: "an alert") { (try $0.integer(at: 0), isPending) }.first
    }

    private static func pendingCount(on connection: StoreConnection) throws -> Int64 {
        let statement = try connection.statement("SELECT count(*) FROM alerts WHERE state = 'pending'")
        return try statement.rows(about: "the alerts that wait") { try $0.integer(at: 0) }.first ?? 0
    }

    /// Removes what is closed, was raised before, and does not wait.
    static func removeOld(before moment: Timestamp, on connection: StoreConnection) throws {
        // Identifiers are the moments, or just above them.
        let statement = try connection.statement(
            "DELETE FROM alerts WHERE id < ?1 AND is_open = 0 AND state <> 'pending'"
        )
        statement.bind(moment, at: 1)
        try statement.run()
    }

    static func close(_ name: String, on connection: StoreConnection) throws {
        let statement = try connection.statement("UPDATE alerts SET is_open = 0 WHERE name = ?1 AND is_open = 1")
        statement.bind(name, at: 1)
        try statement.run()
    }

    static func note(_ delivery: AlertDelivery, on connection: StoreConnection) throws {
        let statement = try connection.statement(
            "UPDATE alerts SET state = ?2, attempts = ?3, detail = ?4, tried_at = ?5 WHERE id = ?1"
        )
        statement.bind(delivery.id, at: 1)
        statement.bind(delivery.state.rawValue, at: 2)
        statement.bind(Int64(delivery.attempts), at: 3)
        statement.bind(delivery.detail, at: 4)
        statement.bind(delivery.at, at: 5)
        try statement.run()
    }

    static func open(on connection: StoreConnection) throws -> [AlertBook.Entry] {
        let statement = try connection.statement(
            "SELECT name, at, is_lasting, until FROM alerts WHERE is_open = 1 ORDER BY name"
        )
        return try statement.rows(about: "an open alert") { row in
            let isLasting = try row.flag(at: 2)
            let until = try row.ifAny(row.moment, at: 3)
            return AlertBook.Entry(
                name: try row.text(at: 0),
                raisedAt: try row.moment(at: 1),
                course: isLasting ? .lasting : .dated(until: until)
            )
        }
    }

    static func pending(on connection: StoreConnection) throws -> [AlertOutbox.Item] {
        let statement = try connection.statement(
            "SELECT id, facts, at, attempts FROM alerts WHERE state = 'pending' ORDER BY id"
        )
        return try statement.rows(about: "an alert that waits") { row in
            AlertOutbox.Item(
                id: try row.integer(at: 0),
                facts: Array(try row.text(at: 1).utf8),
                raisedAt: try row.moment(at: 2),
                attempts: try attempts(row, at: 3)
            )
        }
    }

    static func page(before id: Int64?, atMost count: Int, on connection: StoreConnection) throws -> [AlertRecord] {
        let statement = try connection.statement(
            """
            SELECT id, facts, state, attempts, detail, tried_at FROM alerts
            WHERE id < ?1 ORDER BY id DESC LIMIT ?2
            """
        )
        statement.bind(id ?? .max, at: 1)
        statement.bind(Int64(count), at: 2)
        return try statement.rows(about: "an alert") { row in
            AlertRecord(
                id: try row.integer(at: 0),
                facts: Array(try row.text(at: 1).utf8),
                state: try row.word(at: 2),
                attempts: try attempts(row, at: 3),
                detail: try row.ifAny(row.text, at: 4),
                triedAt: try row.ifAny(row.moment, at: 5)
            )
        }
    }

    private static func attempts(_ row: StoreRow, at index: Int32) throws(StoreFault) -> Int {
        Int(try row.need(UInt32(exactly: try row.integer(at: index))))
    }
}
