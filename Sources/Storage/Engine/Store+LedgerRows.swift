public import Budgeting
public import Registry
public import Vocabulary

extension Store: LedgerRowStore {
    public func rows(_ question: LedgerQuestion, then: @escaping @Sendable (Result<LedgerPage, StoreFault>) -> Void) {
        list({ try LedgerTable.page(question, on: $0) }, then: then)
    }

    public func row(_ id: ReservationID, then: @escaping @Sendable (Result<LedgerRow?, StoreFault>) -> Void) {
        list({ try LedgerTable.row(id, on: $0) }, then: then)
    }

    public func resolve(
        _ resolution: Resolution,
        audit: AuditEntry,
        then: @escaping @Sendable (Result<ResolutionAnswer, StoreFault>) -> Void
    ) {
        perform({ try Self.resolve(resolution, audit: audit, on: $0) }, then: then)
    }

    /// Resolves it with all that follows. In a transaction.
    static func resolve(
        _ resolution: Resolution,
        audit: AuditEntry,
        on connection: StoreConnection
    ) throws -> ResolutionAnswer {
        let answer = try LedgerTable.resolve(resolution, on: connection)
        guard answer == .done else { return answer }
        // Balances before sums, as endings lock them: a sweep may be ending others of the same number.
        if connection.isShared { try connection.writeGathered() }
        try UsageTable.book(resolution, on: connection)
        try UsageAccountTable.book(resolution, on: connection)
        try UsageDocumentTable.book(resolution, on: connection)
        if resolution.credits == .zero { try PaymentTable.remove(resolution.reservation, on: connection) }
        try AuditTable.append(audit, on: connection)
        return answer
    }

    /// Sets how long rows of the ledger are kept after they ended; nil, as at the start, keeps them for ever.
    ///
    /// What ended earlier is removed from then on, once a minute, in small batches while the writer has nothing else to
    /// do. What is reserved or unconfirmed stays, and so does the newest row. Sums and balances do not come from here.
    public func replace(ledgerRetention: Duration?) { writer.replace(ledgerRetention: ledgerRetention) }
}
