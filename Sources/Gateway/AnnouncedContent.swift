import HTTPMessages

/// What the head of a request says of its content, judged before the route is looked at: no route is reached with a
/// length that was not compared with a limit. Pure.
enum AnnouncedContent: Equatable {
    case none
    /// So many bytes, above zero and at most the limit.
    case bytes(Int)
    case chunked

    /// - Parameter limit: the most content that any route takes, in bytes.
    init(_ framing: BodyFraming, limit: Int) throws(ErrorReply) {
        switch framing {
        case .none, .untilClose, .length(0): self = .none
        case .length(let length):
            guard length <= Int64(limit) else { throw .bodyTooLarge(limit) }
            self = .bytes(Int(length))
        case .chunked: self = .chunked
        }
    }
}
