/// Takes a request target apart, RFC 9112 §3.2, RFC 3986 §3.
///
/// Lives inside the call that lends `bytes`. `range` lies within them, and each index within `range`.
@safe
struct TargetReader {
    let bytes: UnsafeBufferPointer<UInt8>
    let range: Range<Int>

    init(bytes: UnsafeBufferPointer<UInt8>, range: Range<Int>) {
        unsafe self.bytes = bytes
        self.range = range
    }

    /// False when the target is malformed, or its form does not go with the method.
    mutating func read(into head: inout RequestHead) -> Bool {
        head.query = nil
        head.authority = nil
        guard let first = range.first.map({ unsafe bytes[$0] }) else { return false }
        if head.method == .connect { return readAuthorityForm(into: &head) }
        switch first {
        case UInt8(ascii: "/"): return readPath(from: range.lowerBound, into: &head)
        case UInt8(ascii: "*"):
            head.path = ByteRange(range.lowerBound, range.upperBound)
            return range.count == 1 && head.method == .options
        default: return readAbsoluteForm(into: &head)
        }
    }

    private func readPath(from start: Int, into head: inout RequestHead) -> Bool {
        var index = start
        let allowed = CharacterClass.path
        while index < range.upperBound, unsafe bytes[index] != UInt8(ascii: "?") {
            guard unsafe allowed.contains(bytes[index]) else { return false }
            if unsafe bytes[index] == UInt8(ascii: "%"), unsafe !isEncodedByte(bytes[index..<range.upperBound]) {
                return false
            }
            index += 1
        }
        head.path = ByteRange(start, index)
        guard index < range.upperBound else { return true }
        head.query = ByteRange(index + 1, range.upperBound)
        // Clients send characters in queries that RFC 3986 has encoded; only what could end or turn the target is out.
        while index < range.upperBound {
            let byte = unsafe bytes[index]
            if byte == UInt8(ascii: "#") || byte == UInt8(ascii: "\\") { return false }
            index += 1
        }
        return true
    }

    /// `http://authority/path`: the authority counts and is never dialled (RFC 9112 §3.2.2).
    private func readAbsoluteForm(into head: inout RequestHead) -> Bool {
        guard let start = endOfScheme() else { return false }
        var end = start
        while end < range.upperBound, unsafe bytes[end] != UInt8(ascii: "/"), unsafe bytes[end] != UInt8(ascii: "?") {
            end += 1
        }
        guard unsafe HostReader.isHost(bytes[start..<end]) else { return false }
        head.authority = ByteRange(start, end)
        return readPath(from: end, into: &head)
    }

    /// Behind `http://` or `https://`; schemes are not case-sensitive (RFC 3986 §3.1).
    private func endOfScheme() -> Int? {
        for scheme in ["http://", "https://"] as [StaticString] {
            let count = scheme.utf8CodeUnitCount
            guard range.count > count else { continue }
            let matches = (0..<count).allSatisfy {
                unsafe bytes[range.lowerBound + $0] | 0x20 == scheme.utf8Start[$0] | 0x20
            }
            if matches { return range.lowerBound + count }
        }
        return nil
    }

    private func readAuthorityForm(into head: inout RequestHead) -> Bool {
        head.path = ByteRange(range.lowerBound, range.lowerBound)
        head.authority = ByteRange(range.lowerBound, range.upperBound)
        return unsafe HostReader.isHost(bytes[range])
    }
}

@inline(__always)
func isHexadecimal(_ byte: UInt8) -> Bool {
    (byte >= 0x30 && byte <= 0x39) || (byte | 0x20 >= 0x61 && byte | 0x20 <= 0x66)
}

/// Whether two hexadecimal digits follow the `%` that these bytes begin with, RFC 3986 §2.1.
private func isEncodedByte(_ bytes: Slice<UnsafeBufferPointer<UInt8>>) -> Bool {
    unsafe bytes.count > 2 && isHexadecimal(bytes[bytes.startIndex + 1]) && isHexadecimal(bytes[bytes.startIndex + 2])
}

/// `uri-host [ ":" port ]`, RFC 9110 §7.2. An empty host is none (RFC 9110 §4.2.1), and user information is refused.
enum HostReader {
    static func isHost(_ bytes: Slice<UnsafeBufferPointer<UInt8>>) -> Bool {
        guard let first = unsafe bytes.first else { return false }
        var index = unsafe bytes.startIndex
        if first == UInt8(ascii: "[") {
            guard let end = unsafe bytes.firstIndex(of: UInt8(ascii: "]")), unsafe isLiteral(bytes[(index + 1)..<end])
            else {
                return false
            }
            index = end + 1
        } else {
            let allowed = CharacterClass.host
            while unsafe index < bytes.endIndex, unsafe allowed.contains(bytes[index]) {
                if unsafe bytes[index] == UInt8(ascii: "%"), unsafe !isEncodedByte(bytes[index...]) { return false }
                index += 1
            }
            guard unsafe index > bytes.startIndex else { return false }
        }
        if unsafe index == bytes.endIndex { return true }
        guard unsafe bytes[index] == UInt8(ascii: ":") else { return false }
        return unsafe isPort(bytes[(index + 1)...])
    }

    /// `IPv6address`, RFC 3986 §3.2.2: eight groups, or fewer with one gap; the last two may be an IPv4 address.
    private static func isLiteral(_ bytes: Slice<UnsafeBufferPointer<UInt8>>) -> Bool {
        let colon = UInt8(ascii: ":")
        let end = unsafe bytes.endIndex
        var index = unsafe bytes.startIndex
        var groups = 0
        var hasGap = false
        if unsafe bytes.count >= 2, unsafe bytes[index] == colon, unsafe bytes[index + 1] == colon {
            hasGap = true
            index += 2
        }
        while index < end {
            let start = index
            while index < end, unsafe isHexadecimal(bytes[index]) { index += 1 }
            if index < end, unsafe bytes[index] == UInt8(ascii: ".") {
                guard unsafe isIPv4(bytes[start..<end]) else { return false }
                groups += 2
                break
            }
            guard (1...4).contains(index - start) else { return false }
            groups += 1
            if index == end { break }
            guard unsafe bytes[index] == colon, index + 1 < end else { return false }
            index += 1
            guard unsafe bytes[index] == colon else { continue }
            guard !hasGap else { return false }
            hasGap = true
            index += 1
        }
        return hasGap ? groups <= 7 : groups == 8
    }

    /// Four numbers from 0 to 255 without leading zeros.
    private static func isIPv4(_ bytes: Slice<UnsafeBufferPointer<UInt8>>) -> Bool {
        let numbers = unsafe bytes.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        return unsafe numbers.count == 4
            && numbers.allSatisfy { number in
                guard let first = unsafe number.first, unsafe number.count <= 3,
                    unsafe first != 0x30 || number.count == 1
                else {
                    return false
                }
                guard unsafe number.allSatisfy({ $0 >= 0x30 && $0 <= 0x39 }) else { return false }
                return unsafe number.reduce(0) { $0 * 10 + Int($1 - 0x30) } <= 255
            }
    }

    private static func isPort(_ bytes: Slice<UnsafeBufferPointer<UInt8>>) -> Bool {
        guard unsafe bytes.count <= 5 else { return false }
        var port = 0
        for index in unsafe bytes.startIndex..<bytes.endIndex {
            let byte = unsafe bytes[index]
            guard byte >= 0x30, byte <= 0x39 else { return false }
            port = port * 10 + Int(byte - 0x30)
        }
        return port <= 65_535
    }
}
