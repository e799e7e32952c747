import Glibc

/// A request target in its four forms, RFC 9112 §3.2. Shares no code with the rooms.
struct NaiveTarget {
    private(set) var path: [UInt8] = []
    private(set) var query: [UInt8]?
    private(set) var authority: [UInt8]?

    init?(_ target: [UInt8], method: String) {
        let text = String(decoding: target, as: UTF8.self)
        if method == "CONNECT" {
            guard Self.isHost(target) else { return nil }
            authority = target
        } else if text == "*" {
            guard method == "OPTIONS" else { return nil }
            path = target
        } else if text.hasPrefix("/") {
            guard readPath(target[...]) else { return nil }
        } else {
            let schemes = ["http://", "https://"]
            guard let scheme = schemes.first(where: { text.lowercased().hasPrefix($0) }) else { return nil }
            let rest = target.dropFirst(scheme.utf8.count)
            let host = Array(rest.prefix { $0 != UInt8(ascii: "/") && $0 != UInt8(ascii: "?") })
            guard Self.isHost(host), readPath(rest.dropFirst(host.count)) else { return nil }
            authority = host
        }
    }

    private mutating func readPath(_ rest: ArraySlice<UInt8>) -> Bool {
        path = Array(rest.prefix { $0 != UInt8(ascii: "?") })
        let after = rest.dropFirst(path.count)
        if !after.isEmpty { query = Array(after.dropFirst()) }
        let isSound = Self.isMadeOf(path, "/:@!$&'()*+,;=-._~")
        return isSound && !(query ?? []).contains { $0 == UInt8(ascii: "#") || $0 == UInt8(ascii: "\\") }
    }

    /// Whether there are only letters, digits, these characters, and encoded bytes.
    private static func isMadeOf(_ bytes: [UInt8], _ others: String) -> Bool {
        var index = 0
        while index < bytes.count {
            let character = Character(Unicode.Scalar(bytes[index]))
            if character == "%" {
                let digits = bytes[(index + 1)...].prefix(2)
                let areDigits = digits.allSatisfy { $0 < 0x80 && Character(Unicode.Scalar($0)).isHexDigit }
                guard digits.count == 2, areDigits else { return false }
            } else {
                let isPlain = character.isASCII && (character.isLetter || character.isNumber)
                guard isPlain || others.contains(character) else { return false }
            }
            index += 1
        }
        return true
    }

    /// `uri-host [ ":" port ]`, RFC 9110 §7.2.
    static func isHost(_ bytes: [UInt8]) -> Bool {
        var (name, port) = (bytes[...], ArraySlice<UInt8>())
        let bracket = bytes.first == UInt8(ascii: "[") ? bytes.firstIndex(of: UInt8(ascii: "]")) : 0
        guard let bracket else { return false }
        if let colon = bytes[bracket...].firstIndex(of: UInt8(ascii: ":")) {
            (name, port) = (bytes[..<colon], bytes[(colon + 1)...])
        }
        guard port.count <= 5, port.allSatisfy({ (0x30...0x39).contains($0) }) else { return false }
        guard Int(String(decoding: port, as: UTF8.self)) ?? 0 <= 65_535 else { return false }
        guard bytes.first == UInt8(ascii: "[") else { return !name.isEmpty && isMadeOf(Array(name), "!$&'()*+;=-._~") }
        guard name.count >= 2, name.last == UInt8(ascii: "]") else { return false }
        let literal = name.dropFirst().dropLast()
        var address = in6_addr()
        return !literal.contains(0) && inet_pton(AF_INET6, String(decoding: literal, as: UTF8.self), &address) == 1
    }
}
