import Foundation
import TestSupport
import Testing

/// Replies of a hostile vendor to what is passed through: `docs/faults.md` §1 and §3.
@Suite("Hostile replies to pass-through")
struct PassthroughReplyRefusalTests {
    struct Row: Sendable, CustomTestStringConvertible {
        let testDescription: String
        var method = "GET"
        let reply: String
        /// Nil: the client's connection is reset.
        var status: Int? = 502
        var content = ""
        /// Whether the vendor's connection may be used again.
        var isSound = false
    }

    /// A whole reply that must never be taken for the answer to another request.
    private static let stray = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nstray"
    private static let ok = "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nnext"

    private static let heads: [Row] = [
        ("length and chunked", "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
        ("two lengths", "Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello!"),
        ("a list of lengths", "Content-Length: 5, 6\r\n\r\nhello!"), ("length -1", "Content-Length: -1\r\n\r\n"),
        ("length +5", "Content-Length: +5\r\n\r\nhello"), ("length 0x5", "Content-Length: 0x5\r\n\r\nhello"),
        ("an empty length", "Content-Length:\r\n\r\n"), ("length 2^64", "Content-Length: 18446744073709551616\r\n\r\n"),
        ("gzip, chunked", "Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n"),
        ("chunked twice", "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
        ("xchunked", "Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n"),
        ("a folded line", "A: b\r\n c\r\nContent-Length: 0\r\n\r\n"),
        ("space before a colon", "Content-Length : 0\r\n\r\n"), ("bare LF", "A: b\nContent-Length: 0\r\n\r\n"),
        ("bare CR", "A: b\rc\r\nContent-Length: 0\r\n\r\n"), ("NUL", "A: b\0c\r\nContent-Length: 0\r\n\r\n"),
        ("no colon", "nocolon\r\nContent-Length: 0\r\n\r\n"), ("no name", ": a\r\nContent-Length: 0\r\n\r\n"),
        ("a head of 70 KiB", "A: \(String(repeating: "x", count: 70_000))\r\nContent-Length: 0\r\n\r\n"),
    ].map { Row(testDescription: $0.0, reply: "HTTP/1.1 200 OK\r\n" + $0.1) }

    private static let starts: [Row] = [
        ("a status of four digits", "HTTP/1.1 2000 OK"), ("a status of two digits", "HTTP/1.1 20 OK"),
        ("status 099", "HTTP/1.1 099 X"), ("HTTP/2", "HTTP/2 200 OK"), ("http/1.1", "http/1.1 200 OK"),
        ("no version", "200 OK"), ("another protocol", "SSH-2.0-x"), ("protocols switched", "HTTP/1.1 101 X"),
    ].map { Row(testDescription: $0.0, reply: $0.1 + "\r\nContent-Length: 0\r\n\r\n") }

    private static let interim: [Row] = [
        Row(
            testDescription: "ten interim replies",
            reply: String(repeating: "HTTP/1.1 102 X\r\n\r\n", count: 10)
                + "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\na",
            status: 200,
            content: "a",
            isSound: true
        ),
        Row(
            testDescription: "eleven interim replies",
            reply: String(repeating: "HTTP/1.1 102 X\r\n\r\n", count: 11)
                + "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\na"
        ),
        Row(
            testDescription: "a flood of them",
            reply: String(repeating: "HTTP/1.1 100 Continue\r\n\r\n", count: 10_000)
        ),
    ]

    private static let contents: [Row] = [
        Row(testDescription: "too short", reply: "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc", status: nil),
        Row(
            testDescription: "a bad chunk",
            reply: "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\nzz\r\n",
            status: nil
        ),
        Row(
            testDescription: "chunks without an end",
            reply: "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n",
            status: nil
        ),
        Row(
            testDescription: "a trailer that is none",
            reply: "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\nA b\r\n\r\n",
            status: nil
        ),
        Row(
            testDescription: "too long",
            reply: "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabcdef",
            status: 200,
            content: "abc"
        ),
        Row(
            testDescription: "a whole reply behind a reply",
            reply: "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc" + stray,
            status: 200,
            content: "abc"
        ),
        Row(
            testDescription: "a whole reply behind the last chunk",
            reply: "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n" + stray,
            status: 200,
            content: "abc"
        ),
        Row(
            testDescription: "content of a reply to HEAD",
            method: "HEAD",
            reply: "HTTP/1.1 200 OK\r\nContent-Length: \(stray.utf8.count)\r\n\r\n" + stray,
            status: 200
        ),
        Row(
            testDescription: "content on a 204",
            reply: "HTTP/1.1 204 X\r\nContent-Length: \(stray.utf8.count)\r\n\r\n" + stray,
            status: 204
        ),
        Row(
            testDescription: "chunks on a 204",
            reply: "HTTP/1.1 204 X\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nstray\r\n0\r\n\r\n",
            status: 204
        ),
        Row(
            testDescription: "content on a 304",
            reply: "HTTP/1.1 304 X\r\nContent-Length: \(stray.utf8.count)\r\n\r\n" + stray,
            status: 304
        ),
    ]

    @Test(
        "a reply that could be read in two ways ends its connection; the next request gets its own reply",
        arguments: heads + starts + interim + contents
    )
    func refused(row: Row) throws {
        let settings: JSON = ["listen": ["workers": 1], "upstream": ["circuit_breaker": ["failures": 100]]]
        try withOrigin(
            settings,
            answer: { request, connection in
                guard request.target == "/v1/hostile" else {
                    try connection.send(Self.ok)
                    return true
                }
                _ = try connection.sendWhatIsTaken(Array(row.reply.utf8))
                // What is short is cut off here; what is long keeps its connection, and must not be used again.
                if row.status == nil { return false }
                if row.isSound { return true }
                while connection.end == nil { _ = connection.receiveMore() }
                return false
            }
        ) { gateway, origin in
            let client = try gateway.connect()
            let fields = "Host: h\r\nx-api-key: \(Gateway.keyA)\r\n\r\n"
            try client.send("\(row.method) /v1/hostile HTTP/1.1\r\n\(fields)")
            if let status = row.status {
                let reply = try client.response(toHEAD: row.method == "HEAD")
                #expect(reply.status == status, "\(reply.text)")
                #expect(status == 502 || reply.text == row.content)
                #expect(status != 502 || reply.code == "upstream_invalid_response", "\(reply.text)")
            } else {
                #expect(try client.receiveToEnd().end == .reset)
            }
            #expect(row.isSound || origin.wait { $0.ends == 1 })
            let next = row.status == nil ? try gateway.connect() : client
            for _ in 0..<2 {
                try next.send("GET /v1/next HTTP/1.1\r\n\(fields)")
                #expect(try next.response().text == "next")
            }
            #expect(origin.requests.count == 3 && origin.malformed == [])
        }
    }

    @Test("bytes that come on an idle connection end it: they are no reply to the next request")
    func stray() throws {
        let gate = TestGate()
        try withOrigin(
            ["listen": ["workers": 1]],
            answer: { request, connection in
                try connection.send(Self.ok)
                guard request.target == "/v1/first" else { return true }
                gate.wait()
                _ = try connection.sendWhatIsTaken(Array(Self.stray.utf8))
                while connection.end == nil { _ = connection.receiveMore() }
                return false
            }
        ) { gateway, origin in
            let key = [("x-api-key", Gateway.keyA)]
            let first = try gateway.send(TestRequest("GET", "/v1/first", fields: key))
            gate.open()
            #expect(origin.wait { $0.ends == 1 })
            let second = try gateway.send(TestRequest("GET", "/v1/second", fields: key))
            #expect(first.text == "next" && second.text == "next")
            #expect(origin.requests.count == 2)
        }
    }
}
