/// Where a stream asks before it takes memory for longer than a callback lasts: for input that waits, for output that the
/// peer does not take, for TLS. Confined to the stream's loop.
///
/// Asked in coarse steps, and not at all by a connection whose requests are read, answered and taken at once.
public protocol StreamAccount: AnyObject {
    /// Takes this many more bytes; false, and nothing taken, where there is no room for them.
    func take(_ byteCount: Int) -> Bool
    /// Gives back what was taken.
    func giveBack(_ byteCount: Int)
}
