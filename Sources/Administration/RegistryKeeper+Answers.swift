import JSON
import Registry

extension RegistryKeeper {
    /// Makes the change that a request asks for, and replies.
    ///
    /// - Parameters:
    ///   - decide: returns nil when nothing has to change.
    ///   - showBefore: the previous value for the audit log, where it is more than the registry knows.
    ///   - answer: the reply to the change that was made, or to nil when there was none.
    func change(
        _ request: AdminRequest,
        _ reply: @escaping (AdminReply) -> Void,
        _ decide: @escaping (Registry) throws(AdminFault) -> RegistryChange?,
        showing showBefore: (() throws(AdminFault) -> JSONValue)? = nil,
        answer: @escaping (RegistryChange?) -> AdminReply
    ) {
        do throws(AdminFault) { try request.refuseQuery() } catch { return reply(AdminReply(error)) }
        change(by: request.changer, decide, showing: showBefore) { result in
            switch result {
            case .success(let change): reply(answer(change))
            case .failure(let fault): reply(AdminReply(fault))
            }
        }
    }
}

/// Replies at once with what `body` returns or throws.
func answer(_ reply: (AdminReply) -> Void, _ body: () throws(AdminFault) -> AdminReply) {
    do throws(AdminFault) { reply(try body()) } catch { reply(AdminReply(error)) }
}
