public import Vocabulary

/// The stored teams and keys, and the audit log of their changes.
///
/// Callable from any thread; never blocks. Answers as `Ledger` does: exactly once, and success means durable.
public protocol RegistryStore: Sendable {
    /// Writes all steps of a change, and its entry in the audit log, in one transaction.
    ///
    /// - Parameter audit: nil for changes that no operator made, such as the consequences of a new configuration.
    func apply(
        _ writes: [RegistryWrite],
        audit: AuditEntry?,
        then: @escaping @Sendable (Result<Void, StoreFault>) -> Void
    )

    /// A page of the audit log, newest first.
    ///
    /// - Parameters:
    ///   - before: only entries with a lesser number; nil to start at the newest.
    ///   - count: the maximum number of entries.
    func audit(
        before: Int64?,
        atMost count: Int,
        then: @escaping @Sendable (Result<[AuditRecord], StoreFault>) -> Void
    )

    /// The time at which each of these keys was last used; keys never used are absent.
    func uses(of keys: [TeamKeyID], then: @escaping @Sendable (Result<[TeamKeyID: Timestamp], StoreFault>) -> Void)
}
