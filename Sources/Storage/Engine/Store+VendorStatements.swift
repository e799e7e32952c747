public import Registry
public import Reporting
public import Vocabulary

extension Store: VendorStatementStore {
    public func add(
        _ terms: VendorStatementTerms,
        isKnown: Bool,
        at now: Timestamp,
        audit: @escaping @Sendable (VendorStatement) -> AuditEntry,
        then: @escaping @Sendable (Result<VendorStatementAnswer, StoreFault>) -> Void
    ) {
        perform(
            { connection in
                guard try isKnown || UsageAccountTable.has(terms.account, on: connection) else {
                    return .unknownAccount
                }
                let days = terms.period.days
                if let other = try VendorStatementTable.overlapping(days, of: terms.account, on: connection) {
                    return .overlaps(other)
                }
                let made = try VendorStatementTable.add(terms, at: now, on: connection)
                try AuditTable.append(audit(made), on: connection)
                return .done(try Self.compared(made, on: connection))
            },
            then: then
        )
    }

    public func removeStatement(
        _ id: Int64,
        audit: AuditEntry,
        then: @escaping @Sendable (Result<Bool, StoreFault>) -> Void
    ) {
        perform(
            { connection in
                let isRemoved = try VendorStatementTable.remove(id, on: connection)
                if isRemoved { try AuditTable.append(audit, on: connection) }
                return isRemoved
            },
            then: then
        )
    }

    public func statement(
        _ id: Int64,
        then: @escaping @Sendable (Result<ComparedStatement?, StoreFault>) -> Void
    ) {
        list(
            { connection in
                try VendorStatementTable.statement(id, on: connection).map { try Self.compared($0, on: connection) }
            },
            then: then
        )
    }

    public func statements(
        before id: Int64?,
        atMost count: Int,
        then: @escaping @Sendable (Result<[ComparedStatement], StoreFault>) -> Void
    ) {
        list(
            { connection in
                try VendorStatementTable.page(before: id, atMost: count, on: connection).map {
                    try Self.compared($0, on: connection)
                }
            },
            then: then
        )
    }

    private static func compared(
        _ statement: VendorStatement,
        on connection: StoreConnection
    ) throws -> ComparedStatement {
        let (spent, unconfirmed) = try UsageAccountTable.sums(
            of: statement.terms.account,
            over: statement.terms.period.days,
            on: connection
        )
        return ComparedStatement(statement: statement, spent: spent, unconfirmed: unconfirmed)
    }
}
