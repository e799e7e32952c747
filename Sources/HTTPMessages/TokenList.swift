/// Comparison of field values with names, and walks over comma lists: RFC 9110 §5.6.1. Names are ASCII in lower case.
public enum TokenList {
    typealias Bytes = Slice<UnsafeBufferPointer<UInt8>>

    /// Whether the bytes are this name in any letter case.
    public static func equals(_ bytes: Span<UInt8>, _ name: StaticString) -> Bool {
        unsafe bytes.withUnsafeBufferPointer { unsafe equals($0[...], name) }
    }

    static func equals(_ bytes: Bytes, _ name: StaticString) -> Bool {
        guard unsafe bytes.count == name.utf8CodeUnitCount else { return false }
        return unsafe matches(bytes, bytes.startIndex, name)
    }

    /// Whether the value of a Content-Type names this media type, whatever its parameters: RFC 9110 §8.3.
    public static func isMediaType(_ value: Span<UInt8>, _ name: StaticString) -> Bool {
        let count = name.utf8CodeUnitCount
        guard value.count >= count, equals(value.extracting(..<count), name) else { return false }
        var end = count
        while end < value.count, LineScanner.isBlank(value[end]) { end += 1 }
        return end == value.count || value[end] == UInt8(ascii: ";")
    }

    static func contains(_ bytes: Bytes, _ name: StaticString) -> Bool {
        let last = unsafe bytes.count - name.utf8CodeUnitCount
        guard last >= 0 else { return false }
        return (0...last).contains { unsafe matches(bytes, bytes.startIndex + $0, name) }
    }

    /// Whether the name stands in the bytes from `start` on, which are as many at least. Eight bytes at a time; the
    /// last eight may have been compared already.
    private static func matches(_ bytes: Bytes, _ start: Int, _ name: StaticString) -> Bool {
        let count = name.utf8CodeUnitCount
        guard count >= 8, let base = unsafe bytes.base.baseAddress else {
            for offset in 0..<count where unsafe lowered(bytes[start + offset]) != name.utf8Start[offset] {
                return false
            }
            return true
        }
        let text = unsafe UnsafeRawPointer(base + start)
        let known = unsafe UnsafeRawPointer(name.utf8Start)
        var offset = 0
        while true {
            let word = unsafe text.loadUnaligned(fromByteOffset: offset, as: UInt64.self)
            guard unsafe lowered(word) == known.loadUnaligned(fromByteOffset: offset, as: UInt64.self) else {
                return false
            }
            if offset == count - 8 { return true }
            offset = min(offset + 8, count - 8)
        }
    }

    @inline(__always)
    private static func lowered(_ byte: UInt8) -> UInt8 { byte >= 0x41 && byte <= 0x5A ? byte | 0x20 : byte }

    /// Eight bytes, each made lower case if it is a capital letter. No sum carries into the next byte: the high bits
    /// are left out of them.
    @inline(__always)
    private static func lowered(_ word: UInt64) -> UInt64 {
        let ones: UInt64 = 0x0101_0101_0101_0101
        let highs: UInt64 = 0x8080_8080_8080_8080
        let low = word & ~highs
        // The high bit is set from `A` on, and from the character after `Z` on.
        let capitals = (low &+ ones &* (0x80 - 0x41)) & ~(low &+ ones &* (0x80 - 0x5B)) & ~word & highs
        return word | capitals >> 2
    }

    /// The elements of a comma list without the white space around them; empty ones are skipped. Must not outlive them.
    @safe
    struct Walker {
        private var rest: Bytes

        init(_ bytes: Bytes) { unsafe rest = bytes }

        mutating func next() -> Bytes? {
            while unsafe !rest.isEmpty {
                let end = unsafe rest.firstIndex(of: UInt8(ascii: ",")) ?? rest.endIndex
                var element = unsafe rest[..<end]
                unsafe rest = end < rest.endIndex ? rest[(end + 1)...] : rest[rest.endIndex...]
                while let first = unsafe element.first, LineScanner.isBlank(first) {
                    unsafe element = element.dropFirst()
                }
                while let last = unsafe element.last, LineScanner.isBlank(last) {
                    unsafe element = element.dropLast()
                }
                if unsafe !element.isEmpty { return unsafe element }
            }
            return nil
        }
    }
}
