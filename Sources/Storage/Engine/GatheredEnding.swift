internal import Budgeting
internal import Caching
import Vocabulary

/// How a reservation ends, as it waits for the end of its group.
struct GatheredEnding {
    let ending: ReservationEnding
    /// Whether its reservation was made in the same transaction.
    let isCharge: Bool
    /// What is to be stored with it; nil for an ending without an answer.
    let answer: StampedAnswer?
    let outcome: EndingOutcome
}

/// What is answered to an ending: known when its group is written. Guarded.
final class EndingOutcome: Sendable {
    private let answer = Guarded(EndingAnswer.done)

    var value: EndingAnswer { answer.withLock { $0 } }

    func set(_ value: EndingAnswer) { answer.withLock { $0 = value } }
}
