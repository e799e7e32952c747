public import Vocabulary

/// One JSON object on a line of its own, built in a reused buffer. Confined to its builder.
public struct JSONLine: ~Copyable {
    @usableFromInline
    var output = ByteWriter(capacity: 512)

    public init() {}

    /// A copy of the line.
    public var bytes: [UInt8] { output.bytes }

    /// Lends the line, which must not be used after `body` returns.
    @inlinable
    public borrowing func withBytes<Result, Failure: Error>(
        _ body: (Span<UInt8>) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        try output.withBytes(body)
    }

    /// Starts a new line and discards the previous one.
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

    /// A constant string that needs no escaping.
    @inlinable @inline(__always)
    public mutating func member(_ name: StaticString, _ value: StaticString) {
        key(name)
        output.append(UInt8(ascii: "\""))
        output.append(value)
        output.append(UInt8(ascii: "\""))
    }

    /// A string that `write` appends; it must need no escaping.
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

    /// A number with `decimals` digits after the point: `value` counts units of the last digit.
    @inlinable @inline(__always)
    public mutating func member(_ name: StaticString, _ value: Int64, decimals: Int) {
        key(name)
        var unit: UInt64 = 1
        for _ in 0..<decimals { unit *= 10 }
        // The sign is written separately: between -1 and 0 the whole part has none.
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

    /// A JSON value, written unchanged.
    public mutating func member(_ name: StaticString, raw value: String) {
        key(name)
        output.append(value)
    }

    /// Members that are already JSON, without braces.
    @inlinable @inline(__always)
    public mutating func members(raw members: [UInt8]) { self.members(raw: members.span) }

    /// Members that are already JSON, without braces.
    @inlinable @inline(__always)
    public mutating func members(raw members: Span<UInt8>) {
        if members.isEmpty { return }
        if output.count > 1 { output.append(UInt8(ascii: ",")) }
        output.append(members)
    }

    /// Members that are already JSON, without braces.
    @inlinable @inline(__always)
    public mutating func members(constant members: StaticString) {
        if output.count > 1 { output.append(UInt8(ascii: ",")) }
        output.append(members)
    }

    /// A string, with its name escaped too.
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
