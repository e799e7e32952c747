import Budgeting
import Caching
import Reporting
import Vocabulary

/// A message to a worker from another thread.
enum WorkerMessage: Sendable {
    /// A flight has landed, or has refused some of its requests; these exchanges of the worker get the outcome.
    case outcome(FlightOutcome, exchanges: [UInt64])
    /// The store's answer to a look-up, for a leader or an `only-if-cached` request.
    case looked(id: UInt64, Result<Finding, StoreFault>)
    /// The exchange is to lead the flight in which it waits.
    case lead(exchange: UInt64, FlightOffer)
    /// The answer to the question of a leader or a passage for credits.
    case reserved(id: UInt64, SpendingAnswer)
    /// The landing of another node's flight, or why none is known.
    case landed(leader: UInt64, Result<LandingAnswer, StoreFault>)
    /// The store has removed what a passage may change, or could not.
    case dropped(passage: UInt64, Result<Int64, StoreFault>)
    /// The change of a saved classifier that a passage is to send is durable, or could not be made so.
    case classifierChangeBegun(passage: UInt64, Result<Void, StoreFault>)
    /// The answer to a move of a reservation.
    case moved(reservation: UInt64, MovingAnswer)
    /// The store has made a reservation's ending durable, or could not.
    case ended(reservation: UInt64, Result<EndingAnswer, StoreFault>)
    /// The store has added the worker's counts to the roll-ups, or could not.
    case usageAdded(Result<Void, StoreFault>)
    /// The store's answer to the readiness check of an exchange.
    case checked(exchange: UInt64, Result<Void, StoreFault>)
    /// The store's answer to the question of an exchange for its team's usage.
    case usageRead(exchange: UInt64, Result<SpendCounts, StoreFault>)
    /// The worker's counts are to be reported now; `then` is called when the store has them, or could not take them.
    case reportUsage(then: UsageFlushes.Flushed)
    /// New settings; `then` is called once they apply to the worker's next request.
    case settings(GatewaySettings, then: @Sendable () -> Void)
    /// Tell the last requests, in the order of their answers.
    case recentRequests(then: @Sendable ([RecentRequest]) -> Void)
    /// Show that the loop runs: call `then`.
    case ping(then: @Sendable () -> Void)
    /// A drain will follow: the worker is no longer ready.
    case announceDrain
    /// Drain: no new connections, open ones end after their current reply. `then` is called when nothing is left.
    case drain(then: @Sendable () -> Void)
    /// Cut the drain short: waiting clients are answered and calls end. `then` is called after that; the store may
    /// still be writing.
    case cut(then: @Sendable () -> Void)
}
