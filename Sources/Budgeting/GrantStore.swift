public import Vocabulary

/// The stored grants, which the admin side makes, lists and withdraws.
///
/// Callable from any thread; never blocks. Answers as `Ledger` does: exactly once, and success means durable. The note
/// of a change is durable in the same transaction; the user of the store chooses its type.
public protocol GrantStore<Note>: Sendable {
    /// The note stored with a change: who made it.
    associatedtype Note: Sendable

    /// Adds a grant, unless the team has `GrantLimits.open` already that have not ended. Removes the team's oldest ones
    /// that have ended, beyond `GrantLimits.kept` in all.
    func add(_ grant: Grant, audit: Note, then: @escaping @Sendable (Result<GrantAnswer, StoreFault>) -> Void)

    /// Removes a grant. False when there was none: then nothing changed, and the note is not stored.
    func removeGrant(
        _ id: Int64,
        of team: TeamID,
        audit: Note,
        then: @escaping @Sendable (Result<Bool, StoreFault>) -> Void
    )

    /// One grant of a team; nil when there is none.
    func grant(_ id: Int64, of team: TeamID, then: @escaping @Sendable (Result<Grant?, StoreFault>) -> Void)

    /// The grants of a team, newest first, those that have ended included.
    ///
    /// - Parameters:
    ///   - id: only grants with a lesser identifier; nil to start at the newest.
    ///   - count: the maximum number of grants.
    func grants(
        of team: TeamID,
        before id: Int64?,
        atMost count: Int,
        then: @escaping @Sendable (Result<[Grant], StoreFault>) -> Void
    )
}

/// The answer to `add`.
public enum GrantAnswer: Sendable, Equatable { case done, full }

/// The limits on the grants of one team.
public enum GrantLimits {
    /// Grants that have not ended. Each admission of the team sums them.
    public static let open = 100
    /// Grants that are kept in the store, those that have ended included.
    public static let kept = 1_000
}
