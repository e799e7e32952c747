internal import Budgeting
import Vocabulary

/// The statements on `documents` and `rates`: what replies taught, from which the next estimate is made.
///
/// A row is written only when it says something new, since most replies repeat what is known.
enum LessonTable {
    static func save(_ ending: ReservationEnding, on connection: StoreConnection) throws {
        let ask = ending.reservation.ask
        if let pages = ending.lesson.documentPages {
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
        // A rate under a name that was cut would be taken for another model's.
        if let rate = ending.lesson.rate, ask.model.utf8.count <= StoredText.modelBytesMax {
            let statement = try connection.statement(
                """
                INSERT INTO rates (model, credits, pages) VALUES (?1, ?2, ?3)
                ON CONFLICT (model) DO UPDATE SET credits = excluded.credits, pages = excluded.pages
                WHERE credits <> excluded.credits OR pages <> excluded.pages
                """
            )
            statement.bind(ask.model, at: 1)
            statement.bind(rate.credits, at: 2)
            statement.bind(Int64(rate.pages), at: 3)
            try statement.run()
        }
    }

    static func rates(on connection: StoreConnection) throws -> [String: PageRate] {
        let statement = try connection.statement("SELECT model, credits, pages FROM rates")
        defer { statement.reset() }
        var rates: [String: PageRate] = [:]
        while try statement.step() {
            guard let model = statement.text(at: 0), let credits = statement.integer(at: 1),
                let pages = statement.integer(at: 2), pages >= 1
            else {
                throw StoreFault(code: .corrupt, detail: "the rate of a model is damaged in the store")
            }
            rates[model] = PageRate(credits: MicroCredits(micros: credits), pages: Int(pages))
        }
        return rates
    }
}
