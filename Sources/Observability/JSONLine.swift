/// One JSON object on a line of its own, built in a buffer that is used again. Confined to whoever builds it.
public struct JSONLine: Sendable {
    public private(set) var bytes: [UInt8] = []

    public init() { bytes.reserveCapacity(512) }

    /// Starts a new line; what was built before is forgotten.
    public mutating func begin() {
        bytes.removeAll(keepingCapacity: true)
        bytes.append(UInt8(ascii: "{"))
    }

    /// Closes the object and ends the line.
    public mutating func end() {
        bytes.append(UInt8(ascii: "}"))
        bytes.append(0x0A)
    }

    /// A string that is escaped.
    public mutating func member(_ name: StaticString, _ value: Span<UInt8>) {
        key(name)
        bytes.append(UInt8(ascii: "\""))
        JSONText.appendEscaped(value, to: &bytes)
        bytes.append(UInt8(ascii: "\""))
    }

    /// A string that is escaped.
    public mutating func member(_ name: StaticString, _ value: [UInt8]) { member(name, value.span) }

    /// A string that is escaped.
    public mutating func member(_ name: StaticString, _ value: String) {
        key(name)
        bytes.append(UInt8(ascii: "\""))
        var value = value
        value.withUTF8 { utf8 in JSONText.appendEscaped(Span(_unsafeElements: utf8), to: &bytes) }
        bytes.append(UInt8(ascii: "\""))
    }

    /// A string of ours that needs no escaping.
    public mutating func member(_ name: StaticString, _ value: StaticString) {
        key(name)
        bytes.append(UInt8(ascii: "\""))
        append(value)
        bytes.append(UInt8(ascii: "\""))
    }

    public mutating func member(_ name: StaticString, _ value: Int64) {
        key(name)
        if value < 0 { bytes.append(UInt8(ascii: "-")) }
        append(decimal: value.magnitude)
    }

    /// A number with so many digits behind the point: `value` counts in units of the last one.
    public mutating func member(_ name: StaticString, _ value: Int64, decimals: Int) {
        key(name)
        var unit: UInt64 = 1
        for _ in 0..<decimals { unit *= 10 }
        // The sign by itself: what lies between -1 and 0 has none in its whole part.
        if value < 0 { bytes.append(UInt8(ascii: "-")) }
        append(decimal: value.magnitude / unit)
        bytes.append(UInt8(ascii: "."))
        var rest = value.magnitude % unit
        unit /= 10
        while unit > 0 {
            bytes.append(UInt8(rest / unit) + 0x30)
            rest %= unit
            unit /= 10
        }
    }

    /// A JSON value that is written as it is.
    public mutating func member(_ name: StaticString, raw value: String) {
        key(name)
        bytes.append(contentsOf: value.utf8)
    }

    /// A string under a name that is escaped too.
    mutating func member(escapedName name: String, _ value: String) {
        separate()
        JSONText.appendEscaped(Array(name.utf8).span, to: &bytes)
        append("\":\"")
        JSONText.appendEscaped(Array(value.utf8).span, to: &bytes)
        bytes.append(UInt8(ascii: "\""))
    }

    private mutating func key(_ name: StaticString) {
        separate()
        append(name)
        append("\":")
    }

    private mutating func separate() {
        if bytes.count > 1 { bytes.append(UInt8(ascii: ",")) }
        bytes.append(UInt8(ascii: "\""))
    }

    private mutating func append(_ text: StaticString) {
        bytes.append(contentsOf: UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
    }

    private mutating func append(decimal magnitude: UInt64) {
        var divisor: UInt64 = 1
        while magnitude / divisor >= 10 { divisor *= 10 }
        while divisor > 0 {
            bytes.append(UInt8(magnitude / divisor % 10) + 0x30)
            divisor /= 10
        }
    }
}
