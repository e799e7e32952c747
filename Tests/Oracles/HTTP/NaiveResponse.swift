/// A response's head by RFC 9112, read from all bytes at once. Shares no code with the rooms.
public struct NaiveResponse: Equatable {
    public enum Body: Equatable { case none, length(Int64), chunked, untilClose }

    public let status: Int
    public let isHTTP10: Bool
    public let names: [[UInt8]]
    public let values: [[UInt8]]
    public let body: Body
    public let keepsAlive: Bool
    public let byteCount: Int

    public init(
        status: Int,
        isHTTP10: Bool,
        names: [[UInt8]],
        values: [[UInt8]],
        body: Body,
        keepsAlive: Bool,
        byteCount: Int
    ) {
        (self.status, self.isHTTP10, self.names, self.values) = (status, isHTTP10, names, values)
        (self.body, self.keepsAlive, self.byteCount) = (body, keepsAlive, byteCount)
    }

    /// Nil when the bytes do not begin with a whole head that is taken.
    ///
    /// - Parameter toHead: whether it answers HEAD.
    public init?(_ bytes: [UInt8], toHead: Bool, headBytesMax: Int, fieldsMax: Int) {
        guard let head = NaiveHead(bytes), head.byteCount <= headBytesMax, head.fields.count <= fieldsMax else {
            return nil
        }
        let line = head.startLine
        let version = String(decoding: line.prefix(9), as: UTF8.self)
        let digits = line.dropFirst(9).prefix(3)
        guard let minor = ["HTTP/1.0 ", "HTTP/1.1 "].firstIndex(of: version), digits.count == 3,
            digits.allSatisfy({ (0x30...0x39).contains($0) }), line.count == 12 || line[12] == 0x20,
            let status = Int(String(decoding: digits, as: UTF8.self)), (100...599).contains(status)
        else { return nil }
        self.status = status
        isHTTP10 = minor == 0
        names = head.fields.map(\.name)
        values = head.fields.map(\.value)
        byteCount = head.byteCount
        let (lengths, codings) = (head.values("content-length"), head.values("transfer-encoding"))
        guard lengths.count <= 1, codings.count <= 1, lengths.isEmpty || codings.isEmpty else { return nil }
        guard codings.allSatisfy({ NaiveHead.lowered($0) == "chunked" && minor == 1 }) else { return nil }
        let length = lengths.first.map(NaiveHead.length)
        if case .some(nil) = length { return nil }
        let hasNone = toHead || status < 200 || status == 204 || status == 304
        if hasNone {
            body = .none
        } else if !codings.isEmpty {
            body = .chunked
        } else if case .some(let length?) = length {
            body = .length(length)
        } else {
            body = .untilClose
        }
        keepsAlive = body != .untilClose && head.keepsAlive(isHTTP10: minor == 0)
    }
}
