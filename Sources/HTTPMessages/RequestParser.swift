/// Reads the heads of requests, strictly, from any split of their bytes. Confined to its connection.
///
/// RFC 9112 §2 to §6, where two readings are possible the one that no second party can be made to misread. It looks at
/// the bytes where they stand and notes offsets. In the usual case the whole head is there at once and every byte of
/// it is looked at once; otherwise the line that was not whole is read again when a control character has come. A head
/// whose bytes are those of the last one is not read again.
public struct RequestParser: Sendable {
    private enum Phase { case start, requestLine, fields }

    public private(set) var head = RequestHead()
    private var limits: HeadLimits
    private var phase = Phase.start
    private var position = 0  // of the first byte that is in no whole line yet
    private var scanned = 0  // up to here the line at `position` is known to have no end
    /// The bytes that `head` was read from, between two messages; empty if the next head must be read.
    private var recent = RecentHead()
    private let table = KnownFieldTable.shared

    public init(limits: HeadLimits) {
        self.limits = limits
        head.fields.reserveCapacity(16)
    }

    /// Whether the request line was whole and sound: from then on `head` has method and target, and the fields that
    /// were read so far, also when the request is refused.
    public var hasRequestLine: Bool { phase == .fields }

    /// The empty lines before a request, which belong to none (RFC 9112 §2.2), in bytes, and whether a request has
    /// begun behind them: a CR at the very end may be the half of another one.
    public static func emptyLines(_ bytes: Span<UInt8>) -> (byteCount: Int, requestFollows: Bool) {
        var count = 0
        while count + 1 < bytes.count, bytes[count] == 0x0D, bytes[count + 1] == 0x0A { count += 2 }
        let rest = bytes.count - count
        return (count, rest > 1 || (rest == 1 && bytes[count] != 0x0D))
    }

    /// For the next message.
    public mutating func reset() {
        phase = .start
        position = 0
        scanned = 0
        if recent.isEmpty { clearHead() }
    }

    private mutating func clearHead() {
        recent.forget()
        head.fields.removeAll(keepingCapacity: true)
        head.present = 0
    }

    /// From the next message on.
    public mutating func replaceLimits(_ limits: HeadLimits) {
        guard limits != self.limits else { return }
        self.limits = limits
        // What was accepted before may be too much now.
        clearHead()
    }

    /// Lends the head. Mutating, so that it is lent where it is: of a class's property it would be copied.
    @inline(never)
    public mutating func withHead(_ body: (borrowing RequestHead) -> Void) { body(head) }

    /// Reads on. After `complete`, `head` says what was read, and after `refused` nothing more may be read.
    ///
    /// - Parameter bytes: all bytes of the connection that are not consumed, from this message's first one on: at each
    ///   call the same ones, and those that came since.
    public mutating func parse(_ bytes: Span<UInt8>) -> HeadProgress<RequestRefusal> {
        unsafe bytes.withUnsafeBufferPointer { buffer in
            guard buffer.count > position else { return .incomplete }
            do throws(RequestRefusal) { return try unsafe read(buffer) ? .complete : .incomplete } catch {
                return .refused(error)
            }
        }
    }

    /// True when the head is whole.
    private mutating func read(_ bytes: UnsafeBufferPointer<UInt8>) throws(RequestRefusal) -> Bool {
        if scanned > position, unsafe !LineScanner.mayComplete(bytes, scanned: &scanned) {
            try checkLimits(bytes.count)
            return false
        }
        if phase == .start {
            if !recent.isEmpty, unsafe isRepeated(bytes) { return true }
            if try unsafe !skipEmptyLine(bytes) { return false }
        }
        if phase == .requestLine, try unsafe !readRequestLine(bytes) { return false }
        return try unsafe readFields(bytes)
    }

    /// Whether the message has the last one's head, byte for byte, which `head` describes then. Else that is forgotten.
    private mutating func isRepeated(_ bytes: UnsafeBufferPointer<UInt8>) -> Bool {
        guard unsafe recent.begins(bytes) else {
            clearHead()
            return false
        }
        phase = .fields
        return true
    }

    /// Nothing is whole; the bytes that wait must not be too many.
    private mutating func wait(_ bytes: UnsafeBufferPointer<UInt8>) throws(RequestRefusal) -> Bool {
        scanned = bytes.count
        // A CR at the very end may become CRLF: it has to be looked at again.
        if unsafe bytes[bytes.count - 1] == 0x0D { scanned -= 1 }
        try checkLimits(bytes.count)
        return false
    }

    private func checkLimits(_ count: Int) throws(RequestRefusal) {
        switch phase {
        case .start, .requestLine:
            if count - position > limits.requestLineBytesMax { throw .requestLineTooLong }
        case .fields: if count > limits.headBytesMax { throw .headTooLarge }
        }
    }

    /// RFC 9112 §2.2: an empty line before the request line is skipped. One, not any number.
    private mutating func skipEmptyLine(_ bytes: UnsafeBufferPointer<UInt8>) throws(RequestRefusal) -> Bool {
        if unsafe bytes[0] == 0x0D {
            guard bytes.count > 1 else { return false }
            guard unsafe bytes[1] == 0x0A else { throw .head(.bareCarriageReturn) }
            position = 2
            scanned = 2
            guard bytes.count > 2 else {
                phase = .requestLine
                return false
            }
        }
        phase = .requestLine
        return true
    }

    // MARK: The request line

    private mutating func readRequestLine(_ bytes: UnsafeBufferPointer<UInt8>) throws(RequestRefusal) -> Bool {
        let count = bytes.count
        var index = position
        let token = CharacterClass.token
        while index < count, unsafe token.contains(bytes[index]) { index += 1 }
        guard index < count else { return try unsafe wait(bytes) }
        guard unsafe bytes[index] == 0x20 else {
            throw unsafe bytes[index] == 0x0A ? .head(.bareLineFeed) : .malformedMethod
        }
        guard index > position else { throw .malformedMethod }
        head.methodRange = ByteRange(position, index)
        let targetStart = index + 1
        index = targetStart
        while index < count, unsafe bytes[index] > 0x20, unsafe bytes[index] < 0x7F { index += 1 }
        guard index < count else { return try unsafe wait(bytes) }
        guard unsafe bytes[index] == 0x20 else { throw unsafe endFault(bytes[index]) }
        let targetEnd = index
        guard try unsafe readVersion(bytes, at: index + 1) else { return try unsafe wait(bytes) }
        if position + limits.requestLineBytesMax < targetEnd + 11 { throw .requestLineTooLong }
        head.method = unsafe HTTPMethod.find(UnsafeBufferPointer(rebasing: bytes[head.methodRange.indices]))
        head.target = ByteRange(targetStart, targetEnd)
        var reader = unsafe TargetReader(bytes: bytes, range: targetStart..<targetEnd)
        guard reader.read(into: &head) else { throw .malformedTarget }
        position = targetEnd + 11
        phase = .fields
        return true
    }

    private func endFault(_ byte: UInt8) -> RequestRefusal {
        switch byte {
        case 0x0D: .malformedRequestLine  // HTTP/0.9, which names no version
        case 0x0A: .head(.bareLineFeed)
        default: .malformedTarget
        }
    }

    /// `HTTP/1.1 CRLF` at `start`; false when it is not whole. RFC 9112 §2.3: case-sensitive, one digit each.
    private mutating func readVersion(
        _ bytes: UnsafeBufferPointer<UInt8>,
        at start: Int
    ) throws(RequestRefusal) -> Bool {
        if start + 10 <= bytes.count {
            let text = unsafe UnsafeRawPointer(bytes.baseAddress!).loadUnaligned(fromByteOffset: start, as: UInt64.self)
            let isCommon = UInt64(littleEndian: text) == 0x312E_312F_5054_5448  // HTTP/1.1
            if isCommon, unsafe bytes[start + 8] == 0x0D, unsafe bytes[start + 9] == 0x0A {
                head.version = .http11
                return true
            }
        }
        let expected: StaticString = "HTTP/"
        for offset in 0..<10 {
            guard start + offset < bytes.count else { return false }
            let byte = unsafe bytes[start + offset]
            let isRight =
                switch offset {
                case 0..<5: unsafe byte == expected.utf8Start[offset]
                case 5, 7: byte >= 0x30 && byte <= 0x39
                case 6: byte == UInt8(ascii: ".")
                case 8: byte == 0x0D
                default: byte == 0x0A
                }
            if !isRight { throw byte == 0x0A ? .head(.bareLineFeed) : .malformedVersion }
        }
        guard unsafe bytes[start + 5] == UInt8(ascii: "1"), unsafe bytes[start + 7] <= UInt8(ascii: "1") else {
            throw .unsupportedVersion
        }
        head.version = unsafe bytes[start + 7] == UInt8(ascii: "1") ? .http11 : .http10
        return true
    }

    // MARK: Fields

    private mutating func readFields(_ bytes: UnsafeBufferPointer<UInt8>) throws(RequestRefusal) -> Bool {
        while true {
            switch unsafe LineScanner.fieldLine(bytes, at: position, table) {
            case .incomplete: return unsafe position < bytes.count ? try wait(bytes) : try waitAtLineStart(bytes.count)
            case .refused(.foldedLine) where head.fields.isEmpty: throw .head(.spaceBeforeFirstField)
            case .refused(let fault): throw .head(fault)
            case .field(let field, let next):
                if next > limits.headBytesMax { throw .headTooLarge }
                if head.fields.count == limits.fieldsMax { throw .tooManyFields }
                head.fields.append(field)
                if field.known != .other { try note(field.known) }
                position = next
            case .empty(let next):
                if next > limits.headBytesMax { throw .headTooLarge }
                head.byteCount = next
                try unsafe FramingReader(bytes: bytes).read(into: &head)
                unsafe recent.keep(UnsafeBufferPointer(rebasing: bytes[..<next]))
                return true
            }
        }
    }

    private mutating func waitAtLineStart(_ count: Int) throws(RequestRefusal) -> Bool {
        scanned = position
        try checkLimits(count)
        return false
    }

    /// Fields of which a second one makes the request mean two things.
    private mutating func note(_ known: KnownField) throws(RequestRefusal) {
        let bit: UInt64 = 1 << UInt64(known.rawValue)
        if head.present & bit != 0 {
            switch known {
            case .host: throw .severalHosts
            case .contentLength: throw .severalContentLengths
            case .transferEncoding: throw .malformedTransferCoding
            case .apiKey: throw .severalKeys
            case .other, .connection, .expect, .contentType, .contentEncoding, .cacheControl, .requestID, .retryAfter,
                .keepAlive, .traceParent, .traceState:
                break
            }
        }
        head.present |= bit
    }
}
