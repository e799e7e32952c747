/// Media types, RFC 9110 §8.3.1.
public enum MediaType {
    /// Parts of the names of types that are texts, besides `text/`.
    private static let textParts: [StaticString] = ["json", "xml", "javascript", "urlencoded"]
    /// How much of a value is looked at for them.
    private static let lookedAtMax = 100

    /// Whether the value of a Content-Type says JSON: `application/json`, `text/json`, or a type that ends with `+json`
    /// (RFC 6839 §3.1).
    public static func isJSON(_ value: Span<UInt8>) -> Bool {
        var end = 0
        while end < value.count, value[end] != UInt8(ascii: ";"), value[end] != 0x20, value[end] != 0x09 { end += 1 }
        let type = value.extracting(0..<end)
        if TokenList.equals(type, "application/json") || TokenList.equals(type, "text/json") { return true }
        return type.count >= 5 && TokenList.equals(type.extracting((type.count - 5)...), "+json")
    }

    /// Whether it says some text: its parameters may say so too.
    public static func isText(_ value: Span<UInt8>) -> Bool {
        let type = value.extracting(0..<min(value.count, lookedAtMax))
        if type.count >= 5, TokenList.equals(type.extracting(0..<5), "text/") { return true }
        return unsafe type.withUnsafeBufferPointer { type in
            textParts.contains { unsafe TokenList.contains(type[...], $0) }
        }
    }

    /// Whether JSON may be sent under this Content-Type, rightly or not: as JSON, as text, or as what a client says
    /// that was told no type (`curl --data`). Not as the parts of a form or as bytes, which files are sent as.
    public static func mayBeJSON(_ value: [UInt8]) -> Bool {
        let name = name(value)
        return isJSON(value.span) || name.isEmpty || name.hasPrefix("text/")
            || name == "application/x-www-form-urlencoded"
    }

    /// Type and subtype in lower case.
    private static func name(_ value: [UInt8]) -> String {
        let type = value.prefix { $0 != UInt8(ascii: ";") && $0 != 0x20 && $0 != 0x09 }
        return String(decoding: type, as: UTF8.self).lowercased()
    }
}
