/// The closure by which a handler answers. It may be called only once: a second answer would be sent as the reply to
/// the next request. Confined to the server's loop.
final class AdminCompletion {
    private var action: ((AdminReply) -> Void)?

    init(_ action: @escaping (AdminReply) -> Void) { self.action = action }

    /// Traps on a second call.
    func give(_ reply: AdminReply) {
        guard let action else { preconditionFailure("a request was answered twice") }
        self.action = nil
        action(reply)
    }
}
