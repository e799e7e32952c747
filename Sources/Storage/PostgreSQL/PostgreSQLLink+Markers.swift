internal import Caching
internal import PostgreSQL
import Vocabulary

/// What nodes are changing at the vendor; docs/nodes.md §3, "Marker first" and "Markers".
extension PostgreSQLLink {
    /// Documents of one statement.
    private static let documentsMax = 500

    private func forParts(of documents: [String], _ body: (ArraySlice<String>) throws -> Void) throws {
        for start in stride(from: 0, to: documents.count, by: Self.documentsMax) {
            try body(documents[start..<min(start + Self.documentsMax, documents.count)])
        }
    }

    func mark(_ documents: [String], as change: Int64) throws {
        try forParts(of: documents.sorted()) { part in
            let rows = SQLList.rows(part.count, of: 3)
            var command = PostgreSQLCommand(
                "INSERT INTO document_changes (document_id, id, node) VALUES \(rows) ON CONFLICT DO NOTHING"
            )
            for document in part {
                command.bind(SharedSQL.escaped(document))
                command.bind(change)
                command.bind(node)
            }
            try run(command)
        }
    }

    func unmark(_ documents: [String], as change: Int64) throws {
        try forParts(of: documents.sorted()) { part in
            let list = SQLList.values(part.count, after: 1)
            var command = PostgreSQLCommand("DELETE FROM document_changes WHERE id = $1 AND document_id IN (\(list))")
            command.bind(change)
            for document in part { command.bind(SharedSQL.escaped(document)) }
            try run(command)
        }
    }

    func documentsChanging(by node: Int64) throws -> [String] {
        var command = PostgreSQLCommand(
            "SELECT DISTINCT document_id FROM document_changes WHERE node = $1 ORDER BY document_id"
        )
        command.bind(node)
        return try query(command).texts(about: "a change of a document")
    }

    func unmarkAll(of node: Int64) throws {
        for table in ["document_changes", "classifier_changes"] {
            var command = PostgreSQLCommand("DELETE FROM \(table) WHERE node = $1")
            command.bind(node)
            try run(command)
        }
    }

    /// Changes of one classifier may come in another order than their numbers, as in `ClassifierTable.save`.
    func mark(_ change: ClassifierChange) throws {
        let text =
            change.isUnderWay
            ? """
            INSERT INTO classifier_changes (account, classifier, node, epoch)
            SELECT CAST($1 AS TEXT), CAST($2 AS TEXT), $3, $4 WHERE NOT EXISTS (SELECT epoch FROM classifier_epochs
                WHERE account = $1 AND classifier = $2 AND epoch > $4)
            ON CONFLICT (account, classifier, node) DO UPDATE SET epoch = excluded.epoch
            WHERE classifier_changes.epoch < excluded.epoch
            """
            : "DELETE FROM classifier_changes WHERE account = $1 AND classifier = $2 AND node = $3 AND epoch < $4"
        var command = PostgreSQLCommand(text)
        command.bind(SharedSQL.escaped(change.classifier.account.rawValue))
        command.bind(SharedSQL.escaped(change.classifier.classifierID))
        command.bind(node)
        command.bind(change.epoch)
        try run(command)
    }

    func classifiersChanging(by node: Int64) throws -> [ClassifierKey] {
        var command = PostgreSQLCommand(
            "SELECT account, classifier FROM classifier_changes WHERE node = $1 ORDER BY account, classifier"
        )
        command.bind(node)
        let rows = try query(command)
        return try (0..<rows.count).map { row in
            guard let account = rows.text(row, 0).flatMap(SharedSQL.unescaped),
                let classifier = rows.text(row, 1).flatMap(SharedSQL.unescaped)
            else { throw PostgreSQLRows.damage(of: "a change of a classifier") }
            return ClassifierKey(account: AccountID(rawValue: account), folded: classifier)
        }
    }
}
