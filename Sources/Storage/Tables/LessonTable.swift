internal import Budgeting
import Vocabulary

/// The statements on `documents` and `rates`: what replies taught, from which the next estimate is made.
enum LessonTable {
    /// Of how many models rates are kept: as many as estimates are made from.
    static let modelsMax: Int64 = 1_000
    /// How many replies of a model are kept.
    static let repliesMax: Int64 = 15

    static func save(_ ending: ReservationEnding, on connection: StoreConnection) throws {
        let ask = ending.reservation.ask
        if let pages = ending.lesson.documentPages { try save(pages, of: ask, on: connection) }
        // A rate under a name that was cut would be taken for another model's.
        if let rate = ending.lesson.rate, ask.model.utf8.count <= StoredText.modelBytesMax {
            try save(PaidReply(reservation: ending.reservation.id, rate: rate), of: ask.model, on: connection)
        }
    }

    /// Written only when it says something new, since most replies repeat what is known.
    private static func save(_ pages: Int, of ask: ReservationAsk, on connection: StoreConnection) throws {
        let statement = try connection.statement(
            """
            INSERT INTO documents (account, document_id, pages) VALUES (?1, ?2, ?3)
            ON CONFLICT (account, document_id)
            DO UPDATE SET pages = excluded.pages WHERE pages <> excluded.pages
            """
        )
        statement.bind(ask.account.rawValue, at: 1)
        statement.bind(ask.documentID, at: 2)
        statement.bind(Int64(pages), at: 3)
        try statement.run()
    }

    /// Adds the reply to the last ones of its model, in place of the oldest when there are enough.
    ///
    /// What is known is looked up first, and rows are written by their primary key: a statement that reads the table it
    /// changes makes SQLite keep its rows in a temporary one, which costs four times as much.
    private static func save(_ reply: PaidReply, of model: String, on connection: StoreConnection) throws {
        let known = try known(of: model, on: connection)
        if let oldest = known.oldest {
            if known.count >= repliesMax, reply.reservation < oldest { return }
        } else {
            guard try modelsCount(on: connection) < modelsMax else { return }
        }
        let insertion = try connection.statement(
            """
            INSERT INTO rates (model, reservation, credits, pages) VALUES (?1, ?2, ?3, ?4)
            ON CONFLICT (model, reservation) DO NOTHING
            """
        )
        insertion.bind(model, at: 1)
        insertion.bind(reply.reservation.rawValue, at: 2)
        insertion.bind(reply.rate.credits, at: 3)
        insertion.bind(Int64(reply.rate.pages), at: 4)
        try insertion.run()
        guard connection.changesCount == 1, known.count >= repliesMax else { return }
        let removal = try connection.statement("DELETE FROM rates WHERE model = ?1 AND reservation = ?2")
        removal.bind(model, at: 1)
        removal.bind(known.oldest?.rawValue, at: 2)
        try removal.run()
    }

    /// How many replies of the model are kept, and the reservation of the oldest.
    private static func known(
        of model: String,
        on connection: StoreConnection
    ) throws -> (count: Int64, oldest: ReservationID?) {
        let statement = try connection.statement("SELECT count(*), min(reservation) FROM rates WHERE model = ?1")
        defer { statement.reset() }
        statement.bind(model, at: 1)
        guard try statement.step(), let count = statement.integer(at: 0) else {
            throw StoreFault(code: .corrupt, detail: "the rates of a model are damaged in the store")
        }
        return (count, statement.integer(at: 1).map(ReservationID.init(rawValue:)))
    }

    private static func modelsCount(on connection: StoreConnection) throws -> Int64 {
        let statement = try connection.statement("SELECT count(*) FROM (SELECT DISTINCT model FROM rates)")
        defer { statement.reset() }
        guard try statement.step(), let count = statement.integer(at: 0) else {
            throw StoreFault(code: .corrupt, detail: "the rates are damaged in the store")
        }
        return count
    }

    static func rates(on connection: StoreConnection) throws -> [String: [PaidReply]] {
        let statement = try connection.statement("SELECT model, reservation, credits, pages FROM rates")
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
        statement.bind(Int64(max(0, count)), at: 3)  // SQLite takes a negative one for no limit
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
        for lesson in try lessons(of: documentID, on: connection) {
            let statement = try connection.statement("DELETE FROM documents WHERE account = ?1 AND document_id = ?2")
            statement.bind(lesson.document.account.rawValue, at: 1)
            statement.bind(documentID, at: 2)
            try statement.run()
        }
    }
}
