/// Whether a call goes on without its client. Pure.
///
/// It ends, and the vendor's connection with it, unless it may still say what it costs: the vendor has the whole request
/// and has not replied, or a reply is coming that is read for its cost. A reply that is not read costs what its status
/// says, which is known.
enum PassageParting: Equatable {
    case ends
    case isAwaited

    /// - Parameters:
    ///   - isRequestOver: whether the vendor was sent the whole request.
    ///   - mayHaveContent: whether the reply to such a request can have content; not the reply to HEAD.
    ///   - isReserved: whether the request has reserved credits.
    ///   - reply: once its head has come.
    init(isRequestOver: Bool, mayHaveContent: Bool, isReserved: Bool, reply: PassageReply?) {
        let isAwaited: Bool
        if let reply {
            // Without content it is complete in a moment, and its connection can be used again.
            isAwaited = reply.isRead || !reply.head.hasContent
        } else {
            isAwaited = isRequestOver && (mayHaveContent || isReserved)
        }
        self = isAwaited ? .isAwaited : .ends
    }
}
