/// Gathers the content of one message whose body comes after its head, by its length or in chunks; or reads past it,
/// where content means nothing. Confined to its connection.
///
/// Memory grows with what has come, not with what was announced, and the framing of chunks is dropped as it is read.
/// After anything but `incomplete` it must not be read on.
public struct ContentReader: Sendable {
    public enum Outcome: Equatable, Sendable {
        case incomplete, complete
        /// Chunks bring more than the limit; a length is judged from the head, before there is a reader.
        case tooLarge
        /// The caller has no memory for what has come.
        case noRoom
        case refused(ChunkRefusal)
    }

    /// What has come of the content and was not taken; nothing when it is not kept.
    public private(set) var content: [UInt8] = []
    private let length: Int?
    private let keepsContent: Bool
    /// How much content has come, kept or not.
    private var contentByteCount = 0
    /// How much there is room for in `content`.
    private var capacity = 0
    private var decoder = ChunkedDecoder()
    private var consumed = 0

    /// - Parameters:
    ///   - length: nil for a chunked body.
    ///   - keepsContent: false to read past the content and keep none of it.
    public init(length: Int?, keepsContent: Bool = true) {
        self.length = length
        self.keepsContent = keepsContent
    }

    /// Takes what has come; `takeConsumed` says how much of it.
    ///
    /// - Parameters:
    ///   - limit: the most content that chunks may bring.
    ///   - makeRoom: asked before memory for this many more bytes is taken; false when it must not be.
    public mutating func read(_ bytes: Span<UInt8>, limit: Int, makeRoom: (Int) -> Bool = { _ in true }) -> Outcome {
        if let length { return readPlain(bytes, length, makeRoom) }
        return readChunks(bytes, limit, makeRoom)
    }

    /// How many bytes the last `read` took from the input.
    public mutating func takeConsumed() -> Int {
        defer { consumed = 0 }
        return consumed
    }

    /// The content since the last call, for a caller that takes it in pieces.
    public mutating func takeContent() -> [UInt8] {
        defer { (content, capacity) = ([], 0) }
        return content
    }

    private mutating func readPlain(_ bytes: Span<UInt8>, _ length: Int, _ makeRoom: (Int) -> Bool) -> Outcome {
        let taken = min(bytes.count, length - contentByteCount)
        guard take(bytes, 0..<taken, atMost: length, makeRoom) else { return .noRoom }
        consumed = taken
        return contentByteCount == length ? .complete : .incomplete
    }

    private mutating func readChunks(_ bytes: Span<UInt8>, _ limit: Int, _ makeRoom: (Int) -> Bool) -> Outcome {
        var position = 0
        defer { consumed = position }
        while true {
            switch decoder.next(bytes, &position) {
            case .data(let range):
                guard contentByteCount + range.count <= limit else { return .tooLarge }
                guard take(bytes, range, atMost: limit, makeRoom) else { return .noRoom }
            case .needMore:
                // What a chunk's size announces is judged before it comes.
                return decoder.announcedByteCount <= UInt64(limit - contentByteCount) ? .incomplete : .tooLarge
            case .end: return .complete
            case .refused(let refusal): return .refused(refusal)
            }
        }
    }

    /// Keeps these bytes or drops them; false when there is no room to keep them.
    private mutating func take(
        _ bytes: Span<UInt8>,
        _ range: Range<Int>,
        atMost bytesMax: Int,
        _ makeRoom: (Int) -> Bool
    ) -> Bool {
        if keepsContent {
            guard reserve(content.count + range.count, atMost: bytesMax, makeRoom) else { return false }
            unsafe bytes.extracting(range).withUnsafeBufferPointer { unsafe content.append(contentsOf: $0) }
        }
        contentByteCount += range.count
        return true
    }

    /// Doubles the memory as often as needed, so that what is asked for is what is taken.
    private mutating func reserve(_ needed: Int, atMost bytesMax: Int, _ makeRoom: (Int) -> Bool) -> Bool {
        guard needed > capacity else { return true }
        let doubled = capacity.multipliedReportingOverflow(by: 2)
        let grown = max(needed, min(doubled.overflow ? .max : doubled.partialValue, bytesMax))
        guard makeRoom(grown - capacity) else { return false }
        content.reserveCapacity(grown)
        capacity = grown
        return true
    }
}
