/// The 16 bytes of a UUID that is written in lower case (RFC 9562 §4), which that of a document in a classify request
/// always is.
public struct UUIDWords: Hashable, Comparable, Sendable {
    /// The first eight bytes, and the last eight.
    public let high, low: UInt64

    @inlinable
    public init(high: UInt64, low: UInt64) {
        self.high = high
        self.low = low
    }

    /// Nil for any other text.
    public init?(_ text: String) {
        var text = text
        guard let words = text.withUTF8({ unsafe Self.read($0) }) else { return nil }
        self = words
    }

    private static func read(_ text: UnsafeBufferPointer<UInt8>) -> UUIDWords? {
        guard text.count == 36 else { return nil }
        let dash = UInt8(ascii: "-")
        guard unsafe text[8] == dash && text[13] == dash && text[18] == dash && text[23] == dash else { return nil }
        var (high, low): (UInt64, UInt64) = (0, 0)
        guard
            unsafe add(0..<8, of: text, to: &high), unsafe add(9..<13, of: text, to: &high),
            unsafe add(14..<18, of: text, to: &high), unsafe add(19..<23, of: text, to: &low),
            unsafe add(24..<36, of: text, to: &low)
        else { return nil }
        return UUIDWords(high: high, low: low)
    }

    /// Adds hexadecimal digits behind those of the word; false when another character is among them.
    private static func add(_ places: Range<Int>, of text: UnsafeBufferPointer<UInt8>, to word: inout UInt64) -> Bool {
        for place in places {
            let byte = unsafe text[place]
            switch byte {
            case 0x30...0x39: word = word << 4 | UInt64(byte &- 0x30)
            case 0x61...0x66: word = word << 4 | UInt64(byte &- 0x57)
            default: return false
            }
        }
        return true
    }

    @inlinable
    public static func < (left: UUIDWords, right: UUIDWords) -> Bool {
        (left.high, left.low) < (right.high, right.low)
    }

    /// In lower case; made anew at each call.
    public var text: String {
        unsafe String(unsafeUninitializedCapacity: 36) { text in
            var place = 0
            for digit in 0..<32 {
                if digit == 8 || digit == 12 || digit == 16 || digit == 20 {
                    unsafe text[place] = UInt8(ascii: "-")
                    place &+= 1
                }
                let word = digit < 16 ? high : low
                let value = UInt8(truncatingIfNeeded: word &>> (60 &- 4 &* UInt64(digit & 15)) & 15)
                unsafe text[place] = value < 10 ? 0x30 &+ value : 0x57 &+ value
                place &+= 1
            }
            return 36
        }
    }
}
