/// The simulated vendor's honest answer to a call, before any fault is applied.
enum VendorAnswer {
    case completed(ClassifyResult, Charge)
    case refused(VendorRefusal)
    /// An answer other than a classification: its status, its JSON, and what it costs.
    case done(Int, String, Charge? = nil)

    func message() -> ReplyMessage {
        switch self {
        case .completed(let result, _): ReplyMessage(status: 200, body: Array(result.json.utf8))
        case .refused(let refusal): ReplyMessage(status: refusal.status, body: Array(refusal.body.utf8))
        case .done(let status, let body, _): ReplyMessage(status: status, body: Array(body.utf8))
        }
    }

    var retryAfter: RetryAfter? {
        switch self {
        case .completed, .done: nil
        case .refused(let refusal): refusal.retryAfter
        }
    }

    /// This answer with its result changed, if it has one.
    func changingResult(_ change: (inout ClassifyResult) -> Void) -> VendorAnswer {
        guard case .completed(var result, let charge) = self else { return self }
        change(&result)
        return .completed(result, charge)
    }
}
