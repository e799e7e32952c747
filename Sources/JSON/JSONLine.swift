public import Vocabulary

/// One JSON object on a line of its own, built in a buffer that is used again. Confined to its builder.
public struct JSONLine: ~Copyable {
    @usableFromInline
    var output = ByteWriter(capacity: 512)

    public init() {}

    /// A copy of what was built.
    public var bytes: [UInt8] { output.bytes }

    /// Lends what was built. It must not be kept beyond `body`.
    @inlinable
    public borrowing func withBytes<Result, Failure: Error>(
        _ body: (Span<UInt8>) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        try output.withBytes(body)
    }

    /// Starts a new line; what was built before is forgotten.
    @inlinable
    public mutating func begin() {
        output.removeAll()
        output.append(UInt8(ascii: "{"))
    }

    /// Closes the object and ends the line.
    @inlinable
    public mutating func end() { output.append("}\n") }

    /// A string that is escaped.
    @inlinable @inline(__always)
    public mutating func member(_ name: StaticString, _ value: Span<UInt8>) {
        key(name)
        output.append(UInt8(ascii: "\""))
        JSONText.appendEscaped(value, to: &output)
        output.append(UInt8(ascii: "\""))
    }

    /// A string that is escaped.
    @inlinable @inline(__always)
    public mutating func member(_ name: StaticString, _ value: [UInt8]) { member(name, value.span) }

    /// A string that is escaped.
    @_disfavoredOverload
    public mutating func member(_ name: StaticString, _ value: String) {
        key(name)
        JSONText.appendQuoted(value, to: &output)
    }

    /// A string of ours that needs no escaping.
    @inlinable @inline(__always)
    public mutating func member(_ name: StaticString, _ value: StaticString) {
        key(name)
        output.append(UInt8(ascii: "\""))
        output.append(value)
        output.append(UInt8(ascii: "\""))
    }

    /// A string that `write` appends, and which needs no escaping.
    @inlinable @inline(__always)
    public mutating func member(_ name: StaticString, _ write: (inout ByteWriter) -> Void) {
        key(name)
        output.append(UInt8(ascii: "\""))
        write(&output)
        output.append(UInt8(ascii: "\""))
    }

    @inlinable @inline(__always)
    public mutating func member(_ name: StaticString, _ value: Int64) {
        key(name)
        output.append(decimal: value)
    }

    /// A number with so many digits behind the point: `value` counts in units of the last one.
    @inlinable @inline(__always)
    public mutating func member(_ name: StaticString, _ value: Int64, decimals: Int) {
        key(name)
        var unit: UInt64 = 1
        for _ in 0..<decimals { unit *= 10 }
        // The sign by itself: what lies between -1 and 0 has none in its whole part.
        if value < 0 { output.append(UInt8(ascii: "-")) }
        output.append(decimal: Int64(value.magnitude / unit))
        output.append(UInt8(ascii: "."))
        output.append(lastDigits: decimals, of: value.magnitude % unit)
    }

    /// A JSON value that `write` appends.
    @inlinable @inline(__always)
    public mutating func member(raw name: StaticString, _ write: (inout ByteWriter) -> Void) {
        key(name)
        write(&output)
    }

    /// A JSON value that is written as it is.
    public mutating func member(_ name: StaticString, raw value: String) {
        key(name)
        output.append(value)
    }

    /// Members that another line holds already, as JSON and without their braces.
    @inlinable @inline(__always)
    public mutating func members(raw members: [UInt8]) {
        if members.isEmpty { return }
        if output.count > 1 { output.append(UInt8(ascii: ",")) }
        output.append(members)
    }

    /// A string under a name that is escaped too.
    public mutating func member(escapedName name: String, _ value: String) {
        if output.count > 1 { output.append(UInt8(ascii: ",")) }
        JSONText.appendQuoted(name, to: &output)
        output.append(UInt8(ascii: ":"))
        JSONText.appendQuoted(value, to: &output)
    }

    @inlinable @inline(__always)
    mutating func key(_ name: StaticString) {
        if output.count > 1 { output.append(UInt8(ascii: ",")) }
        output.append(UInt8(ascii: "\""))
        output.append(name)
        output.append("\":")
    }
}
