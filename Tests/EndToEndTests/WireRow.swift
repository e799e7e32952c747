import TestSupport
import Testing

/// One row of a table of wrong messages: what a client sends, and how it is refused.
struct WireRow: Sendable, CustomTestStringConvertible {
    let name: String
    let bytes: [UInt8]
    /// The acceptable statuses.
    let statuses: Set<Int>
    var testDescription: String { name }

    init(_ name: String, _ bytes: [UInt8], _ statuses: Set<Int> = [400]) {
        self.name = name
        self.bytes = bytes
        self.statuses = statuses
    }

    init(_ name: String, _ text: String, _ statuses: Set<Int> = [400]) {
        self.init(name, [UInt8](text.utf8), statuses)
    }

    private static let start = "POST /v1/classify HTTP/1.1\r\nHost: gateway.test\r\nx-api-key: \(Gateway.keyA)\r\n"

    /// A classify request that is valid except for these field lines (with their line ends) in its head.
    static func fields(_ name: String, _ lines: String, body: String? = nil, _ statuses: Set<Int> = [400]) -> WireRow {
        WireRow(name, start + lines + "\r\n" + (body ?? SampleRequests.vendors), statuses)
    }

    /// A valid classify request whose field section ends with this line, which brings no line end of its own.
    static func fieldLine(_ name: String, _ line: String, _ statuses: Set<Int> = [400]) -> WireRow {
        let body = SampleRequests.vendors
        return fields(name, "Content-Length: \(body.utf8.count)\r\n\(line)\r\n", body: body, statuses)
    }

    /// A chunked classify request with this for its content.
    static func chunked(_ name: String, _ content: String, _ statuses: Set<Int> = [400]) -> WireRow {
        fields(name, "Transfer-Encoding: chunked\r\n", body: content, statuses)
    }

    /// The sample's body as one good chunk, without the last chunk.
    static var goodChunk: String {
        let body = SampleRequests.vendors
        return String(body.utf8.count, radix: 16) + "\r\n" + body + "\r\n"
    }

    /// A classify request that is valid except for its start line.
    static func startLine(_ name: String, _ line: String, _ statuses: Set<Int> = [400]) -> WireRow {
        let body = SampleRequests.vendors
        let rest = "\r\nHost: gateway.test\r\nx-api-key: \(Gateway.keyA)\r\nContent-Length: \(body.utf8.count)\r\n\r\n"
        return WireRow(name, line + rest + body, statuses)
    }
}

/// Sends `row` on a connection of its own and expects: the refusal in the vendor's shape, then FIN; no call to the
/// vendor; and a normal request works afterwards.
func expectRefusedAndClosed(_ row: WireRow, sourceLocation: SourceLocation = #_sourceLocation) throws {
    let gateway = try suiteGateway()
    let callsBefore = try gateway.vendor.calls()
    let connection = try gateway.connect()
    try connection.sendWhatIsTaken(row.bytes)
    let response = try connection.response()
    #expect(
        row.statuses.contains(response.status),
        "\(response.status) \(response.text)",
        sourceLocation: sourceLocation
    )
    #expect(response.json["success"].bool == false, sourceLocation: sourceLocation)
    #expect(response.code?.isEmpty == false, sourceLocation: sourceLocation)
    #expect(response.json["message"].string?.isEmpty == false, sourceLocation: sourceLocation)
    #expect(response.announcesClose, "no Connection: close", sourceLocation: sourceLocation)
    let rest = try connection.receiveToEnd()
    #expect(
        rest.bytes.isEmpty,
        "a second reply: \(String(decoding: rest.bytes, as: UTF8.self))",
        sourceLocation: sourceLocation
    )
    #expect(rest.end == .finished, "no lingering close", sourceLocation: sourceLocation)
    #expect(try gateway.vendor.calls() == callsBefore, "the vendor was asked", sourceLocation: sourceLocation)
    #expect(try gateway.send(TestRequest("GET", "/healthz")).status == 200, sourceLocation: sourceLocation)
}
