import Forms
import Glibc
import JSON
import TestSupport
import Testing
import Vocabulary

@testable import AdminClient

@Suite("AdminCaller against a real socket")
struct AdminCallerTests {
    init() { signal(SIGPIPE, SIG_IGN) }

    private static let get = AdminCall(.get, ["status"])
    private static let post = AdminCall(.post, ["teams"], body: .object([("id", .string("a"))]))

    /// The outcome as text: the object, `done`, or the fault's code and line.
    private func outcome(
        _ reply: ScriptedReply,
        _ call: AdminCall = get,
        _ limits: AdminCallLimits = AdminCallLimits()
    ) throws -> String {
        try outcome(call, port: ScriptedServer([reply]).port, limits)
    }

    private func outcome(
        _ call: AdminCall,
        port: UInt16,
        _ limits: AdminCallLimits = AdminCallLimits()
    ) throws -> String {
        let address = try #require(AdminAddress(parsing: "http://127.0.0.1:\(port)"))
        do throws(AdminCallFault) {
            let object = try AdminCaller(address: address, token: "token", limits: limits).send(call)
            return object.map { String(decoding: $0.text, as: UTF8.self) } ?? "done"
        } catch {
            let line = error.description.replacing("http://127.0.0.1:\(port)", with: "URL")
            return "\(error.code): \(line)"
        }
    }

    @Test(
        "an answer is read whatever its framing is and however it is split",
        arguments: [
            ScriptedReply.json(200, #"{"n": 1.50}"#), .json(201, #"{"n": 1.50}"#),
            .raw("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n{\"n\":\r\n6\r\n 1.50}\r\n0\r\n\r\n"),
            .raw(
                "HTTP/1.1 200 OK\r\nTransfer-Encoding: chu",
                "nked\r\n\r\n5\r\n{\"n\"",
                ":\r\n6\r\n 1.50}",
                "\r\n0\r\n\r\n"
            ),
            .raw("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 11\r\n\r\n", #"{"n": 1.50}"#),
            .raw("HTTP/1.1 200 OK\r\nContent-Length: 11\r\n\r\n", #"{"n""#, #": 1.50}"#),
            .raw("HTTP/1.0 200 OK\r\n\r\n{\"n\"", ": 1.50}"),
        ]
    )
    func framings(_ reply: ScriptedReply) throws {
        let text = try outcome(reply)
        #expect(text == #"{"n": 1.50}"#)
    }

    @Test("204 is done, with nothing to show")
    func done() throws {
        let text = try outcome(.raw("HTTP/1.1 204 No Content\r\n\r\n"), AdminCall(.delete, ["teams", "a"]))
        #expect(text == "done")
    }

    @Test("the request names the target, the token and the body exactly")
    func request() throws {
        let server = try ScriptedServer([.json(200, "{}")])
        let address = try #require(AdminAddress(parsing: "\(server.url)/behind/proxy/"))
        var call = AdminCall(.post, ["teams", "a b/ü", "keys"], body: .object([("n", .number("1.50"))]))
        call.query = [("cursor", "x&y=z")]
        call.idempotencyKey = "once"
        _ = try AdminCaller(address: address, token: "the-token").send(call)
        let lines = try server.request().split(separator: "\r\n", omittingEmptySubsequences: false).map(String.init)
        #expect(lines[0] == "POST /behind/proxy/admin/v1/teams/a%20b%2F%C3%BC/keys?cursor=x%26y%3Dz HTTP/1.1")
        for field in [
            "host: 127.0.0.1:\(server.port)", "authorization: Bearer the-token", "connection: close",
            "content-type: application/json", "content-length: 11", "idempotency-key: once",
        ] { #expect(lines.contains(field), "\(field) in \(lines)") }
        #expect(lines.last == #"{"n": 1.50}"#)
    }

    @Test("an error of the gateway is its status, code and message on one line that steers no terminal")
    func refused() throws {
        let body = #"{"success": false, "error": "conflict", "message": "taken\nby \u001b[31manother\u009b"}"#
        let text = try outcome(.json(409, body), Self.post)
        #expect(text == "refused: 409 conflict: taken\u{FFFD}by \u{FFFD}[31manother\u{FFFD}")
    }

    @Test(
        "what is no answer of the admin API is told apart from a refusal",
        arguments: [
            (ScriptedReply.raw("SSH-2.0-OpenSSH_9.2\r\n"), "the status line is malformed"),
            (.raw("HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\n<html>"), "HTTP 200 without a JSON object"),
            (.json(200, "[1]"), "HTTP 200 without a JSON object"), (.json(200, ""), "HTTP 200 without a JSON object"),
            (.json(404, #"{"detail": "no"}"#), "HTTP 404 with JSON that is not the gateway's"),
            (.json(302, "{}"), "HTTP 302 with JSON that is not the gateway's"),
            (.raw("HTTP/1.1 101 Switching Protocols\r\n\r\n"), "switched protocols"),
            (.raw("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n"), "A chunk does not begin"),
        ]
    )
    func foreign(_ reply: ScriptedReply, _ reason: String) throws {
        let text = try outcome(reply)
        #expect(text.hasPrefix("foreign: URL: what answers is not the gateway's admin API ("), "\(text)")
        #expect(text.contains(reason))
        #expect(text.hasSuffix("; is this its admin.address?"), "nothing was changed, so nothing is unknown: \(text)")
    }

    @Test(
        "a connection that ends within the answer, or before it, is a lost answer",
        arguments: [
            ScriptedReply.raw(), .raw("HTTP/1.1 200 OK\r\n"), .raw("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{"),
            .raw("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n"),
            ScriptedReply(pieces: ["HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{"], isReset: true),
            ScriptedReply(pieces: [], isReset: true),
        ]
    )
    func lost(_ reply: ScriptedReply) throws {
        let text = try outcome(reply)
        #expect(text.hasPrefix("lost: URL: no whole answer came (the connection "), "\(text)")
        #expect(!text.contains("unknown"))
    }

    @Test("a change whose answer is lost may have been done, and the line says whether it may be repeated")
    func doubt() throws {
        let lost = try outcome(.raw(), Self.post)
        #expect(lost.hasSuffix("; whether it was done is unknown; look at the list before you repeat the command"))
        let foreign = try outcome(.raw("HTTP/1.1 502 Bad Gateway\r\n\r\n"), Self.post)
        #expect(foreign.contains("HTTP 502") && foreign.contains("whether it was done is unknown"))
        var named = Self.post
        named.idempotencyKey = "once"
        for call in [named, AdminCall(.delete, ["teams", "a"]), AdminCall(.patch, ["teams", "a"], body: .object([]))] {
            let text = try outcome(.raw(), call)
            #expect(text.hasSuffix("; whether it was done is unknown; repeating the command does no harm"), "\(text)")
        }
    }

    @Test("a port that refuses is named, with what to look at, and nothing is in doubt")
    func refusedConnection() throws {
        let server = try ScriptedServer([.json(200, "{}")])
        _ = try outcome(Self.get, port: server.port)
        // The script has ended; the server closes its port as soon as its thread gets to it.
        var text = try outcome(Self.post, port: server.port)
        let deadline = Deadline.generous
        while !text.hasPrefix("unreachable"), !deadline.hasPassed { text = try outcome(Self.post, port: server.port) }
        let question = "is the gateway running, and is this its admin.address?"
        #expect(text == "unreachable: URL: nothing answers (connection refused); \(question)")
    }

    @Test("a port that never answers is given up after the time to connect")
    func unanswered() throws {
        let port = try UnansweringPort()
        var limits = AdminCallLimits()
        limits.call.connectTimeout = .milliseconds(20)
        let text = try outcome(Self.post, port: port.port, limits)
        #expect(text.hasPrefix("unreachable: URL: nothing answers (no connection within "), "\(text)")
    }

    @Test("a server that takes the request and stays silent is given up, and the change is in doubt")
    func silent() throws {
        let server = try ScriptedServer([ScriptedReply(pieces: [], waitsForEnd: true)])
        var limits = AdminCallLimits()
        limits.call.answerTimeout = .milliseconds(50)
        let text = try outcome(Self.post, port: server.port, limits)
        #expect(text.hasPrefix("lost: URL: no whole answer came (nothing within "), "\(text)")
        #expect(text.contains("whether it was done is unknown"))
    }

    @Test(
        "an answer longer than is allowed is given up as soon as that is known",
        arguments: [
            ScriptedReply.raw("HTTP/1.1 200 OK\r\nContent-Length: 17\r\n\r\n"),
            .raw("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n11\r\n{\"a\": \"bbbbbbbbb\"}"),
            .raw("HTTP/1.0 200 OK\r\n\r\n{\"a\": \"bbbbbbbbb\"}"),
        ]
    )
    func tooLong(_ reply: ScriptedReply) throws {
        var limits = AdminCallLimits()
        limits.call.answerBytesMax = 16
        let text = try outcome(reply, Self.get, limits)
        #expect(text.contains("the body is longer than this program takes"), "\(text)")
        limits.call.answerBytesMax = 17
        let justFits = try outcome(.json(200, #"{"a": "bbbbbbbb"}"#), Self.get, limits)
        #expect(justFits == #"{"a": "bbbbbbbb"}"#)
    }

    @Test("IPv6 addresses, default ports and path prefixes make the Host field that they should")
    func authority() throws {
        let cases = [
            ("http://[::1]:9090", "[::1]:9090"), ("https://gate.example", "gate.example"),
            ("https://gate.example:443/x/", "gate.example"), ("http://gate.example:443", "gate.example:443"),
        ]
        for (argument, expected) in cases {
            let address = try #require(AdminAddress(parsing: argument))
            #expect(address.url.authority == expected)
        }
        for argument in ["", "gate.example", "ftp://gate", "http://user:secret@gate", "http://gate/?x", "http://"] {
            #expect(AdminAddress(parsing: argument) == nil, "\(argument)")
        }
    }

    // MARK: The connection

    private func followed(_ reply: ScriptedReply) -> ScriptedReply {
        var reply = reply
        reply.isFollowed = true
        return reply
    }

    private func caller(_ server: ScriptedServer) throws -> AdminCaller {
        AdminCaller(address: try #require(AdminAddress(parsing: server.url)), token: "token")
    }

    private static func page(_ item: Int, next: String?) -> ScriptedReply {
        .json(200, #"{"items": [\#(item)], "next_cursor": \#(next.map { "\"\($0)\"" } ?? "null")}"#)
    }

    @Test("the pages of a list, and further readings, come over one connection")
    func oneConnection() throws {
        let server = try ScriptedServer([
            followed(Self.page(1, next: "a")), followed(Self.page(2, next: "b")), followed(Self.page(3, next: nil)),
            followed(.json(200, "{}")),
        ])
        var caller = try caller(server)
        let counts = Guarded<[Int]>([])
        caller.onProgress = { count in counts.withLock { $0.append(count) } }
        #expect(try caller.items(of: ["teams"]).items.count == 3)
        // Another limit on time makes no other caller of it.
        #expect(try caller.waiting(atMost: .seconds(50)).send(Self.get) != nil)
        #expect(caller.waiting(atMost: .seconds(50)).onProgress != nil)
        #expect(server.connectionCount == 1 && server.requests.count == 4)
        #expect(server.requests.allSatisfy { $0.contains("\r\nconnection: keep-alive\r\n") })
        #expect(counts.withLock { $0 } == [1, 2, 3])
    }

    @Test("a connection that the server ends between two pages is replaced, whether that is seen before or after")
    func reconnects() throws {
        let server = try ScriptedServer([Self.page(1, next: "a"), Self.page(2, next: "b"), Self.page(3, next: nil)])
        #expect(try caller(server).items(of: ["teams"]).items.count == 3)
        #expect(server.connectionCount == 3 && server.requests.count == 3)
        // The second request is read, and the connection ends without an answer.
        let silent = try ScriptedServer([followed(Self.page(1, next: "a")), .raw(), Self.page(2, next: nil)])
        #expect(try caller(silent).items(of: ["teams"]).items.count == 2)
        #expect(silent.connectionCount == 2 && silent.requests.count == 3)
    }

    @Test("an answer that breaks off is not asked for again, nor is one that never comes on a new connection")
    func once() throws {
        let broken = ScriptedReply.raw("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{")
        let server = try ScriptedServer([followed(.json(200, "{}")), broken, .json(200, "{}")])
        let caller = try caller(server)
        _ = try caller.send(Self.get)
        let fault = #expect(throws: AdminCallFault.self) { try caller.send(Self.get) }
        #expect(fault?.code == .lost && server.requests.count == 2)
    }

    @Test("a change has a connection of its own, and is sent once")
    func changes() throws {
        let server = try ScriptedServer([
            .json(200, "{}"), .json(201, "{}"), .raw(), .json(200, "{}"),
        ])
        let caller = try caller(server)
        _ = try caller.send(Self.get)
        _ = try caller.send(Self.post)
        let fault = #expect(throws: AdminCallFault.self) { try caller.send(Self.post) }
        #expect(fault?.code == .lost && server.connectionCount == 3)
        #expect(server.requests[1].contains("\r\nconnection: close\r\n"))
        var reading = Self.post
        reading.changesNothing = true
        #expect(try caller.send(reading) != nil)
        #expect(server.requests[3].contains("\r\nconnection: keep-alive\r\n"))
    }

    @Test("bytes that nobody asked for make a connection useless", .timeLimit(.minutes(1)))
    func unaskedBytes() throws {
        let first = ScriptedReply.raw("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}HTTP/1.1 200 OK\r\n")
        let server = try ScriptedServer([first, .json(200, #"{"n": 2}"#)])
        let caller = try caller(server)
        _ = try caller.send(Self.get)
        let second = try caller.send(Self.get)
        #expect(second.map { String(decoding: $0.text, as: UTF8.self) } == #"{"n": 2}"#)
        #expect(server.connectionCount == 2)
    }

    // MARK: Files

    private static let backup = AdminCall(.get, ["backup"])

    /// What came of a download, or the fault; `length` and `digest` of the head in front.
    private func download(
        _ reply: ScriptedReply,
        timeout: Duration = .seconds(30),
        bytesMax: Int = .max
    ) throws -> String {
        var limits = AdminCallLimits()
        limits.call.answerTimeout = timeout
        limits.call.answerBytesMax = 100
        let port = try ScriptedServer([reply]).port
        let address = try #require(AdminAddress(parsing: "http://127.0.0.1:\(port)"))
        var text = ""
        do throws(AdminCallFault) {
            try AdminCaller(address: address, token: "token", limits: limits).download(Self.backup) { head, piece in
                if text.isEmpty { text = "\(head.contentLength ?? -1) \(head.field("repr-digest") ?? "none") " }
                text += String(decoding: piece, as: UTF8.self)
                return text.utf8.count < bytesMax
            }
            return text
        } catch {
            return "\(error.code)"
        }
    }

    @Test("a file is taken as it comes, with its head, and may be longer than any other answer")
    func download() throws {
        let long = String(repeating: "x", count: 3_000)
        let head = "HTTP/1.1 200 OK\r\nRePr-Digest: d\r\n"
        #expect(try download(.raw("\(head)Content-Length: 3000\r\n\r\n", long)) == "3000 d \(long)")
        #expect(try download(.raw("HTTP/1.1 200 OK\r\n\r\nab", "cd")) == "-1 none abcd")
        #expect(try download(.raw("\(head)Transfer-Encoding: chunked\r\n\r\n2\r\nab\r\n0\r\n\r\n")) == "-1 d ab")
    }

    @Test("a file that is cut off, that nobody takes, or that comes too slowly is none; a refusal is one")
    func downloadFails() throws {
        let head = "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n"
        #expect(try download(.raw(head, "1234")) == "lost")
        #expect(try download(.raw(head, "123456789"), bytesMax: 5) == "lost")
        let silent = ScriptedReply(pieces: [head, "1234"], waitsForEnd: true)
        #expect(try download(silent, timeout: .milliseconds(200)) == "lost")
        #expect(try download(.json(409, #"{"error": "conflict", "message": "one at a time"}"#)) == "refused")
        #expect(try download(.json(404, #"{"error": "not_found", "message": "no"}"#)) == "notFound")
        #expect(try download(.json(500, String(repeating: "x", count: 200))) == "foreign")
        #expect(try download(.json(204, "")) == "foreign")
    }
}
