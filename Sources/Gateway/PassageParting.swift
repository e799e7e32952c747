/// Whether a call goes on without its client. Pure.
///
/// It ends, and the vendor's connection with it, unless it may still say what it costs: the vendor has the whole
/// request and has not replied, or a reply is coming that is read for its cost. A reply that is not read costs what its
/// status says, which is known.
enum PassageParting: Equatable {
    case ends
    case isAwaited

    /// - Parameters:
    ///   - isRequestOver: whether the vendor was sent the whole request.
    ///   - mayHaveContent: whether the reply to such a request can have content; not the reply to HEAD.
    ///   - isReserved: whether the request has reserved credits.
    ///   - awaitsReply: what the reply says (`PassageReply.isAwaited`), once its head has come.
    init(isRequestOver: Bool, mayHaveContent: Bool, isReserved: Bool, awaitsReply: Bool?) {
        let isAwaited = awaitsReply ?? (isRequestOver && (mayHaveContent || isReserved))
        self = isAwaited ? .isAwaited : .ends
    }
}
