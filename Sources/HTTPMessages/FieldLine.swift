/// One field line of a header section, RFC 9112 §5.
public struct FieldLine: Equatable, Sendable {
    public var name: ByteRange
    /// Without the white space around it.
    public var value: ByteRange
    public var known: KnownField

    @inlinable
    public init(name: ByteRange, value: ByteRange, known: KnownField) {
        self.name = name
        self.value = value
        self.known = known
    }
}

/// Where something stands in the bytes of its message: offsets from the message's first byte.
///
/// A head is at most some KiB, so 32 bits are plenty and a field line takes 20 bytes.
public struct ByteRange: Equatable, Sendable {
    public var lower: UInt32
    public var upper: UInt32

    @inlinable
    public init(_ lower: Int, _ upper: Int) {
        self.lower = UInt32(truncatingIfNeeded: lower)
        self.upper = UInt32(truncatingIfNeeded: upper)
    }

    @inlinable
    public var count: Int { Int(upper) - Int(lower) }

    @inlinable
    public var isEmpty: Bool { lower == upper }

    @inlinable
    public var indices: Range<Int> { Int(lower)..<Int(upper) }
}
