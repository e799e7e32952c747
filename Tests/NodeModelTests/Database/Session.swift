/// A connection to the database and the backend behind it.
struct Session {
    /// The node that holds the other end; nil when it has lost it: what was sent may still be run.
    var client: Int?
    var isClosed = false
    /// What was sent and has not been run.
    var inbox: [Statement] = []
    var replies: [Reply] = []
    /// What ended the transaction; the rest of the pipeline is skipped.
    var failure: Failure?

    var isInTransaction = false
    var writer: Writer?
    /// The transaction's `now()`.
    var startedAt = 0
    /// Of the whole transaction, at REPEATABLE READ.
    var transactionSnapshot: Int?
    /// Of the statement that runs, kept while it waits.
    var statementSnapshot: Int?
    var locked: [LockedRow] = []
    /// The session whose transaction it waits for.
    var waitsFor: Int?
    var waitsSince = 0
    var ranLastAt = 0

    struct LockedRow {
        let table: TableName
        let key: RowKey
    }
}

enum TableName: CaseIterable {
    case nodes, scopes, balances, ledger, flights, claims, landings, results, feedHead, feed, markers, keys
    case upstreamKeys
}

/// Why a statement did not run to its end.
enum Interruption: Error {
    case waits(for: Int)
    case fails(Failure)
}
