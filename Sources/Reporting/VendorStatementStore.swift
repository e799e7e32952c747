public import Vocabulary

/// The stored bills of the vendor.
///
/// Callable from any thread; never blocks. Answers exactly once, on a thread of the store or, when it is refused at
/// once, on the caller's; success means durable. The note of a change is durable in the same transaction; the user of
/// the store chooses its type.
public protocol VendorStatementStore<Note>: Sendable {
    /// The note stored with a change: who made it.
    associatedtype Note: Sendable

    /// Adds a bill, unless one of the same account shares a day with it.
    ///
    /// - Parameters:
    ///   - isKnown: whether the account has a key now. One without is known by what was booked to it.
    ///   - audit: makes the note of the bill with its identifier; called on a thread of the store, perhaps twice.
    func add(
        _ terms: VendorStatementTerms,
        isKnown: Bool,
        at now: Timestamp,
        audit: @escaping @Sendable (VendorStatement) -> Note,
        then: @escaping @Sendable (Result<VendorStatementAnswer, StoreFault>) -> Void
    )

    /// Removes a bill. False when there was none: then nothing changed, and the note is not stored.
    func removeStatement(
        _ id: Int64,
        audit: Note,
        then: @escaping @Sendable (Result<Bool, StoreFault>) -> Void
    )

    /// One bill; nil when there is none.
    func statement(_ id: Int64, then: @escaping @Sendable (Result<ComparedStatement?, StoreFault>) -> Void)

    /// The bills, newest first.
    ///
    /// - Parameters:
    ///   - id: only bills with a lesser identifier; nil to start at the newest.
    ///   - count: the maximum number of bills.
    func statements(
        before id: Int64?,
        atMost count: Int,
        then: @escaping @Sendable (Result<[ComparedStatement], StoreFault>) -> Void
    )
}

/// The answer to `add`. Anything but `.done` means that nothing changed.
public enum VendorStatementAnswer: Sendable, Equatable {
    case done(ComparedStatement)
    case overlaps(VendorStatement)
    case unknownAccount
}
