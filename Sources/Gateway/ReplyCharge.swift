import Budgeting
import Keying
import Vocabulary

/// What a reply that is passed on says of its cost: `docs/faults.md` §3. Pure.
enum ReplyCharge {
    /// How a reservation ends, and what the reply charges if it says so.
    ///
    /// It costs what it says. If it says nothing, the status tells whether the vendor can have done the work: it has
    /// not after 3xx, 4xx, 500 and 503, it may have after 2xx and any other 5xx.
    ///
    /// - Parameter hasFailed: whether its `request_status` says that the work was not done.
    static func ending(status: Int, _ credits: ClassifyReply.Credits, hasFailed: Bool = false) -> (
        ReservationEnding.Outcome, MicroCredits?
    ) {
        switch credits {
        case .sound(let credits): (.settled(credits), credits)
        case .unsound: (.unconfirmed, nil)
        case .missing where status == 200 && hasFailed: (.settled(.zero), .zero)
        case .missing, .null:
            switch status {
            case 300..<500, 500, 503: (.released, nil)
            default: (.unconfirmed, nil)
            }
        }
    }
}
