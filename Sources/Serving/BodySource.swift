public import HTTPMessages

/// How a handler takes the content of a request.
public struct BodyPlan: Sendable {
    public enum Use: Sendable {
        /// Handed over once, whole.
        case buffered
        /// Read past: the route takes no content, and some clients send a little all the same (RFC 9110 §9.3.1).
        case dropped
        /// Handed over in pieces as they come. The handler can pause between two pieces, which slows the client down.
        case streamed
    }

    public var use: Use
    /// The most content, in bytes.
    public var limit: Int
    /// Whether each piece that comes gives the client `bodyTimeout` anew; else all of the body has it once.
    public var timesPieces: Bool

    public init(_ use: Use, limit: Int, timesPieces: Bool = false) {
        self.use = use
        self.limit = limit
        self.timesPieces = timesPieces
    }
}

/// Reads the content of one request whose body did not come with its head. Confined to its connection.
///
/// Holds no more than the plan's limit, and no more than the budget of clients has left. Streamed content is the
/// handler's to account for once it is handed over.
final class BodySource {
    enum Outcome: Equatable { case incomplete, complete, refused(RequestFault) }

    let plan: BodyPlan
    /// Set by the handler of a streamed body: no more pieces until it is taken back.
    var isPaused = false
    private var reader: ContentReader
    private let share: ByteShare?

    /// - Parameters:
    ///   - length: nil for a chunked body.
    ///   - share: what the content is taken from while it is gathered; nil for a server that bounds no memory.
    init(_ plan: BodyPlan, length: Int?, share: ByteShare?) {
        self.plan = plan
        self.share = share
        reader = ContentReader(length: length, keepsContent: plan.use != .dropped)
    }

    /// Takes what has come; `takeConsumed` says how much of it.
    func read(_ bytes: Span<UInt8>) -> Outcome {
        let outcome = reader.read(bytes, limit: plan.limit) { count in
            guard plan.use == .buffered, let share else { return true }
            return share.take(count)
        }
        switch outcome {
        case .incomplete: return .incomplete
        case .complete: return .complete
        case .tooLarge: return .refused(plan.use == .dropped ? .contentNotTaken : .bodyTooLarge(limit: plan.limit))
        case .noRoom: return .refused(.noRoom)
        case .refused(let refusal): return .refused(.badChunk(refusal))
        }
    }

    /// How many bytes the last `read` took from the input.
    func takeConsumed() -> Int { reader.takeConsumed() }

    /// The content since the last call: all of it for a buffered body, the next piece of a streamed one, nothing of a
    /// dropped one.
    func takeContent() -> [UInt8] { reader.takeContent() }
}

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
