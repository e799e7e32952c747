import Vocabulary

/// What a stream has only until TLS is agreed on. Confined to the stream's loop.
final class TLSOpening {
    /// How often a client whose handshake has to wait for room is looked at again, and for how long: a burst of honest
    /// clients is over by then, and one that is closed can try again.
    static let roomInterval = Duration.milliseconds(20)
    static let roomPatience = Duration.seconds(2)

    /// Set until the server's side of TLS begins.
    var accepting: TLSServerContext?
    /// For how many bytes the kernel was asked to wait before it says that there is something to read.
    var readMark = 1
    var waitsForRoom = false
    /// Until when a handshake that there was no room for is tried again.
    var roomDeadline: MonotonicInstant?
    /// Called once, when TLS is agreed on or has failed.
    let onHandshake: ((TLSFault?) -> Void)?

    init(accepting: TLSServerContext?, onHandshake: ((TLSFault?) -> Void)?) {
        self.accepting = accepting
        self.onHandshake = onHandshake
    }
}
