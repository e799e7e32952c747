import HTTPMessages

/// Gathers the content of one request whose body did not come with its head, or reads past it on a route that takes
/// none. Confined to its connection.
///
/// Holds no more than `max_body_bytes` of content, and no more than the gateway's byte budget has left.
final class BodyReader {
    enum Outcome { case incomplete, complete, refused(ErrorReply) }

    private(set) var facts: RequestFacts
    private var reader: ContentReader
    private let share: ByteShare

    /// A body of `length` bytes, or of chunks.
    ///
    /// - Parameters:
    ///   - length: nil for a chunked body.
    ///   - keepsContent: false on a route that takes none.
    init(facts: RequestFacts, headByteCount: Int, length: Int?, keepsContent: Bool, share: ByteShare) {
        self.facts = facts
        self.facts.byteCount = headByteCount
        self.keepsContent = keepsContent
        reader = ContentReader(length: length, keepsContent: keepsContent)
        self.share = share
    }

    /// Whether the content is kept, or read past.
    let keepsContent: Bool

    /// What has come of the content; nothing when it is not kept.
    var content: [UInt8] { reader.content }

    /// Takes what has come; `takeConsumed` says how much of it.
    func read(_ bytes: Span<UInt8>, limit: Int) -> Outcome {
        switch reader.read(bytes, limit: limit, makeRoom: { share.take($0) }) {
        case .incomplete: .incomplete
        case .complete: .complete
        case .tooLarge: .refused(keepsContent ? .bodyTooLarge(limit) : .contentNotTaken)
        case .noRoom: .refused(.outOfMemory)
        case .refused(let refusal): .refused(.badChunk(refusal))
        }
    }

    /// How many bytes the last `read` took from the input.
    func takeConsumed() -> Int {
        let consumed = reader.takeConsumed()
        facts.byteCount += consumed
        return consumed
    }
}
