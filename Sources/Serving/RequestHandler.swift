public import HTTPMessages

/// Answers the requests of one connection, one after the other. Confined to the loop of its server.
///
/// After `received(_:_:)` it owes the connection one reply, at once or later, but for a client that leaves
/// (`abandoned`). It replies by `send` and `finishReply`.
public protocol RequestHandler: AnyObject {
    /// A whole head, of which nothing was judged but its form. The handler calls `takeBody` if it wants the content, and
    /// replies without it if not.
    ///
    /// - Parameter bytes: the open span: the head, and behind it what else has come. Not to be kept.
    func received(_ head: borrowing RequestHead, _ bytes: Span<UInt8>)

    /// Content that `takeBody` said would follow: all of a buffered body, the next piece of a streamed one, nothing of
    /// one that was read past.
    func received(_ content: [UInt8], isLast: Bool)

    /// What came is no request, or none that will be whole. To be answered at once.
    ///
    /// - Parameters:
    ///   - head: its line and the fields that were read, if the line was sound.
    ///   - bytes: what has come of it.
    func refused(_ fault: RequestFault, _ head: RequestHead?, _ bytes: Span<UInt8>)

    /// The request in hand can not be served. To be answered at once.
    func failed(_ fault: RequestFault)

    /// The client has taken enough of a reply in pieces that more can be sent.
    func replyDrained()

    /// The client left, or was cut off, before its reply was whole.
    func abandoned()

    /// The connection is gone, and nothing more is told.
    func ended()
}

extension RequestHandler {
    /// Only a reply in pieces waits for its client.
    public func replyDrained() {}
}
