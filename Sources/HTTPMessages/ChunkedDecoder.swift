/// Why a chunked body cannot be read on, RFC 9112 §7.1.
public enum ChunkRefusal: Error, Equatable, Sendable {
    case malformedSize, sizeTooLong, malformedExtension, extensionTooLong, missingDataEnd
    case malformedTrailer, trailersTooLong

    /// What is wrong and what to do; holds nothing that was sent.
    public var message: String {
        switch self {
        case .malformedSize: "A chunk does not begin with its size in hexadecimal digits and CRLF."
        case .sizeTooLong: "A chunk size has more than 15 digits."
        case .malformedExtension: "A chunk extension has a control character or does not end with CRLF."
        case .extensionTooLong: "The chunk extensions are too long; leave them out."
        case .missingDataEnd: "A chunk's data is not followed by CRLF; its size may be wrong."
        case .malformedTrailer: "A trailer field is malformed."
        case .trailersTooLong: "The trailer section is too long; leave it out."
        }
    }
}

/// Takes a chunked body apart as it comes, RFC 9112 §7.1. Confined to its connection.
///
/// A state for each place between two bytes, so that any split gives the same. Extensions and good trailers are
/// dropped: trailers are never merged into the head (RFC 9110 §6.5.1).
public struct ChunkedDecoder: Sendable {
    public enum Step: Sendable, Equatable {
        /// Content, at these indices.
        case data(Range<Int>)
        case needMore
        /// The body is over; `position` is behind it.
        case end
        case refused(ChunkRefusal)
    }

    private enum State {
        case sizeStart, size, blankAfterSize, extensions, sizeLineFeed, data, dataReturn, dataLineFeed
        case trailerStart, trailerName, trailerValue, trailerLineFeed, lastLineFeed, ended
    }

    private static let sizeDigitsMax = 15
    private static let extensionLineBytesMax = 4 * 1024
    private static let extensionBytesMax = 16 * 1024
    private static let trailerBytesMax = 16 * 1024

    private var state = State.sizeStart
    private var remaining: UInt64 = 0
    private var digits = 0
    private var extensionLineBytes = 0
    private var extensionBytes = 0
    private var trailerBytes = 0

    public init() {}

    /// How many bytes of content the chunk that has begun is still to bring, before they have come.
    public var announcedByteCount: UInt64 { state == .data || state == .sizeLineFeed ? remaining : 0 }

    /// Reads on at `position`, which it moves behind what it read. To be called again until `needMore` or `end`.
    public mutating func next(_ bytes: Span<UInt8>, _ position: inout Int) -> Step {
        while position < bytes.count {
            if state == .data {
                let taken = Int(min(remaining, UInt64(bytes.count - position)))
                remaining -= UInt64(taken)
                if remaining == 0 { state = .dataReturn }
                defer { position += taken }
                return .data(position..<(position + taken))
            }
            do throws(ChunkRefusal) { try take(bytes[position]) } catch { return .refused(error) }
            position += 1
            if state == .ended { return .end }
        }
        return state == .ended ? .end : .needMore
    }

    private mutating func take(_ byte: UInt8) throws(ChunkRefusal) {
        switch state {
        case .sizeStart, .size, .blankAfterSize: try takeSize(byte)
        case .extensions: try takeExtension(byte)
        case .sizeLineFeed:
            guard byte == 0x0A else { throw .malformedSize }
            state = remaining == 0 ? .trailerStart : .data
        case .data, .ended: preconditionFailure("take() in state \(state)")
        case .dataReturn:
            guard byte == 0x0D else { throw .missingDataEnd }
            state = .dataLineFeed
        case .dataLineFeed:
            guard byte == 0x0A else { throw .missingDataEnd }
            state = .sizeStart
        case .trailerStart, .trailerName, .trailerValue, .trailerLineFeed, .lastLineFeed: try takeTrailer(byte)
        }
    }

    // MARK: Size and extensions

    private mutating func takeSize(_ byte: UInt8) throws(ChunkRefusal) {
        if state == .sizeStart {
            remaining = 0
            digits = 0
            extensionLineBytes = 0
        }
        switch byte {
        case UInt8(ascii: ";") where state != .sizeStart: state = .extensions
        case 0x0D where state == .size: state = .sizeLineFeed
        // White space after a size may only lead to an extension (RFC 9112 §7.1.1).
        case 0x20, 0x09:
            guard state != .sizeStart else { throw .malformedSize }
            state = .blankAfterSize
            try countExtension()
        default:
            guard state != .blankAfterSize, let value = hexadecimalValue(byte) else { throw .malformedSize }
            digits += 1
            guard digits <= ChunkedDecoder.sizeDigitsMax else { throw .sizeTooLong }
            remaining = remaining << 4 | UInt64(value)
            state = .size
        }
    }

    private mutating func takeExtension(_ byte: UInt8) throws(ChunkRefusal) {
        if byte == 0x0D {
            state = .sizeLineFeed
            return
        }
        guard byte >= 0x20 && byte != 0x7F || byte == 0x09 else { throw .malformedExtension }
        try countExtension()
    }

    private mutating func countExtension() throws(ChunkRefusal) {
        extensionLineBytes += 1
        extensionBytes += 1
        guard extensionLineBytes <= ChunkedDecoder.extensionLineBytesMax,
            extensionBytes <= ChunkedDecoder.extensionBytesMax
        else { throw .extensionTooLong }
    }

    private func hexadecimalValue(_ byte: UInt8) -> UInt8? {
        switch byte {
        case 0x30...0x39: byte - 0x30
        case 0x41...0x46: byte - 0x41 + 10
        case 0x61...0x66: byte - 0x61 + 10
        default: nil
        }
    }

    // MARK: Trailers

    private mutating func takeTrailer(_ byte: UInt8) throws(ChunkRefusal) {
        trailerBytes += 1
        // The CRLF that ends every body is no trailer.
        guard trailerBytes <= ChunkedDecoder.trailerBytesMax + 2 else { throw .trailersTooLong }
        switch state {
        case .trailerStart:
            if byte == 0x0D {
                state = .lastLineFeed
            } else {
                guard CharacterClass.token.contains(byte) else { throw .malformedTrailer }
                state = .trailerName
            }
        case .trailerName:
            if byte == UInt8(ascii: ":") {
                state = .trailerValue
            } else {
                guard CharacterClass.token.contains(byte) else { throw .malformedTrailer }
            }
        case .trailerValue:
            if byte == 0x0D {
                state = .trailerLineFeed
            } else {
                guard byte >= 0x20 && byte != 0x7F || byte == 0x09 else { throw .malformedTrailer }
            }
        case .trailerLineFeed:
            guard byte == 0x0A else { throw .malformedTrailer }
            state = .trailerStart
        case .lastLineFeed:
            guard byte == 0x0A else { throw .malformedTrailer }
            state = .ended
        case .sizeStart, .size, .blankAfterSize, .extensions, .sizeLineFeed, .data, .dataReturn, .dataLineFeed, .ended:
            preconditionFailure("takeTrailer() in state \(state)")
        }
    }
}
