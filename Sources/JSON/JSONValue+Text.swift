public import Vocabulary

/// JSON trees as text, and JSON values made from our types: exact numbers, members in the given order.
extension JSONValue {
    /// The value on one line, with a space after commas and colons. Recurses to the depth of the tree.
    public var text: [UInt8] {
        var output = ByteWriter(capacity: 256)
        write(to: &output)
        return output.bytes
    }

    /// Appends the value as JSON.
    public func write(to output: inout ByteWriter) {
        switch self {
        case .null: output.append("null")
        case .bool(let flag): output.append(flag ? "true" : "false")
        case .number(let text): output.append(text)
        case .string(let text): JSONText.appendQuoted(text, to: &output)
        case .array(let elements):
            output.append("[")
            for (index, element) in elements.enumerated() {
                if index > 0 { output.append(", ") }
                element.write(to: &output)
            }
            output.append("]")
        case .object(let members):
            output.append("{")
            for (index, member) in members.enumerated() {
                if index > 0 { output.append(", ") }
                JSONText.appendQuoted(member.name, to: &output)
                output.append(": ")
                member.value.write(to: &output)
            }
            output.append("}")
        }
    }

    // MARK: Our values

    public static func integer(_ number: some FixedWidthInteger) -> JSONValue { .number(String(number)) }

    public static func credits(_ amount: MicroCredits) -> JSONValue { .number(amount.description) }

    /// Millionths as a number with as many decimals as needed.
    public static func millionths(_ number: Int64) -> JSONValue { credits(MicroCredits(micros: number)) }

    /// A string in RFC 3339 form, in UTC.
    public static func time(_ moment: Timestamp) -> JSONValue { .string(moment.rfc3339) }

    /// The value, or null for nil.
    public static func orNull<Value>(_ value: Value?, _ make: (Value) -> JSONValue) -> JSONValue {
        value.map(make) ?? .null
    }
}
