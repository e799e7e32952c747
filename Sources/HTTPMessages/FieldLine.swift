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
