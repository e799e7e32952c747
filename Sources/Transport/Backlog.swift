import EventLoops

/// What a stream has only once something had to wait: for the peer to take output, for room for TLS, or for the peer's
/// end. Confined to the stream's loop, and kept until the stream has ended.
///
/// Apart from the stream, since most connections never have it: there may be tens of thousands, and each of these is
/// answered at once and then idle.
@safe
final class Backlog {
    var output = OutputQueue()
    /// What is taken from the account for output.
    var charge = 0
    /// Whether there was more output than the high mark since the delegate was last told of less.
    var wasCongested = false
    var writeEvent: OpaquePointer?  // struct event *, owned: event_free in the stream's `die`
    var timer: LoopTimer?
    /// What the peer had not acknowledged when the time-out was last started, in bytes.
    var unacknowledged = 0
    /// How many bytes of input were dropped after the end of output.
    var lingered = 0
}
