import JSON
import Registry

extension RegistryKeeper {
    /// Makes the change that a request asks for, and answers it.
    ///
    /// - Parameters:
    ///   - decide: nil when there is nothing to do.
    ///   - showBefore: what was there before, for the audit log, where it is more than the registry knows.
    ///   - answer: of the change that was made, or of nil.
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

/// Answers at once with what the body gives or throws.
func answer(_ reply: (AdminReply) -> Void, _ body: () throws(AdminFault) -> AdminReply) {
    do throws(AdminFault) { reply(try body()) } catch { reply(AdminReply(error)) }
}
