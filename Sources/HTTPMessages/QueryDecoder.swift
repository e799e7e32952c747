/// Splits a query into names and values, encoded as in forms: `&` between members, `+` for a space
/// (application/x-www-form-urlencoded), any byte as `%` and two hexadecimal digits (RFC 3986 §2.1).
public enum QueryDecoder {
    /// A member without `=` has an empty value. Nil for a `%` without two digits, and for text that does not decode to
    /// UTF-8.
    public static func members(_ query: Span<UInt8>) -> [(name: String, value: String)]? {
        let members = split(query).map(decoded)
        let sound = members.compactMap(\.self)
        return sound.count == members.count ? sound : nil
    }

    /// The members that decode, for a query of which others may decode more.
    public static func readableMembers(_ query: Span<UInt8>) -> [(name: String, value: String)] {
        split(query).compactMap(decoded)
    }

    private static func split(_ query: Span<UInt8>) -> [ArraySlice<UInt8>] {
        let bytes = unsafe query.withUnsafeBufferPointer { unsafe Array($0) }
        return bytes.split(separator: UInt8(ascii: "&"))
    }

    private static func decoded(_ member: ArraySlice<UInt8>) -> (name: String, value: String)? {
        let nameEnd = member.firstIndex(of: UInt8(ascii: "=")) ?? member.endIndex
        guard let name = text(member[..<nameEnd]), let value = text(member[nameEnd...].dropFirst()) else { return nil }
        return (name, value)
    }

    private static func text(_ encoded: ArraySlice<UInt8>) -> String? {
        var decoded: [UInt8] = []
        var rest = encoded
        while let byte = rest.popFirst() {
            switch byte {
            case UInt8(ascii: "+"): decoded.append(0x20)
            case UInt8(ascii: "%"):
                guard let high = rest.popFirst().flatMap(digit), let low = rest.popFirst().flatMap(digit) else {
                    return nil
                }
                decoded.append(high << 4 | low)
            default: decoded.append(byte)
            }
        }
        return String(validating: decoded, as: UTF8.self)
    }

    private static func digit(_ byte: UInt8) -> UInt8? {
        Character(Unicode.Scalar(byte)).hexDigitValue.map(UInt8.init)
    }
}
