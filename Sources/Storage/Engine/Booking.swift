internal import Budgeting
internal import Reporting
import Vocabulary

/// What an ended reservation adds to sums, payments and rates. It follows from the ending, which is durable before it.
///
/// Immutable. A class, since it is handed from list to list, and has many parts.
final class Booking {
    /// A payment for a question, which is kept.
    struct Paid {
        let question: PaidQuestion
        /// Whether the ending has a result to be stored. One that a purge overtook was kept, and is purged.
        let isKept: Bool
    }

    let ending: ReservationEnding
    /// Nil for a request of another kind, and when nothing was paid.
    let paid: Paid?
    /// Whether a result of the same question was there before; nil while that is not asked.
    let isResultThere: Bool?

    init(_ ending: ReservationEnding, _ paid: Paid?, isResultThere: Bool?) {
        self.ending = ending
        self.paid = paid
        self.isResultThere = isResultThere
    }

    convenience init(_ ending: ReservationEnding, isKept: Bool, isResultThere: Bool?) {
        let question = ending.outcome.isPayment ? ending.question : nil
        self.init(ending, question.map { Paid(question: $0, isKept: isKept) }, isResultThere: isResultThere)
    }

    /// The same, when that is known.
    func knowing(isResultThere: Bool) -> Booking { Booking(ending, paid, isResultThere: isResultThere) }

    /// Whether it changes nothing.
    var isEmpty: Bool { paid == nil && ending.amounts == (.zero, .zero) && ending.storedRate == nil }

    /// The pages that the reply was for, from which the next process learns its rate; nil when it teaches none.
    var ratePages: Int64? {
        guard case .settled(let credits) = ending.outcome, let rate = ending.storedRate, rate.credits == credits else {
            return nil
        }
        return Int64(rate.pages)
    }

    /// The key of the question whose result it must be known of.
    var undecidedKey: CacheKey? { paid != nil && isResultThere == nil ? ending.reservation.ask.cacheKey : nil }

    /// What it holds in memory beside a fixed part, in bytes.
    var textBytes: Int {
        let parts = paid?.question.parts
        return ending.reservation.ask.model.utf8.count + (parts?.schemaText.count ?? 0)
            + (parts?.pages?.utf8.count ?? 0)
    }
}
