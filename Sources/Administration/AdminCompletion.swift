/// What a handler calls with its answer: once, since a second answer would be taken for that of the next request.
/// Confined to the server's loop.
final class AdminCompletion {
    private var action: ((AdminReply) -> Void)?

    init(_ action: @escaping (AdminReply) -> Void) { self.action = action }

    /// Traps when it is called again.
    func give(_ reply: AdminReply) {
        guard let action else { preconditionFailure("a request was answered twice") }
        self.action = nil
        action(reply)
    }
}
