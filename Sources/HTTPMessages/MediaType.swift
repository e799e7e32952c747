/// Media types, RFC 9110 §8.3.1.
public enum MediaType {
    /// Whether the value of a Content-Type says JSON: `application/json`, or a type that ends with `+json` (RFC 6839 §3.1).
    public static func isJSON(_ value: [UInt8]) -> Bool {
        let name = name(value)
        return name == "application/json" || name == "text/json" || name.hasSuffix("+json")
    }

    /// Whether JSON may be sent under this Content-Type, rightly or not: as JSON, as text, or as what a client says that was
    /// told no type (`curl --data`). Not as the parts of a form or as bytes, which files are sent as.
    public static func mayBeJSON(_ value: [UInt8]) -> Bool {
        let name = name(value)
        return isJSON(value) || name.isEmpty || name.hasPrefix("text/") || name == "application/x-www-form-urlencoded"
    }

    /// Type and subtype in lower case.
    private static func name(_ value: [UInt8]) -> String {
        let type = value.prefix { $0 != UInt8(ascii: ";") && $0 != 0x20 && $0 != 0x09 }
        return String(decoding: type, as: UTF8.self).lowercased()
    }
}
