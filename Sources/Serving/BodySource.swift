public import HTTPMessages

/// How a handler takes the content of a request.
public struct BodyPlan: Sendable {
    public enum Use: Sendable {
        /// Passed to the handler once, whole.
        case buffered
        /// Read and discarded: the route takes no content, but some clients send a little anyway (RFC 9110 §9.3.1).
        case dropped
        /// Passed to the handler in pieces as they arrive. The handler can pause between pieces, which slows the client
        /// down.
        case streamed
    }

    public var use: Use
    /// The maximum length of the content, in bytes.
    public var limit: Int
    /// Whether each piece restarts `bodyTimeout`; if not, it covers the whole body.
    public var timesPieces: Bool
    /// Whether the handler says when a client that expects a 100 gets it; if not, it gets it at once.
    public var holdsContinue: Bool

    public init(_ use: Use, limit: Int, timesPieces: Bool = false, holdsContinue: Bool = false) {
        self.use = use
        self.limit = limit
        self.timesPieces = timesPieces
        self.holdsContinue = holdsContinue
    }
}

/// Reads the content of one request whose body did not arrive with its head. Confined to its connection.
///
/// Holds at most the plan's limit, and at most what is left in the budget of clients. The handler accounts for streamed
/// content once it has received it.
final class BodySource {
    enum Outcome: Equatable { case incomplete, complete, refused(RequestFault) }

    let plan: BodyPlan
    /// Set while the handler of a streamed body wants no more pieces.
    var isPaused = false
    private var reader: ContentReader
    private let share: ByteShare?

    /// - Parameters:
    ///   - length: nil for a chunked body.
    ///   - share: accounts for buffered content while it is read; nil for a server without a memory budget.
    init(_ plan: BodyPlan, length: Int?, share: ByteShare?) {
        self.plan = plan
        self.share = share
        reader = ContentReader(length: length, keepsContent: plan.use != .dropped)
    }

    /// Reads from the input; `takeConsumed` then returns how many bytes were used.
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

    /// The number of input bytes that the last `read` used.
    func takeConsumed() -> Int { reader.takeConsumed() }

    /// The content since the last call: all of a buffered body, the next piece of a streamed one, nothing of a dropped
    /// one.
    func takeContent() -> [UInt8] { reader.takeContent() }
}

/// The content that a request's head announces, checked against a limit in bytes. Pure.
public enum AnnouncedContent: Equatable, Sendable {
    case none
    /// Above zero and at most the limit.
    case bytes(Int)
    /// Checked as the chunks arrive.
    case chunked

    /// - Parameter limit: the maximum length of the content, in bytes.
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
