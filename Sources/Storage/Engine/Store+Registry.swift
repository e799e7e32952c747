import EventLoops
public import Registry
public import Vocabulary

extension Store: RegistryStore {
    /// What is known of teams and keys; for the start of the program. Blocks, for 100,000 keys a quarter
    /// of a second. Expired receipts are left out.
    public func registry() throws(StoreFault) -> RegistryRows {
        let now = SystemClock.wall()
        return try readAndWait { try RegistryTables.rows(at: now, on: $0) }
    }

    public func apply(
        _ writes: [RegistryWrite],
        audit: AuditEntry?,
        decidedAt stamp: Int64?,
        then: @escaping @Sendable (Result<Void, StoreFault>) -> Void
    ) {
        perform(
            { connection in
                if let stamp, connection.isShared { connection.gather { $0.feed.require(registryStamp: stamp) } }
                for write in writes { try RegistryTables.apply(write, on: connection) }
                if let audit { try AuditTable.append(audit, on: connection) }
            },
            then: then
        )
    }

    /// Does the same and blocks until it is durable. Not from one of the store's answers.
    public func applyAndWait(
        _ writes: [RegistryWrite],
        audit: AuditEntry?,
        decidedAt stamp: Int64? = nil
    ) throws(StoreFault) {
        try waitForAnswer { apply(writes, audit: audit, decidedAt: stamp, then: $0) }
    }

    public func registryRows(at now: Timestamp, then: @escaping @Sendable (Result<RegistryRows, StoreFault>) -> Void) {
        list({ try RegistryTables.rows(at: now, on: $0) }, then: then)
    }

    public func audit(
        before: Int64?,
        atMost count: Int,
        then: @escaping @Sendable (Result<[AuditRecord], StoreFault>) -> Void
    ) {
        list({ try AuditTable.page(before: before, atMost: count, on: $0) }, then: then)
    }

    public func uses(
        of keys: [TeamKeyID],
        then: @escaping @Sendable (Result<[TeamKeyID: Timestamp], StoreFault>) -> Void
    ) {
        list({ try KeyUseTable.uses(of: keys, on: $0) }, then: then)
    }
}
