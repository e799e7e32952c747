/// The head of a message as its lines, RFC 9112 §2.1 and §5, read from all bytes at once. Shares no code with the
/// rooms.
public struct NaiveHead {
    public struct Field: Equatable {
        /// As sent.
        public let name: [UInt8]
        /// Without the white space around it.
        public let value: [UInt8]
    }

    public let startLine: [UInt8]
    public let fields: [Field]
    /// With the empty line.
    public let byteCount: Int

    /// Nil when there is no whole, sound head.
    ///
    /// - Parameter start: where the start line begins.
    public init?(_ bytes: [UInt8], from start: Int = 0) {
        var lines: [[UInt8]] = []
        var next = start
        repeat {
            guard let line = Self.line(bytes, from: next) else { return nil }
            lines.append(line)
            next += line.count + 2
        } while !lines[lines.count - 1].isEmpty || lines.count == 1
        startLine = lines[0]
        let fields = lines.dropFirst().dropLast().map(Self.field)
        guard !lines[0].isEmpty, fields.allSatisfy({ $0 != nil }) else { return nil }
        self.fields = fields.compactMap(\.self)
        byteCount = next
    }

    /// What stands before the next CRLF: no control character but HTAB.
    private static func line(_ bytes: [UInt8], from start: Int) -> [UInt8]? {
        guard start < bytes.count else { return nil }
        let line = bytes[start...].prefix { $0 == 0x09 || $0 >= 0x20 && $0 != 0x7F }
        return bytes[line.endIndex...].starts(with: [0x0D, 0x0A]) ? Array(line) : nil
    }

    private static func field(_ line: [UInt8]) -> Field? {
        guard let colon = line.firstIndex(of: UInt8(ascii: ":")) else { return nil }
        let name = Array(line[..<colon])
        guard !name.isEmpty, name.allSatisfy(isToken) else { return nil }
        return Field(name: name, value: trimmed(line[(colon + 1)...]))
    }

    // MARK: What fields say

    /// The values of the fields of that name, which is in lower case.
    public func values(_ name: String) -> [[UInt8]] {
        fields.filter { Self.lowered($0.name) == name }.map(\.value)
    }

    /// The one number of bytes of a Content-Length, RFC 9110 §8.6; nil when it is none, or too large for this gateway.
    public static func length(_ value: [UInt8]) -> Int64? {
        value.allSatisfy { (0x30...0x39).contains($0) } ? Int64(String(decoding: value, as: UTF8.self)) : nil
    }

    /// Whether the connection goes on, RFC 9112 §9.3.
    public func keepsAlive(isHTTP10: Bool) -> Bool {
        let options = values("connection").flatMap { $0.split(separator: UInt8(ascii: ",")) }.map {
            Self.lowered(Self.trimmed($0))
        }
        return !options.contains("close") && (!isHTTP10 || options.contains("keep-alive"))
    }

    /// `tchar`, RFC 9110 §5.6.2.
    public static func isToken(_ byte: UInt8) -> Bool {
        let scalar = Character(Unicode.Scalar(byte))
        return byte < 0x80 && (scalar.isLetter || scalar.isNumber || "!#$%&'*+-.^_`|~".contains(scalar))
    }

    public static func lowered(_ bytes: [UInt8]) -> String {
        String(decoding: bytes.map { (0x41...0x5A).contains($0) ? $0 + 32 : $0 }, as: UTF8.self)
    }

    public static func trimmed(_ bytes: ArraySlice<UInt8>) -> [UInt8] {
        var bytes = bytes
        while let first = bytes.first, [0x20, 0x09].contains(first) { bytes.removeFirst() }
        while let last = bytes.last, [0x20, 0x09].contains(last) { bytes.removeLast() }
        return Array(bytes)
    }
}
