public import Vocabulary

/// What the store keeps of teams and keys, and the log of who changed them.
///
/// Callable from any thread and never blocking; answered as by `Ledger`: exactly once, and durable when it says success.
public protocol RegistryStore: Sendable {
    /// Does all steps of a change, and its entry in the audit log, in one transaction.
    ///
    /// - Parameter audit: nil for what no operator did, like what follows from a new configuration.
    func apply(
        _ writes: [RegistryWrite],
        audit: AuditEntry?,
        then: @escaping @Sendable (Result<Void, StoreFault>) -> Void
    )

    /// A page of the audit log, newest first.
    ///
    /// - Parameters:
    ///   - before: only entries with a lesser number; nil from the newest on.
    ///   - count: how many at most.
    func audit(
        before: Int64?,
        atMost count: Int,
        then: @escaping @Sendable (Result<[AuditRecord], StoreFault>) -> Void
    )

    /// When each of these keys was last used; those that never were are absent.
    func uses(of keys: [TeamKeyID], then: @escaping @Sendable (Result<[TeamKeyID: Timestamp], StoreFault>) -> Void)
}
