import HTTPMessages

/// Parts of a message, which lies in the connection's buffer.
extension Span<UInt8> {
    /// A copy of a part.
    func bytes(in range: ByteRange) -> [UInt8] { extracting(range.indices).withUnsafeBufferPointer { Array($0) } }

    /// A copy of what is before the first of these bytes, or of all.
    func bytes(upTo ends: [UInt8]) -> [UInt8] {
        withUnsafeBufferPointer { Array($0.prefix { !ends.contains($0) }) }
    }
}
