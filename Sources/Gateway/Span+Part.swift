import Glibc
import HTTPMessages

/// Parts of a message, which lies in the connection's buffer.
extension Span<UInt8> {
    /// A copy of a part.
    func bytes(in range: ByteRange) -> [UInt8] { extracting(range.indices).withUnsafeBufferPointer { Array($0) } }

    /// Whether `part`, a client's key, stands somewhere in it; false for an empty one.
    func contains(_ part: [UInt8]) -> Bool {
        guard let first = part.first, count >= part.count else { return false }
        return withUnsafeBytes { text in
            var rest = text[0...(text.count - part.count)]
            while let start = rest.firstIndex(of: first) {
                if memcmp(text.baseAddress! + start, part, part.count) == 0 { return true }
                rest = rest[(start + 1)...]
            }
            return false
        }
    }
}
