/// A second reader of JSON, RFC 8259, as plain as it can be written: over Unicode scalars, by recursion. It refuses
/// what the RFC leaves open, as the gateway does: names that stand twice, and halves of surrogate pairs.
///
/// Shares no code with the rooms. Slow.
public struct NaiveJSON {
    private let scalars: [Unicode.Scalar]
    private var index = 0

    private init(scalars: [Unicode.Scalar]) { self.scalars = scalars }

    /// The value of a text; nil when it is not JSON.
    ///
    /// - Parameter depthMax: how deep arrays and objects may be nested.
    public static func read(_ text: [UInt8], depthMax: Int = 64) -> Tree? {
        guard let string = String(validating: text, as: UTF8.self) else { return nil }
        var reader = NaiveJSON(scalars: Array(string.unicodeScalars))
        guard let tree = reader.element(depthMax) else { return nil }
        return reader.index == reader.scalars.count ? tree : nil
    }

    private var current: Unicode.Scalar? { index < scalars.count ? scalars[index] : nil }

    private mutating func take(_ scalar: Unicode.Scalar) -> Bool {
        guard current == scalar else { return false }
        index += 1
        return true
    }

    private mutating func take(word: String) -> Bool { word.unicodeScalars.allSatisfy { take($0) } }

    private mutating func skipSpace() {
        while let scalar = current, [" ", "\t", "\n", "\r"].contains(scalar) { index += 1 }
    }

    /// A value with the space around it.
    private mutating func element(_ depthLeft: Int) -> Tree? {
        skipSpace()
        defer { skipSpace() }
        switch current {
        case "n": return take(word: "null") ? .null : nil
        case "t": return take(word: "true") ? .bool(true) : nil
        case "f": return take(word: "false") ? .bool(false) : nil
        case "\"": return string().map(Tree.string)
        case "[": return depthLeft > 0 ? array(depthLeft - 1) : nil
        case "{": return depthLeft > 0 ? object(depthLeft - 1) : nil
        default: return number()
        }
    }

    private mutating func array(_ depthLeft: Int) -> Tree? {
        index += 1
        skipSpace()
        if take("]") { return .array([]) }
        var elements: [Tree] = []
        repeat {
            guard let element = element(depthLeft) else { return nil }
            elements.append(element)
        } while take(",")
        return take("]") ? .array(elements) : nil
    }

    private mutating func object(_ depthLeft: Int) -> Tree? {
        index += 1
        skipSpace()
        if take("}") { return .object([:]) }
        var members: [Text: Tree] = [:]
        repeat {
            skipSpace()
            guard let name = string() else { return nil }
            skipSpace()
            guard take(":"), let value = element(depthLeft) else { return nil }
            guard members.updateValue(value, forKey: name) == nil else { return nil }
        } while take(",")
        return take("}") ? .object(members) : nil
    }

    private mutating func number() -> Tree? {
        let start = index
        _ = take("-")
        if !take("0"), !digits() { return nil }
        if take("."), !digits() { return nil }
        if take("e") || take("E") {
            if !take("+") { _ = take("-") }
            if !digits() { return nil }
        }
        return .number(String(String.UnicodeScalarView(scalars[start..<index])))
    }

    /// One digit or more.
    private mutating func digits() -> Bool {
        let start = index
        while let scalar = current, ("0"..."9").contains(scalar) { index += 1 }
        return index > start
    }

    private mutating func string() -> Text? {
        guard take("\"") else { return nil }
        var units: [UInt16] = []
        while let scalar = current {
            index += 1
            switch scalar {
            case "\"": return Self.text(units)
            case "\\":
                guard let unit = escape() else { return nil }
                units.append(unit)
            default:
                guard scalar.value >= 0x20 else { return nil }
                units += Array(String(Character(scalar)).utf16)
            }
        }
        return nil
    }

    private mutating func escape() -> UInt16? {
        guard let letter = current else { return nil }
        index += 1
        let short: [Unicode.Scalar: UInt16] = [
            "\"": 0x22, "\\": 0x5C, "/": 0x2F, "b": 0x08, "f": 0x0C, "n": 0x0A, "r": 0x0D, "t": 0x09,
        ]
        if let unit = short[letter] { return unit }
        guard letter == "u", index + 4 <= scalars.count else { return nil }
        let digits = String(String.UnicodeScalarView(scalars[index..<(index + 4)]))
        guard digits.utf8.count == 4, digits.utf8.allSatisfy({ Character(Unicode.Scalar($0)).isHexDigit }) else {
            return nil
        }
        index += 4
        return UInt16(digits, radix: 16)
    }

    /// Nil when a surrogate has no other half.
    private static func text(_ units: [UInt16]) -> Text? {
        String(validating: units, as: UTF16.self).map { Text($0) }
    }
}
