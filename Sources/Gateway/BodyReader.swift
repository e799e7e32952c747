import HTTPMessages

/// Gathers the content of one request whose body did not come with its head. Confined to its connection.
///
/// Holds no more than `max_body_bytes` of content, and no more than the gateway's byte budget has left; the framing of
/// chunks is dropped as it is read.
final class BodyReader {
    enum Outcome { case incomplete, complete, refused(ErrorReply) }

    private(set) var facts: RequestFacts
    private(set) var content: [UInt8] = []
    private let length: Int?
    private let share: ByteShare
    private var decoder = ChunkedDecoder()
    private var consumed = 0

    /// A body of `length` bytes, or of chunks.
    ///
    /// - Parameter length: nil for a chunked body.
    init(facts: RequestFacts, headByteCount: Int, length: Int?, share: ByteShare) {
        self.facts = facts
        self.facts.byteCount = headByteCount
        self.length = length
        self.share = share
    }

    /// Takes what has come; `takeConsumed` says how much of it.
    func read(_ bytes: Span<UInt8>, limit: Int) -> Outcome {
        if let length { return readPlain(bytes, length) }
        return readChunks(bytes, limit)
    }

    /// How many bytes the last `read` took from the input.
    func takeConsumed() -> Int {
        defer { consumed = 0 }
        facts.byteCount += consumed
        return consumed
    }

    private func readPlain(_ bytes: Span<UInt8>, _ length: Int) -> Outcome {
        let taken = min(bytes.count, length - content.count)
        // Memory grows with what has come, not with what was announced.
        guard append(bytes, 0..<taken) else { return .refused(.outOfMemory) }
        consumed = taken
        return content.count == length ? .complete : .incomplete
    }

    private func readChunks(_ bytes: Span<UInt8>, _ limit: Int) -> Outcome {
        var position = 0
        defer { consumed = position }
        while true {
            switch decoder.next(bytes, &position) {
            case .data(let range):
                guard content.count + range.count <= limit else { return .refused(.bodyTooLarge(limit)) }
                guard append(bytes, range) else { return .refused(.outOfMemory) }
            case .needMore:
                // What a chunk's size announces is judged before it comes.
                let announced = Int(decoder.announcedByteCount)
                return content.count + announced <= limit ? .incomplete : .refused(.bodyTooLarge(limit))
            case .end: return .complete
            case .refused(let refusal): return .refused(.badChunk(refusal))
            }
        }
    }

    /// False when the budget is spent.
    private func append(_ bytes: Span<UInt8>, _ range: Range<Int>) -> Bool {
        guard share.grow(by: range.count) else { return false }
        bytes.extracting(range).withUnsafeBufferPointer { content.append(contentsOf: $0) }
        return true
    }
}
