public import HTTPMessages

/// Answers the requests of one connection, one after the other. Confined to its server's loop.
///
/// After `received(_:_:)` it owes the connection one reply, at once or later, unless the client leaves (`abandoned`).
/// It replies with `send` and `finishReply`.
public protocol RequestHandler: AnyObject {
    /// A complete head; only its syntax was checked. The handler calls `takeBody` if it wants the content, and replies
    /// without that call if it does not.
    ///
    /// - Parameter bytes: the open span: the head and whatever input follows it. Must not be kept.
    func received(_ head: borrowing RequestHead, _ bytes: Span<UInt8>)

    /// Content that `takeBody` announced: all of a buffered body, the next piece of a streamed one, nothing of a
    /// dropped one.
    func received(_ content: [UInt8], isLast: Bool)

    /// The input is no valid request, or one that will never be complete. Must be answered at once.
    ///
    /// - Parameters:
    ///   - head: the request line and the fields read so far, if the line was valid.
    ///   - bytes: the input received so far.
    func refused(_ fault: RequestFault, _ head: RequestHead?, _ bytes: Span<UInt8>)

    /// The current request cannot be served. Must be answered at once.
    func failed(_ fault: RequestFault)

    /// The client has taken enough of a streamed reply that more can be sent.
    func replyDrained()

    /// The client left, or was disconnected, before its reply was complete.
    func abandoned()

    /// The connection has ended. This is the last call.
    func ended()
}

extension RequestHandler {
    /// Does nothing: only a streamed reply waits for its client.
    public func replyDrained() {}
}
