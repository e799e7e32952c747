/// One HTTP reply before serialisation; faults distort it in ways that no correct server would.
struct ReplyMessage {
    enum Framing { case length, chunked(chunkBytes: Int), untilClose }

    var version = "HTTP/1.1"
    /// Status code and reason phrase.
    var status: String
    var fields: [(name: String, value: String)] = []
    var framing = Framing.length
    var body: [UInt8]

    init(status: Int, body: [UInt8]) {
        self.status = "\(status) \(ReplyMessage.reason(status))"
        self.body = body
        fields = [("Content-Type", "application/json")]
    }

    /// Head and body.
    var bytes: [UInt8] { head + framedBody }

    var head: [UInt8] {
        var text = "\(version) \(status)\r\n"
        for (name, value) in fields { text += "\(name): \(value)\r\n" }
        switch framing {
        case .length: text += "Content-Length: \(body.count)\r\n"
        case .chunked: text += "Transfer-Encoding: chunked\r\n"
        case .untilClose: break
        }
        return Array((text + "\r\n").utf8)
    }

    private var framedBody: [UInt8] {
        guard case .chunked(let chunkBytes) = framing else { return body }
        var framed: [UInt8] = []
        var start = 0
        while start < body.count {
            let end = min(start + chunkBytes, body.count)
            framed += Array("\(String(end - start, radix: 16))\r\n".utf8) + body[start..<end] + Array("\r\n".utf8)
            start = end
        }
        return framed + Array("0\r\n\r\n".utf8)
    }

    static func reason(_ status: Int) -> String {
        switch status {
        case 200: "OK"
        case 204: "No Content"
        case 400: "Bad Request"
        case 401: "Unauthorized"
        case 403: "Forbidden"
        case 404: "Not Found"
        case 408: "Request Timeout"
        case 413: "Content Too Large"
        case 429: "Too Many Requests"
        case 500: "Internal Server Error"
        case 502: "Bad Gateway"
        case 503: "Service Unavailable"
        case 504: "Gateway Timeout"
        default: "Simulated"
        }
    }
}

/// The bytes sent in answer to one request, and what happens to the connection afterwards.
struct Delivery: Equatable, Sendable {
    enum Ending: String, Sendable {
        case keep
        /// FIN after the last byte.
        case close
        /// RST after the last byte.
        case reset
        /// Nothing more, on an open connection.
        case stall
    }

    var bytes: [UInt8]
    /// The time between one byte and the next; nil sends all at once.
    var pace: Duration?
    var ending: Ending
    /// How many letters follow the bytes, sent as fast as they are taken.
    var fillerCount = 0
}
