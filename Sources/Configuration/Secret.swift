/// Bytes that must not be seen: printing, dumping or reflecting it shows nothing of them. Immutable.
public struct Secret: Sendable, Equatable {
    /// The secret itself.
    public let bytes: [UInt8]

    public init(bytes: [UInt8]) { self.bytes = bytes }
}

extension Secret: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    public var description: String { "•••" }
    public var debugDescription: String { "•••" }
    public var customMirror: Mirror { Mirror(self, children: []) }
}
