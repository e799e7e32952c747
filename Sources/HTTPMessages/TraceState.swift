/// What systems on the way say to one another about a trace: the value of `tracestate`, W3C Trace Context §3.3. Pure.
///
/// It is passed on as it came, but for the white space around its members: this gateway adds none.
public enum TraceState {
    /// The most members that a list may have, §3.3.1.1.
    static let membersMax = 32
    /// What is passed on at most, §3.3.1.5: everybody has to pass on so much.
    static let bytesMax = 512
    /// Longer members go first when the list is too long.
    static let longMemberBytes = 128

    /// The value that is passed on; nil when there is nothing to pass on, or the list is malformed.
    ///
    /// - Parameter lines: the values of all field lines, in order: they are one list (RFC 9110 §5.3).
    public static func passedOn(_ lines: [[UInt8]]) -> [UInt8]? {
        var members: [ArraySlice<UInt8>] = []
        for line in lines {
            for element in line.split(separator: UInt8(ascii: ","), omittingEmptySubsequences: false) {
                let member = trimmed(element)
                // Empty members are allowed, and say nothing.
                if member.isEmpty { continue }
                guard members.count < membersMax, isMember(member) else { return nil }
                members.append(member)
            }
        }
        // One member for each key, §3.3.1.3.1.
        guard Set(members.map(key)).count == members.count else { return nil }
        shorten(&members)
        return members.isEmpty ? nil : Array(members.joined(separator: [UInt8(ascii: ",")]))
    }

    /// Drops what does not fit, whole members only: long ones first, then from the end.
    private static func shorten(_ members: inout [ArraySlice<UInt8>]) {
        func count() -> Int { members.reduce(members.count - 1) { $0 + $1.count } }
        while count() > bytesMax, let long = members.lastIndex(where: { $0.count > longMemberBytes }) {
            members.remove(at: long)
        }
        while count() > bytesMax { members.removeLast() }
    }

    private static func key(_ member: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
        member.prefix { $0 != UInt8(ascii: "=") }
    }

    /// Key and value, §3.3.1.3.
    private static func isMember(_ member: ArraySlice<UInt8>) -> Bool {
        let key = key(member)
        guard key.endIndex < member.endIndex, isKey(key) else { return false }
        let value = member[(key.endIndex + 1)...]
        return (1...256).contains(value.count) && value.last != 0x20
            && value.allSatisfy { $0 >= 0x20 && $0 <= 0x7E && $0 != UInt8(ascii: ",") && $0 != UInt8(ascii: "=") }
    }

    /// A simple key, or a tenant and a system with `@` between them.
    private static func isKey(_ key: ArraySlice<UInt8>) -> Bool {
        let parts = key.split(separator: UInt8(ascii: "@"), omittingEmptySubsequences: false)
        switch parts.count {
        case 1: return isName(parts[0], 256, mayBeginWithDigit: false)
        case 2: return isName(parts[0], 241, mayBeginWithDigit: true) && isName(parts[1], 14, mayBeginWithDigit: false)
        default: return false
        }
    }

    private static func isName(_ name: ArraySlice<UInt8>, _ countMax: Int, mayBeginWithDigit: Bool) -> Bool {
        guard let first = name.first, name.count <= countMax else { return false }
        guard isLetter(first) || mayBeginWithDigit && isDigit(first) else { return false }
        return name.allSatisfy { isLetter($0) || isDigit($0) || "_-*/".utf8.contains($0) }
    }

    private static func isLetter(_ byte: UInt8) -> Bool { (0x61...0x7A).contains(byte) }
    private static func isDigit(_ byte: UInt8) -> Bool { (0x30...0x39).contains(byte) }

    private static func trimmed(_ text: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
        let isBlank = { (byte: UInt8) in byte == 0x20 || byte == 0x09 }
        let rest = text.drop(while: isBlank)
        return rest.prefix(rest.count - rest.reversed().prefix(while: isBlank).count)
    }
}
