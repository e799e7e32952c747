/// Comparison of field values with names, and walks over comma lists: RFC 9110 §5.6.1. Names are ASCII in lower case.
public enum TokenList {
    typealias Bytes = Slice<UnsafeBufferPointer<UInt8>>

    /// Whether the bytes are this name in any letter case.
    public static func equals(_ bytes: Span<UInt8>, _ name: StaticString) -> Bool {
        bytes.withUnsafeBufferPointer { equals($0[...], name) }
    }

    static func equals(_ bytes: Bytes, _ name: StaticString) -> Bool {
        guard bytes.count == name.utf8CodeUnitCount else { return false }
        return matches(bytes, bytes.startIndex, name)
    }

    static func contains(_ bytes: Bytes, _ name: StaticString) -> Bool {
        let last = bytes.count - name.utf8CodeUnitCount
        guard last >= 0 else { return false }
        return (0...last).contains { matches(bytes, bytes.startIndex + $0, name) }
    }

    private static func matches(_ bytes: Bytes, _ start: Int, _ name: StaticString) -> Bool {
        for offset in 0..<name.utf8CodeUnitCount where lowered(bytes[start + offset]) != name.utf8Start[offset] {
            return false
        }
        return true
    }

    @inline(__always)
    private static func lowered(_ byte: UInt8) -> UInt8 { byte >= 0x41 && byte <= 0x5A ? byte | 0x20 : byte }

    /// The elements of a comma list without the white space around them; empty ones are skipped.
    struct Walker {
        private var rest: Bytes

        init(_ bytes: Bytes) { rest = bytes }

        mutating func next() -> Bytes? {
            while !rest.isEmpty {
                let end = rest.firstIndex(of: UInt8(ascii: ",")) ?? rest.endIndex
                var element = rest[..<end]
                rest = end < rest.endIndex ? rest[(end + 1)...] : rest[rest.endIndex...]
                while let first = element.first, LineScanner.isBlank(first) { element = element.dropFirst() }
                while let last = element.last, LineScanner.isBlank(last) { element = element.dropLast() }
                if !element.isEmpty { return element }
            }
            return nil
        }
    }
}
