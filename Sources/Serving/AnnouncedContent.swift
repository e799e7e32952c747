public import HTTPMessages

/// What the head of a request says of its content, judged against a limit in bytes. Pure.
public enum AnnouncedContent: Equatable, Sendable {
    case none
    /// Above zero and at most the limit.
    case bytes(Int)
    /// Judged as the chunks come.
    case chunked

    /// - Parameter limit: the most content that is taken, in bytes.
    public init(_ framing: BodyFraming, limit: Int) throws(RequestFault) {
        switch framing {
        case .none, .untilClose, .length(0): self = .none
        case .length(let length):
            guard length <= Int64(limit) else { throw .bodyTooLarge(limit: limit) }
            self = .bytes(Int(length))
        case .chunked: self = .chunked
        }
    }
}
