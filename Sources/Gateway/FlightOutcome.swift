import Budgeting
import Caching
import Coalescing
import UpstreamKeys
import Vocabulary

/// Whom an outcome goes to, an exchange on one of the workers, and whose budgets it counts in.
struct FlightTicket: Sendable {
    let worker: Int
    let exchange: UInt64
    let team: TeamID
    let key: TeamKeyID
}

/// A permit on its way to the worker of the follower whose turn it is. A message.
///
/// Sendable because one thread at a time has it: it is made, posted and never touched again by its sender, and the
/// mailbox's lock is between the two.
final class FlightOffer: @unchecked Sendable {
    private var permit: FlightPermit<FlightTicket>?

    init(_ permit: consuming FlightPermit<FlightTicket>) { self.permit = .some(permit) }

    /// Gives the permit, once.
    func take() -> FlightPermit<FlightTicket> {
        guard let permit = permit.take() else { preconditionFailure("a permit that was taken twice") }
        return permit
    }
}

/// What a flight came to, for all who wait for it. A message.
enum FlightOutcome: Sendable {
    /// The leader found a fresh result that was stored before; nothing was forwarded.
    case found(CachedResult)
    /// The vendor answered, with a result or with an error of its own that is passed on.
    case forwarded(ForwardedReply, stale: CachedResult?)
    /// The vendor did not answer, or not in a way that may be passed on; with what it charged all the same.
    case failed(UpstreamFailure, stale: CachedResult?, charged: MicroCredits = .zero)
    /// The budgets of these requests have no room.
    case denied(Denial)
    /// The store could not say whether it has the result, or could not make the reservation or the settlement durable:
    /// nobody pays for what may be paid for already, and nobody is told what is not on disk.
    case storeFailed(StoreFault)
    /// The gateway drains and starts nothing new.
    case refused
}

/// A reply of the vendor that is passed on as it came.
struct ForwardedReply: Sendable {
    let status: Int
    let contentType: [UInt8]?
    let retryAfter: [UInt8]?
    /// Of a body that is passed on in its coding.
    let contentEncoding: [UInt8]?
    let body: [UInt8]
    /// What the vendor charged, as far as the reply says; nil when it does not say soundly.
    let credits: MicroCredits?
    /// The stored result, if the reply could be stored.
    let result: CachedResult?
    /// How long the vendor took.
    let duration: Duration

    /// Whether the reply is a failure that a stale result may stand in for (`docs/api.md` §2).
    var isVendorFailure: Bool { status == 500 || status == 503 }
}
