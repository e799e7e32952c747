import Budgeting
import Caching
import Vocabulary

/// What reaches a worker from other threads.
enum WorkerMessage: Sendable {
    /// A flight has landed; these exchanges of the worker wait for it.
    case outcome(FlightOutcome, exchanges: [UInt64])
    /// The store has looked up what a leader or an `only-if-cached` request asked for.
    case looked(id: UInt64, Result<Finding, StoreFault>)
    /// It is that exchange's turn to lead the flight in which it waits.
    case lead(exchange: UInt64, FlightOffer)
    /// What a leader asked credits for is admitted and durable, or not.
    case reserved(leader: UInt64, SpendingAnswer)
    /// A reservation is booked to another upstream key, or not.
    case moved(reservation: UInt64, MovingAnswer)
    /// The store has made the ending of a reservation durable, or could not.
    case ended(reservation: UInt64, Result<EndingAnswer, StoreFault>)
    /// The store has added the worker's counts to the roll-ups, or could not.
    case usageAdded(Result<Void, StoreFault>)
    /// The store has found out whether it works, for the readiness check of that exchange.
    case checked(exchange: UInt64, Result<Void, StoreFault>)
    /// Other settings; `then` is called when they hold for whatever this worker reads next.
    case settings(GatewaySettings, then: @Sendable () -> Void)
    /// No new connections; the others end after the reply under way; `then` is called when nothing is left.
    case drain(then: @Sendable () -> Void)
    /// The drain is over: who waits is told so, calls end, and `then` is called when that is done but for what the store
    /// has to write.
    case cut(then: @Sendable () -> Void)
}
