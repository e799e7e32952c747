internal import Budgeting
import Vocabulary

/// The statements on `documents` and `rates`: what replies taught, from which the next estimate is made.
enum LessonTable {
    /// Of how many models rates are kept: as many as estimates are made from.
    static let modelsMax: Int64 = 1_000
    /// How many replies of a model are kept.
    static let repliesMax: Int64 = 15

    /// Written only when it says something new, since most replies repeat what is known.
    static func save(_ pages: Int, of document: DocumentKey, on connection: StoreConnection) throws {
        let statement = try connection.statement(
            """
            INSERT INTO documents (account, document_id, pages) VALUES (?1, ?2, ?3)
            ON CONFLICT (account, document_id)
            DO UPDATE SET pages = excluded.pages WHERE documents.pages <> excluded.pages
            """
        )
        connection.presence?.note(document)
        statement.bind(document.account.rawValue, at: 1)
        statement.bind(document.documentID, at: 2)
        statement.bind(Int64(pages), at: 3)
        try statement.run()
    }

    /// Adds a reply to the last ones of its model, if there is room for one of that name.
    static func save(_ reply: PaidReply, of model: String, on connection: StoreConnection) throws {
        let isRated = connection.known.isRated(model)
        let insertion = try isRated ? insertion(connection) : firstInsertion(connection)
        insertion.bind(model, at: 1)
        insertion.bind(reply.reservation.rawValue, at: 2)
        insertion.bind(reply.rate.credits, at: 3)
        insertion.bind(Int64(reply.rate.pages), at: 4)
        if isRated { return try insertion.run() }
        insertion.bind(modelsMax, at: 5)
        try insertion.sendCounting { if $0 > 0 { connection.known.noteRated(model) } }
    }

    private static func insertion(_ connection: StoreConnection) throws -> any PreparedStatement {
        try connection.statement(
            """
            INSERT INTO rates (model, reservation, credits, pages) VALUES (?1, ?2, ?3, ?4)
            ON CONFLICT (model, reservation) DO NOTHING
            """
        )
    }

    private static func firstInsertion(_ connection: StoreConnection) throws -> any PreparedStatement {
        try connection.statement(
            """
            INSERT INTO rates (model, reservation, credits, pages)
            SELECT ?1, ?2, ?3, ?4 WHERE EXISTS (SELECT model FROM rates WHERE model = ?1)
                OR (SELECT count(*) FROM (SELECT DISTINCT model FROM rates) AS models) < ?5
            ON CONFLICT (model, reservation) DO NOTHING
            """
        )
    }

    /// Removes the oldest replies of a model when there are too many.
    static func removeOldest(of model: String, on connection: StoreConnection) throws {
        let removal = try connection.statement(
            """
            DELETE FROM rates WHERE model = ?1 AND reservation <=
                (SELECT reservation FROM rates WHERE model = ?1 ORDER BY reservation DESC LIMIT 1 OFFSET ?2)
            """
        )
        removal.bind(model, at: 1)
        removal.bind(repliesMax, at: 2)
        try removal.run()
    }

    static func rates(on connection: StoreConnection) throws -> [String: [PaidReply]] {
        let statement = try connection.statement(
            "SELECT model, reservation, credits, pages FROM rates ORDER BY model, reservation"
        )
        var rates: [String: [PaidReply]] = [:]
        for (model, reply) in try statement.rows(about: "the rate of a model", { try reply($0) }) {
            rates[model, default: []].append(reply)
        }
        return rates
    }

    private static func reply(_ row: StoreRow) throws -> (String, PaidReply) {
        let model = try row.text(at: 0)
        guard let pages = Int(exactly: try row.integer(at: 3)), pages >= 1 else {
            throw StoreFault(code: .corrupt, detail: "the rate of a model is damaged in the store")
        }
        let rate = PageRate(credits: MicroCredits(micros: try row.integer(at: 2)), pages: pages)
        return (model, PaidReply(reservation: ReservationID(rawValue: try row.integer(at: 1)), rate: rate))
    }

    static func forget(model: String, on connection: StoreConnection) throws {
        let statement = try connection.statement("DELETE FROM rates WHERE model = ?1")
        statement.bind(model, at: 1)
        try statement.run()
        connection.known = KnownRows()
    }

    // MARK: Documents

    /// The pages of documents, in the order of account and identifier.
    ///
    /// - Parameters:
    ///   - document: only those behind it; nil from the first one on.
    ///   - count: how many at most.
    static func documents(
        after document: DocumentKey?,
        atMost count: Int,
        on connection: StoreConnection
    ) throws -> [DocumentLesson] {
        let statement = try connection.statement(
            """
            SELECT account, document_id, pages FROM documents WHERE (account, document_id) > (?1, ?2)
            ORDER BY account, document_id LIMIT ?3
            """
        )
        statement.bind(document?.account.rawValue ?? "", at: 1)
        statement.bind(document?.documentID ?? "", at: 2)
        statement.bind(Int64(max(0, count)), at: 3)  // a negative one would be no limit, or an error
        return try statement.rows(about: "the pages of a document", lesson)
    }

    /// The pages of a document in each account that knows it.
    static func lessons(of documentID: String, on connection: StoreConnection) throws -> [DocumentLesson] {
        // The accounts are few and come first in the key: the next one is found without looking at the documents.
        let statement = try connection.statement(
            """
            WITH RECURSIVE accounts (name) AS (
                SELECT min(account) FROM documents
                UNION ALL
                SELECT (SELECT min(account) FROM documents WHERE account > name) FROM accounts WHERE name IS NOT NULL
            )
            SELECT account, document_id, pages FROM accounts
            JOIN documents ON account = name AND document_id = ?1
            ORDER BY account
            """
        )
        statement.bind(documentID, at: 1)
        return try statement.rows(about: "the pages of a document", lesson)
    }

    private static func lesson(_ row: StoreRow) throws -> DocumentLesson {
        DocumentLesson(
            document: DocumentKey(
                account: AccountID(rawValue: try row.text(at: 0)),
                documentID: try row.text(at: 1)
            ),
            pages: try row.integer(at: 2)
        )
    }

    static func forget(documentID: String, on connection: StoreConnection) throws {
        let statement = try connection.statement(
            """
            DELETE FROM documents WHERE document_id = ?1 AND account IN (
                WITH RECURSIVE accounts (name) AS (
                    SELECT min(account) FROM documents
                    UNION ALL
                    SELECT (SELECT min(account) FROM documents WHERE account > name) FROM accounts WHERE name IS NOT NULL
                )
                SELECT name FROM accounts)
            """
        )
        statement.bind(documentID, at: 1)
        try statement.run()
    }
}

/// The pages of documents that the replies of a group taught. The last reply about a document counts.
struct PageChanges {
    private struct Document: Comparable {
        let account: KeyText
        let id: KeyText

        static func < (left: Document, right: Document) -> Bool { (left.account, left.id) < (right.account, right.id) }
    }

    private var pages = KeyedList<Document, Int>()

    mutating func add(_ ending: ReservationEnding) {
        guard let pages = ending.lesson.documentPages else { return }
        let ask = ending.reservation.ask
        self.pages.set(pages, for: Document(account: KeyText(ask.account.rawValue), id: KeyText(ask.documentID)))
    }

    func write(on connection: StoreConnection) throws {
        for (document, pages) in pages.entries {
            let account = AccountID(rawValue: document.account.text)
            try LessonTable.save(pages, of: DocumentKey(account: account, documentID: document.id.text), on: connection)
        }
    }
}

/// The rates of models that replies taught.
struct RateChanges {
    private var rates = KeyedList<KeyText, [PaidReply]>()

    mutating func add(_ ending: ReservationEnding) {
        guard let rate = ending.storedRate else { return }
        let reply = PaidReply(reservation: ending.reservation.id, rate: rate)
        rates.change(KeyText(ending.reservation.ask.model), or: [reply]) { $0.append(reply) }
    }

    func write(on connection: StoreConnection) throws {
        for (model, replies) in rates.entries {
            // Of more than are kept the oldest would be removed again.
            let latest = replies.sorted { $0.reservation < $1.reservation }.suffix(Int(LessonTable.repliesMax))
            for reply in latest { try LessonTable.save(reply, of: model.text, on: connection) }
            try LessonTable.removeOldest(of: model.text, on: connection)
        }
    }
}

extension ReservationEnding {
    /// The rate that is kept of the reply. One under a name that was cut would be taken for another model's.
    var storedRate: PageRate? {
        reservation.ask.model.utf8.count <= StoredText.modelBytesMax ? lesson.rate : nil
    }
}
