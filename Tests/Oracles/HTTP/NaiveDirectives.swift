/// The request directives of Cache-Control lines, RFC 9111 §5.2.1, by splitting. Shares no code with the rooms.
public struct NaiveDirectives: Equatable {
    public var noCache = false
    public var noStore = false
    public var onlyIfCached = false
    public var maxAgeSeconds: Int64?

    public init(noCache: Bool, noStore: Bool, onlyIfCached: Bool, maxAgeSeconds: Int64?) {
        (self.noCache, self.noStore) = (noCache, noStore)
        (self.onlyIfCached, self.maxAgeSeconds) = (onlyIfCached, maxAgeSeconds)
    }

    public init(_ lines: [[UInt8]]) {
        for member in lines.flatMap(Self.members) {
            let name = Array(member.prefix { NaiveHead.isToken($0) })
            let rest = Array(member.dropFirst(name.count))
            switch NaiveHead.lowered(name) {
            case "no-cache": noCache = true
            case "no-store": noStore = true
            case "only-if-cached": onlyIfCached = true
            // What is malformed is 0, and of several the least counts.
            case "max-age": maxAgeSeconds = min(maxAgeSeconds ?? .max, Self.seconds(rest) ?? 0)
            default: break
            }
        }
    }

    /// What stands between commas that are in no quoted string, without the white space around it.
    private static func members(_ line: [UInt8]) -> [[UInt8]] {
        var (members, member): ([[UInt8]], [UInt8]) = ([], [])
        var (isQuoted, isEscaped) = (false, false)
        for byte in line {
            if byte == UInt8(ascii: ","), !isQuoted {
                members.append(member)
                member = []
                continue
            }
            member.append(byte)
            if isEscaped {
                isEscaped = false
            } else if byte == UInt8(ascii: "\"") {
                isQuoted.toggle()
            } else if byte == UInt8(ascii: "\\"), isQuoted {
                isEscaped = true
            }
        }
        return (members + [member]).map { NaiveHead.trimmed($0[...]) }.filter { !$0.isEmpty }
    }

    /// `=10` or `="10"`.
    private static func seconds(_ rest: [UInt8]) -> Int64? {
        guard rest.first == UInt8(ascii: "=") else { return nil }
        var digits = rest.dropFirst()
        if digits.first == UInt8(ascii: "\"") {
            guard digits.count >= 2, digits.last == UInt8(ascii: "\"") else { return nil }
            digits = digits.dropFirst().dropLast()
        }
        guard !digits.isEmpty, digits.allSatisfy({ (0x30...0x39).contains($0) }) else { return nil }
        return min(Int64(String(decoding: digits, as: UTF8.self)) ?? .max, 1 << 31)
    }
}
