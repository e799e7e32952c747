public import Vocabulary

/// The stored teams and keys, and the audit log of their changes.
///
/// Callable from any thread; never blocks. Answers as `Ledger` does: exactly once, and success means durable.
public protocol RegistryStore: Sendable {
    /// Writes all steps of a change, and its entry in the audit log, in one transaction.
    ///
    /// - Parameters:
    ///   - audit: nil for changes that no operator made, such as the consequences of a new configuration.
    ///   - stamp: of the rows that the change was decided from; nil for one that holds whatever there is. The answer is
    ///     `overtaken`, and nothing is changed, if another node has changed the registry since.
    func apply(
        _ writes: [RegistryWrite],
        audit: AuditEntry?,
        decidedAt stamp: Int64?,
        then: @escaping @Sendable (Result<Void, StoreFault>) -> Void
    )

    /// All rows of teams and keys as of one moment; only those receipts that have not expired.
    func registryRows(at now: Timestamp, then: @escaping @Sendable (Result<RegistryRows, StoreFault>) -> Void)

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
