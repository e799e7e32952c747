/// Media types, RFC 9110 §8.3.1.
public enum MediaType {
    /// Whether the value of a Content-Type says JSON: `application/json`, or a type that ends with `+json` (RFC 6839 §3.1).
    public static func isJSON(_ value: [UInt8]) -> Bool {
        let type = value.prefix { $0 != UInt8(ascii: ";") && $0 != 0x20 && $0 != 0x09 }
        let name = String(decoding: type, as: UTF8.self).lowercased()
        return name == "application/json" || name == "text/json" || name.hasSuffix("+json")
    }
}
