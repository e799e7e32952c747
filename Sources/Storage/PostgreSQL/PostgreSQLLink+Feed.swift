internal import PostgreSQL
import Vocabulary

/// The feed; docs/nodes.md §3, "Head of the feed" and "Feed last".
extension PostgreSQLLink: SharedLink {
    /// How long a row of the feed is kept. A node that has polled nothing for so long has lost its seat.
    private static let feedMicroseconds: Int64 = 3_600 * 1_000_000
    /// Rows of one statement, with two values each and three more.
    private static let feedRowsMax = 500

    var shared: (any SharedLink)? { fence == nil ? nil : self }

    /// -1 for a link that only reads.
    var node: Int64 { fence?.seat.number ?? -1 }

    func feedHead() throws -> Int64 {
        try query(PostgreSQLCommand("SELECT seq FROM feed_head")).needInteger(about: "the head of the feed")
    }

    func lockFeed(adding count: Int, unlessRegistryChangedAfter stamp: Int64?) throws {
        var taking = PostgreSQLCommand("UPDATE feed_head SET seq = seq + $1")
        taking.bind(Int64(count))
        guard let stamp else { return try run(taking) }
        // A statement of its own: it sees what was committed while the lock was waited for.
        var looking = PostgreSQLCommand(
            "SELECT seq FROM feed WHERE kind = $1 AND node <> $2 AND seq > $3 ORDER BY seq LIMIT 1"
        )
        looking.bind(Announcement.registryKind)
        looking.bind(node)
        looking.bind(stamp)
        guard try query([taking, looking])[1].count == 0 else {
            throw StoreFault(code: .overtaken, detail: "another node has changed teams or keys meanwhile")
        }
    }

    func write(_ announcements: [Announcement]) throws {
        let count = announcements.count
        for start in stride(from: 0, to: count, by: Self.feedRowsMax) {
            let part = announcements[start..<min(start + Self.feedRowsMax, count)]
            let rows = SQLList.rows(part.count, of: 3, after: 2) { column, parameter in
                column == 0 ? "CAST(\(parameter) AS BIGINT)" : parameter
            }
            var command = PostgreSQLCommand(
                """
                INSERT INTO feed (seq, kind, subject, at, node)
                SELECT head.seq - $1 + news.place, news.kind, news.subject, \(ServerClock.now), $2
                FROM feed_head AS head, (VALUES \(rows)) AS news (place, kind, subject)
                """
            )
            command.bind(Int64(count))
            command.bind(node)
            for (place, announcement) in zip(part.indices, part) {
                let (kind, subject) = announcement.columns
                command.bind(Int64(place + 1))
                command.bind(kind)
                command.bind(SharedSQL.escaped(subject))
            }
            try run(command)
        }
    }

    func feed(after number: Int64, atMost count: Int) throws -> [FeedRow] {
        var command = PostgreSQLCommand(
            "SELECT seq, kind, subject, node FROM feed WHERE seq > $1 ORDER BY seq LIMIT $2"
        )
        command.bind(number)
        command.bind(Int64(count))
        let rows = try query(command)
        return try (0..<rows.count).map { row in
            guard let number = rows.integer(row, 0), let kind = rows.text(row, 1), let node = rows.integer(row, 3)
            else { throw PostgreSQLRows.damage(of: "a row of the feed") }
            // A text that is no escaped one is no subject of this program's.
            let subject = rows.text(row, 2).flatMap(SharedSQL.unescaped) ?? ""
            return FeedRow(number: number, announcement: Announcement(kind: kind, subject: subject), node: node)
        }
    }

    func trimFeed(atMost count: Int) throws {
        var command = PostgreSQLCommand(
            """
            DELETE FROM feed WHERE seq IN (SELECT seq FROM feed WHERE at < \(ServerClock.now) - $1 ORDER BY seq LIMIT $2)
                AND \(Self.isFirst("$3"))
            """
        )
        command.bind(Self.feedMicroseconds)
        command.bind(Int64(count))
        command.bind(node)
        try run(command)
    }

    /// Whether no live node has a lesser number: what one node is to do for all.
    static func isFirst(_ parameter: String) -> String {
        "NOT EXISTS (SELECT number FROM nodes WHERE state = 'live' AND number < \(parameter))"
    }
}

extension PostgreSQLRows {
    static func damage(of name: String) -> StoreFault {
        StoreFault(code: .corrupt, detail: "\(name) is damaged in the store")
    }

    /// The first column of the only row.
    func needInteger(about name: String) throws -> Int64 {
        guard count == 1, let integer = integer(0, 0) else { throw Self.damage(of: name) }
        return integer
    }

    /// The first column of all rows, as texts of the store.
    func texts(about name: String) throws -> [String] {
        try (0..<count).map { row in
            guard let text = text(row, 0).flatMap(SharedSQL.unescaped) else { throw Self.damage(of: name) }
            return text
        }
    }
}
