/// A request's head by RFC 9112 and the rules of docs/api.md, read from all bytes at once. Shares no code with the
/// rooms.
public struct NaiveRequest: Equatable {
    public enum Body: Equatable { case none, length(Int64), chunked }

    public struct Limits {
        public let headBytes: Int
        public let fields: Int
        public let requestLineBytes: Int

        public init(headBytes: Int, fields: Int, requestLineBytes: Int) {
            (self.headBytes, self.fields, self.requestLineBytes) = (headBytes, fields, requestLineBytes)
        }
    }

    public let method: [UInt8]
    public let path: [UInt8]
    public let query: [UInt8]?
    public let authority: [UInt8]?
    public let isHTTP10: Bool
    public let names: [[UInt8]]
    public let values: [[UInt8]]
    public let body: Body
    public let keepsAlive: Bool
    public let expectsContinue: Bool
    public let byteCount: Int

    public init(
        method: [UInt8],
        path: [UInt8],
        query: [UInt8]?,
        authority: [UInt8]?,
        isHTTP10: Bool,
        names: [[UInt8]],
        values: [[UInt8]],
        body: Body,
        keepsAlive: Bool,
        expectsContinue: Bool,
        byteCount: Int
    ) {
        (self.method, self.path, self.query, self.authority) = (method, path, query, authority)
        (self.isHTTP10, self.names, self.values, self.body) = (isHTTP10, names, values, body)
        (self.keepsAlive, self.expectsContinue, self.byteCount) = (keepsAlive, expectsContinue, byteCount)
    }

    /// Nil when the bytes do not begin with a whole head that is served.
    public init?(_ bytes: [UInt8], _ limits: Limits) {
        // One empty line may precede it, RFC 9112 §2.2.
        let start = bytes.starts(with: [0x0D, 0x0A]) ? 2 : 0
        guard let head = NaiveHead(bytes, from: start), head.byteCount <= limits.headBytes,
            head.fields.count <= limits.fields, head.startLine.count + 2 <= limits.requestLineBytes
        else { return nil }
        let parts = head.startLine.split(separator: 0x20, omittingEmptySubsequences: false).map(Array.init)
        guard parts.count == 3, !parts[0].isEmpty, parts[0].allSatisfy(NaiveHead.isToken),
            parts[1].allSatisfy({ $0 > 0x20 && $0 < 0x7F }),
            let target = NaiveTarget(parts[1], method: String(decoding: parts[0], as: UTF8.self)),
            let minor = ["HTTP/1.0", "HTTP/1.1"].firstIndex(of: String(decoding: parts[2], as: UTF8.self))
        else { return nil }
        method = parts[0]
        (path, query) = (target.path, target.query)
        isHTTP10 = minor == 0
        names = head.fields.map(\.name)
        values = head.fields.map(\.value)
        byteCount = head.byteCount
        keepsAlive = head.keepsAlive(isHTTP10: isHTTP10)
        for name in ["host", "content-length", "transfer-encoding", "x-api-key"] {
            guard head.values(name).count <= 1 else { return nil }
        }
        let host = head.values("host").first
        guard host.map(NaiveTarget.isHost) ?? isHTTP10 else { return nil }
        authority = target.authority ?? host
        guard let body = Self.body(head, isHTTP10: isHTTP10) else { return nil }
        self.body = body
        let expectations = head.values("expect").map(NaiveHead.lowered)
        guard expectations.allSatisfy({ $0 == "100-continue" }) else { return nil }
        expectsContinue = !expectations.isEmpty && !isHTTP10 && body != .none && body != .length(0)
    }

    /// Nil when it cannot be known, RFC 9112 §6.3.
    private static func body(_ head: NaiveHead, isHTTP10: Bool) -> Body? {
        let (length, coding) = (head.values("content-length").first, head.values("transfer-encoding").first)
        switch (length, coding) {
        case (nil, nil): return Body.none
        case (let length?, nil): return NaiveHead.length(length).map(Body.length)
        case (nil, let coding?): return NaiveHead.lowered(coding) == "chunked" && !isHTTP10 ? .chunked : nil
        case (_?, _?): return nil
        }
    }
}
