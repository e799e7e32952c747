import JSON
import Storage
import Vocabulary

/// What a store's file holds, in words and as an object.
enum StoreSurveyText {
    static let members = [
        "file", "bytes", "sha256", "schema", "results", "ledger_rows", "under_way", "last_reservation_at", "spent",
        "unconfirmed",
    ]

    /// The members of `members` behind the first three.
    static func object(_ survey: StoreSurvey) -> [(name: String, value: JSONValue)] {
        [
            ("schema", .integer(survey.schemaVersion)), ("results", .integer(survey.resultCount)),
            ("ledger_rows", .integer(survey.ledgerCount)), ("under_way", .integer(survey.openCount)),
            ("last_reservation_at", .orNull(survey.lastReservationAt) { .time($0) }),
            ("spent", .credits(survey.total.spent)), ("unconfirmed", .credits(survey.total.unconfirmed)),
        ]
    }

    /// `12 reservations, the last one at 2026-11-29T14:31:33Z; 24.5 credits spent, 2 unconfirmed; schema 13`
    static func line(_ survey: StoreSurvey) -> String {
        let last = survey.lastReservationAt.map { ", the last one at \($0.rfc3339)" } ?? ""
        let total = survey.total
        return
            "\(survey.ledgerCount) reservations\(last); \(total.spent) credits spent, \(total.unconfirmed) unconfirmed; "
            + "\(survey.resultCount) results; schema \(survey.schemaVersion)"
    }

    /// `12.3 MiB`
    static func size(_ bytes: Int64) -> String {
        let units = [("GiB", Int64(1) << 30), ("MiB", 1 << 20), ("KiB", 1 << 10)]
        guard let (name, unit) = units.first(where: { bytes >= $0.1 }) else { return "\(bytes) bytes" }
        let tenths = (bytes / unit) * 10 + (bytes % unit) * 10 / unit
        return "\(tenths / 10).\(tenths % 10) \(name)"
    }

    static func percent(_ done: Int64, of all: Int64) -> String {
        all > 0 ? "\(Int64(Double(min(done, all)) / Double(all) * 100)) %" : "100 %"
    }
}
