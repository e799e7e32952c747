/// One round of questions after another to everything that has to be alive. Pure.
///
/// A round begins only when the previous one is over, so that a worker that hangs is asked once and the
/// rounds stop with it.
public struct WatchdogRound: Sendable, Equatable {
    /// How many have not answered; 0 between two rounds.
    private var missing = 0
    private var number: UInt64 = 0

    public init() {}

    /// Begins a round.
    ///
    /// - Parameter parties: how many are asked, at least one.
    /// - Returns: the number that answers bear; nil while the previous round is not over.
    public mutating func begin(_ parties: Int) -> UInt64? {
        precondition(parties > 0, "a round that nobody answers")
        guard missing == 0 else { return nil }
        missing = parties
        number += 1
        return number
    }

    /// Ends a round without its answers, which no longer count.
    public mutating func giveUp() { missing = 0 }

    /// Takes an answer.
    ///
    /// - Returns: whether it was the last of its round: then the supervisor is told.
    public mutating func answered(_ round: UInt64) -> Bool {
        guard round == number, missing > 0 else { return false }
        missing -= 1
        return missing == 0
    }
}
