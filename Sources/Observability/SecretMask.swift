/// Takes secrets out of a path or another text before it goes into a log: what looks like a team's key, and what is a
/// known secret, in any percent-encoded spelling (RFC 3986 §2.1), becomes `***`.
///
/// For what a client chose and no route matched: it costs some microseconds, and not more for any text.
/// A known secret is found between two separators or the ends. What cannot be judged within the bounds
/// is masked, too.
public struct SecretMask {
    private static let mask = Array("***".utf8)
    /// How many times a text is decoded; what is encoded more often is masked.
    private static let roundsMax = 4
    /// How much of a text is searched for a known secret.
    private static let bytesMax = 2_048
    /// How many separators of a text are tried as the ends of a known secret.
    private static let boundariesMax = 16
    /// How many bytes are offered to `isSecret` for one text.
    private static let offeredBytesMax = 32 * 1_024
    /// The length of a known secret, in bytes.
    private static let secretBytes = 16...8_192

    private let isSecret: ((Span<UInt8>) -> Bool)?

    /// - Parameter isSecret: whether these bytes, decoded, are a secret; asked only of 16 bytes and more. Nil where no
    ///   secret is known: then only what looks like a key is hidden.
    public init(isSecret: ((Span<UInt8>) -> Bool)? = nil) { self.isSecret = isSecret }

    public func masked(_ text: String) -> String {
        let bytes = Array(text.utf8)
        let masked = masked(bytes.span)
        return masked == bytes ? text : String(decoding: masked, as: UTF8.self)
    }

    /// Whether the bytes stay as they are, whatever is a secret: they are shorter than any, and none is encoded.
    public static func leaves(_ bytes: Span<UInt8>) -> Bool {
        bytes.count < secretBytes.lowerBound && !bytes.contains(UInt8(ascii: "%"))
    }

    public func masked(_ bytes: Span<UInt8>) -> [UInt8] {
        let lookedAt = isSecret == nil ? bytes.count : min(bytes.count, Self.bytesMax)
        var text = DecodedText(bytes.extracting(0..<lookedAt))
        var hidden: [Range<Int>] = []
        if text.rawCount < bytes.count {
            // What was cut off belongs to the last part, which could be a secret that is longer than what is looked at.
            let start = text.bytes.lastIndex(where: Self.isSeparator).map { text.starts[$0] + 1 } ?? 0
            hidden.append(start..<text.rawCount)
        }
        var offered = 0
        for round in 0...Self.roundsMax {
            hide(shapesIn: text, &hidden)
            hide(knownIn: text, &hidden, &offered)
            guard let place = text.firstEncoded else { break }
            if round == Self.roundsMax { hidden.append(text.starts[place]..<text.rawCount) }
            text.decode()
        }
        return Self.text(bytes.extracting(0..<lookedAt), hidden)
    }

    private static func text(_ bytes: Span<UInt8>, _ hidden: [Range<Int>]) -> [UInt8] {
        if hidden.isEmpty { return bytes.withUnsafeBufferPointer { Array($0) } }
        var text: [UInt8] = []
        // What precedes it is written or masked.
        var position = 0
        var endsWithMask = false
        func write(upTo end: Int) {
            guard position < end else { return }
            for index in position..<end { text.append(bytes[index]) }
            endsWithMask = false
        }
        let ranges = hidden.filter { !$0.isEmpty }.sorted { $0.lowerBound < $1.lowerBound }
        for range in ranges where range.upperBound > position {
            write(upTo: range.lowerBound)
            // Ranges that touch have one mask.
            if !endsWithMask { text += mask }
            endsWithMask = true
            position = range.upperBound
        }
        write(upTo: bytes.count)
        return text
    }

    // MARK: What is hidden

    private func hide(shapesIn text: DecodedText, _ hidden: inout [Range<Int>]) {
        var start = 0
        while let secret = KeyShape.firstSecret(in: text.bytes.span, from: start) {
            hidden.append(text.rawRange(secret))
            start = secret.upperBound
        }
    }

    private func hide(knownIn text: DecodedText, _ hidden: inout [Range<Int>], _ offered: inout Int) {
        let count = text.bytes.count
        guard let isSecret, count >= Self.secretBytes.lowerBound else { return }
        // Each part begins behind a separator and ends before one, and a secret may have separators in it.
        var separators = text.bytes.indices.filter { Self.isSeparator(text.bytes[$0]) }
        if separators.count > Self.boundariesMax {
            hidden.append(text.starts[separators[Self.boundariesMax]]..<text.rawCount)
            separators = Array(separators.prefix(Self.boundariesMax))
        }
        let starts = [0] + separators.map { $0 + 1 }
        let ends = separators + (separators.count == Self.boundariesMax ? [] : [count])
        for start in starts {
            for end in ends where end > start && Self.secretBytes.contains(end - start) {
                offered += end - start
                guard offered <= Self.offeredBytesMax else {
                    hidden.append(text.starts[start]..<text.rawCount)
                    return
                }
                if isSecret(text.bytes.span.extracting(start..<end)) { hidden.append(text.rawRange(start..<end)) }
            }
        }
    }

    /// What paths, their parameters and quotation marks are divided by.
    private static func isSeparator(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "/"), UInt8(ascii: ";"), UInt8(ascii: "="), UInt8(ascii: "&"), UInt8(ascii: ","),
            UInt8(ascii: ":"), UInt8(ascii: "?"), UInt8(ascii: "\""), UInt8(ascii: "'"), UInt8(ascii: "<"),
            UInt8(ascii: ">"), UInt8(ascii: "{"), UInt8(ascii: "}"), UInt8(ascii: "("), UInt8(ascii: ")"),
            UInt8(ascii: "["), UInt8(ascii: "]"), 0x20:
            true
        default: false
        }
    }
}

/// A text, with the place of each of its bytes in what it was decoded from.
private struct DecodedText {
    private(set) var bytes: [UInt8]
    /// The place of each byte's first raw byte.
    private(set) var starts: [Int]
    let rawCount: Int

    init(_ raw: Span<UInt8>) {
        bytes = raw.withUnsafeBufferPointer { Array($0) }
        starts = Array(0..<bytes.count)
        rawCount = bytes.count
    }

    func rawRange(_ range: Range<Int>) -> Range<Int> {
        starts[range.lowerBound]..<(range.upperBound < starts.count ? starts[range.upperBound] : rawCount)
    }

    /// Where the first `%` with its two digits is.
    var firstEncoded: Int? { bytes.indices.first { value(at: $0) != nil } }

    /// Decodes once.
    mutating func decode() {
        var (decoded, places) = ([UInt8](), [Int]())
        var index = 0
        while index < bytes.count {
            places.append(starts[index])
            if let value = value(at: index) {
                decoded.append(value)
                index += 3
            } else {
                decoded.append(bytes[index])
                index += 1
            }
        }
        (bytes, starts) = (decoded, places)
    }

    private func value(at index: Int) -> UInt8? {
        guard bytes[index] == UInt8(ascii: "%"), index + 2 < bytes.count, let high = Self.digit(bytes[index + 1]),
            let low = Self.digit(bytes[index + 2])
        else { return nil }
        return high << 4 | low
    }

    private static func digit(_ byte: UInt8) -> UInt8? {
        switch byte {
        case 0x30...0x39: byte - 0x30
        case 0x41...0x46: byte - 0x41 + 10
        case 0x61...0x66: byte - 0x61 + 10
        default: nil
        }
    }
}
