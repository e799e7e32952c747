/// A reply as received. Its parser is lenient and simple, and shares nothing with the one under test.
public struct TestResponse: Sendable {
    public var version = ""
    public var status = 0
    public var fields: [(name: String, value: String)] = []
    public var body: [UInt8] = []
    /// Replies with a 1xx status that came before this one.
    public var interim: [TestResponse] = []

    public var text: String { String(decoding: body, as: UTF8.self) }
    public var json: JSON { (try? JSON.parse(body)) ?? .null }
    /// The `error` member of an error reply.
    public var code: String? { json["error"].string }

    public func values(_ name: String) -> [String] {
        fields.filter { $0.name.lowercased() == name.lowercased() }.map(\.value)
    }

    public subscript(name: String) -> String? { values(name).first }

    /// Whether the server announces that it will close.
    public var announcesClose: Bool { values("connection").contains { $0.lowercased() == "close" } }

    func preceded(by interim: [TestResponse]) -> TestResponse {
        var copy = self
        copy.interim = interim
        return copy
    }

    /// The first reply in `bytes` and its length, or nil if it is incomplete.
    static func parse(_ bytes: [UInt8], toHEAD isHEAD: Bool, hasEnded: Bool) -> (TestResponse, Int)? {
        guard let headEnd = firstIndex(of: "\r\n\r\n", in: bytes, from: 0) else { return nil }
        let lines = String(decoding: bytes[..<headEnd], as: UTF8.self).split(separator: "\r\n")
        var response = TestResponse()
        let parts = (lines.first ?? "").split(separator: " ", maxSplits: 2)
        guard parts.count >= 2, let status = Int(parts[1]) else { return nil }
        response.version = String(parts[0])
        response.status = status
        for line in lines.dropFirst() {
            let colon = line.firstIndex(of: ":") ?? line.endIndex
            let value = line[colon...].dropFirst().drop { $0 == " " }
            response.fields.append((String(line[..<colon]), String(value)))
        }
        let start = headEnd + 4
        if isHEAD || status < 200 || status == 204 || status == 304 { return (response, start) }
        if response.values("transfer-encoding").contains(where: { $0.lowercased() == "chunked" }) {
            guard let (body, end) = unchunk(bytes, from: start) else { return nil }
            response.body = body
            return (response, end)
        }
        if let length = response["content-length"].flatMap({ Int($0) }) {
            guard bytes.count >= start + length else { return nil }
            response.body = Array(bytes[start..<start + length])
            return (response, start + length)
        }
        guard hasEnded else { return nil }
        response.body = Array(bytes[start...])
        return (response, bytes.count)
    }

    private static func unchunk(_ bytes: [UInt8], from start: Int) -> (body: [UInt8], end: Int)? {
        var body: [UInt8] = []
        var position = start
        while let lineEnd = firstIndex(of: "\r\n", in: bytes, from: position) {
            let line = String(decoding: bytes[position..<lineEnd], as: UTF8.self)
            guard let size = Int(line.prefix { $0 != ";" }, radix: 16) else { return nil }
            position = lineEnd + 2
            if size == 0 {
                // No trailers: the gateway never sends any.
                guard bytes.count >= position + 2 else { return nil }
                return (body, position + 2)
            }
            guard bytes.count >= position + size + 2 else { return nil }
            body += bytes[position..<position + size]
            position += size + 2
        }
        return nil
    }

    private static func firstIndex(of text: StaticString, in bytes: [UInt8], from start: Int) -> Int? {
        let pattern = text.withUTF8Buffer { Array($0) }
        guard bytes.count >= start + pattern.count else { return nil }
        return (start...bytes.count - pattern.count).first { bytes[$0..<$0 + pattern.count].elementsEqual(pattern) }
    }
}
