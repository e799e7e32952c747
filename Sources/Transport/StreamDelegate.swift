/// What a connection tells its user, always in its loop.
public protocol StreamDelegate: AnyObject {
    /// The server's side of TLS begins: from here to `streamDidOpen` the connection holds more than at any other time.
    func streamDidBeginHandshake(_ stream: ByteStream)
    /// There is no room for a handshake. It is tried again right after this call, and then for two seconds.
    func streamNeedsRoom(_ stream: ByteStream)
    /// The TLS handshake is over; on a connection without TLS this is not told.
    func streamDidOpen(_ stream: ByteStream)
    /// There was no room for what came: what `stream.input` has of it is dropped after this call, and nothing more will
    /// come. What is sent still goes out.
    func streamDidLoseInput(_ stream: ByteStream)
    /// New bytes wait in `stream.input`.
    func streamDidReceive(_ stream: ByteStream)
    /// The peer will send no more (FIN or close_notify); it may still read.
    func streamDidReceiveEnd(_ stream: ByteStream)
    /// What waits to be sent fell to the low mark after it had been above the high mark.
    func streamDidDrain(_ stream: ByteStream)
    /// The connection has ended. Called once, never from within a call that the delegate makes.
    func streamDidClose(_ stream: ByteStream, _ cause: StreamEnd)
}

extension StreamDelegate {
    public func streamDidBeginHandshake(_ stream: ByteStream) {}
    public func streamNeedsRoom(_ stream: ByteStream) {}
    public func streamDidOpen(_ stream: ByteStream) {}
    /// Only a stream with an account loses input.
    public func streamDidLoseInput(_ stream: ByteStream) { stream.abort() }
}

/// Why a connection ended.
public enum StreamEnd: Sendable, Equatable {
    /// Closed by this side, in order.
    case closedHere
    /// Reset by the peer, or another error of the network, as `errno`.
    case reset(Int32)
    /// The peer took nothing for the write time-out.
    case stalled
    /// The connection's account had no room for what the peer does not take, or for TLS.
    case noRoom
    /// TLS failed: in the handshake, by a damaged record, or by an end without close_notify.
    case tls(TLSFault)
}

/// The limits of one connection.
public struct StreamLimits: Sendable {
    /// Above this many unsent bytes, `isCongested`.
    public var highMark = 256 * 1024
    /// Down to this many, `streamDidDrain`.
    public var lowMark = 64 * 1024
    /// The longest time without a byte taken by a peer that has to take some.
    public var writeTimeout = Duration.seconds(30)
    /// How long a lingering close reads on, and how many bytes it drops at most.
    public var lingerTimeout = Duration.seconds(5)
    public var lingerBytesMax = 16 * 1024 * 1024

    public init() {}
}

/// Limits as streams keep them: one object for all of them, since there may be tens of thousands.
/// Immutable.
final class SharedStreamLimits: Sendable {
    static let standard = SharedStreamLimits(StreamLimits())

    let values: StreamLimits

    init(_ values: StreamLimits) { self.values = values }
}

/// Where a stream asks before it takes memory for longer than a callback lasts: for input that waits, for output that
/// the peer does not take, for TLS. Confined to the stream's loop.
///
/// Asked in coarse steps, and not at all by a connection whose requests are read, answered and taken at once.
public protocol StreamAccount: AnyObject {
    /// Takes this many more bytes; false, and nothing taken, where there is no room for them.
    func take(_ byteCount: Int) -> Bool
    /// Gives back what was taken.
    func giveBack(_ byteCount: Int)
}
