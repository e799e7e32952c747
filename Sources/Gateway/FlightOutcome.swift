import Budgeting
import Caching
import Coalescing
import UpstreamKeys
import Vocabulary

/// A request in a flight: the exchange that gets the outcome, its worker, and the team and key whose budgets
/// apply.
struct FlightTicket: Sendable {
    let worker: Int
    let exchange: UInt64
    let team: TeamID
    let key: TeamKeyID
    /// The document that its question is about.
    let documentID: String
    /// The saved classifier that it asks; nil for a question with a schema of its own.
    let classifier: ClassifierKey?
}

/// A permit on its way to the worker of the next leader. A message.
///
/// Sendable because one thread at a time has it: the sender makes it, posts it and never touches it again, and the
/// mailbox's lock orders the two threads.
final class FlightOffer: @unchecked Sendable {
    private var permit: FlightPermit<FlightTicket>?

    init(_ permit: consuming FlightPermit<FlightTicket>) { self.permit = .some(permit) }

    /// Takes the permit out, once.
    func take() -> FlightPermit<FlightTicket> {
        guard let permit = permit.take() else { preconditionFailure("a permit that was taken twice") }
        return permit
    }
}

/// The outcome of a flight, for all its requests. A message.
enum FlightOutcome: Sendable {
    /// The leader found a fresh stored result; nothing was forwarded.
    case found(CachedResult)
    /// The vendor answered, with a result or with an error that is passed on.
    case forwarded(ForwardedReply, stale: CachedResult?)
    /// The vendor did not answer, or its answer may not be passed on; `charged` is what it charged nevertheless.
    case failed(UpstreamFailure, stale: CachedResult?, charged: MicroCredits = .zero)
    /// A budget of these requests has no room.
    case denied(Denial)
    /// The store could not tell whether it has the result, or could not make the reservation, its move or its ending
    /// durable. Nothing is bought that may be paid for already, and no client is told what is not on disk.
    case storeFailed(StoreFault)
    /// The gateway is draining and starts nothing new.
    case refused
    /// Another node had the question under way: all requests of this node followed it.
    indirect case elsewhere(FlightOutcome)
}

/// A reply of the vendor that is passed on unchanged.
struct ForwardedReply: Sendable {
    let status: Int
    let contentType: [UInt8]?
    let retryAfter: [UInt8]?
    /// The Content-Encoding of a body that is passed on encoded.
    let contentEncoding: [UInt8]?
    let body: [UInt8]
    /// What the vendor charged; nil if the reply has no sound amount.
    let credits: MicroCredits?
    /// The result, if the reply is kept.
    let result: CachedResult?
    /// How long the vendor took.
    let duration: Duration
    /// How long the call waited for its turn.
    let queued: Duration

    /// Whether the reply is a failure that a stale result may replace (`docs/api.md` §2).
    var isVendorFailure: Bool { status == 500 || status == 503 }
}
