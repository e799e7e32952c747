import Serving
import TestSupport
import Testing

/// The behaviour that all servers of the program share, over real sockets.
@Suite("Connections")
final class ServerConnectionTests {
    /// Kept until the test ends: a server stops when it is let go.
    private var benches: [ServingBench] = []

    private func open(_ change: (inout ServingLimits) -> Void = { _ in }) throws -> ServingBench {
        var limits = ServingBench.limits
        change(&limits)
        benches.append(try ServingBench(limits))
        return benches[benches.count - 1]
    }

    private func request(_ path: String, _ fields: String = "", _ body: String = "") -> String {
        "POST \(path) HTTP/1.1\r\nHost: h\r\n\(fields)\r\n\(body)"
    }

    private func echo(_ text: String) -> String { request("/echo", "Content-Length: \(text.utf8.count)\r\n", text) }

    /// The number of replies in the bytes.
    private func replies(_ bytes: [UInt8]) -> Int {
        String(decoding: bytes, as: UTF8.self).split(separator: "HTTP/1.1 ", omittingEmptySubsequences: false).count - 1
    }

    // MARK: Heads

    @Test(
        "what is no sound request is refused and ends the connection",
        arguments: [
            ("GET /echo HTTP/1.1\r\n\r\n", 400), ("GET /echo HTTP/1.1\nHost: h\n\n", 400),
            ("GET /echo HTTP/2.0\r\nHost: h\r\n\r\n", 505),
            ("GET /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n", 400),
            ("GET /echo HTTP/1.1\r\nHost: h\r\nExpect: miracles\r\n\r\n", 417),
            ("GET /echo HTTP/1.1\r\nHost: h\r\nX: \(String(repeating: "x", count: 20_000))", 431),
            ("GET /\(String(repeating: "x", count: 20_000))", 414),
        ]
    )
    func refused(bytes: String, status: Int) throws {
        let connection = try open().connect()
        try connection.sendWhatIsTaken(Array(bytes.utf8))
        let response = try connection.response()
        #expect(response.status == status)
        #expect(response.announcesClose)
        #expect(try connection.receiveToEnd().end == .finished)
    }

    @Test("HTTP/1.0 closes unless keep-alive is asked for and confirmed", arguments: [true, false])
    func http10(asksForMore: Bool) throws {
        let connection = try open().connect()
        try connection.send("GET /echo HTTP/1.0\r\n\(asksForMore ? "Connection: keep-alive\r\n" : "")\r\n")
        let response = try connection.response()
        #expect(response.status == 200)
        #expect(response["connection"] == (asksForMore ? "keep-alive" : "close"))
        if asksForMore {
            #expect(connection.isOpen)
        } else {
            #expect(try connection.receiveToEnd().end == .finished)
        }
    }

    @Test("a reply to HEAD has the length of its content, and none of it, refused or not")
    func head() throws {
        let connection = try open().connect()
        try connection.send(
            "HEAD /unread HTTP/1.1\r\nHost: h\r\n\r\nHEAD /unread HTTP/1.1\r\nHost: h\r\nA B: c\r\n\r\n"
        )
        let response = try connection.response(toHEAD: true)
        #expect(response["content-length"] == "6")
        let refusal = try connection.response(toHEAD: true)
        #expect(refusal.status == 400 && refusal.announcesClose)
        #expect(try connection.receiveToEnd().bytes.isEmpty)
    }

    @Test(
        "an empty line between two requests is nothing: no 408, and no end before its time",
        arguments: [true, false]
    )
    func emptyLine(goesOn: Bool) throws {
        let connection = try open { $0.headerTimeout = .milliseconds(100) }.connect()
        try connection.send(echo("a"))
        #expect(try connection.response().text == "a")
        try connection.send("\r\n")
        #expect(connection.staysQuiet(for: .milliseconds(400)))
        if goesOn {
            try connection.send(echo("b"))
            #expect(try connection.response().text == "b")
        } else {
            connection.finishSending()
            #expect(try connection.receiveToEnd().bytes.isEmpty)
        }
    }

    // MARK: One after the other

    @Test("requests that come at once are answered in order, the last of them after the client's FIN")
    func pipelining() throws {
        let connection = try open().connect()
        try connection.send(["a", "b", "c"].map { echo($0) }.joined())
        connection.finishSending()
        for name in ["a", "b", "c"] { #expect(try connection.response().text == name) }
        #expect(try connection.receiveToEnd().end == .finished)
    }

    @Test("a client that pipelines many requests lets another one in between them, and has them all answered in order")
    func takingTurns() throws {
        let bench = try open()
        let (many, one) = (try bench.connect(), try bench.connect())
        for connection in [many, one] {
            try connection.send(echo("a"))
            #expect(try connection.response().text == "a")
        }
        let names = (100..<200).map(String.init)
        // The loop finds both when it goes on.
        try bench.pausing {
            try many.send(names.map { echo($0) }.joined())
            try one.send(echo("between"))
            many.finishSending()
        }
        for name in names { #expect(try many.response().text == name) }
        #expect(try one.response().text == "between")
        #expect(try many.receiveToEnd().end == .finished)
        let before = try #require(bench.counts.pieces.firstIndex(of: "between".utf8.count)) - 2
        #expect(before <= 16, "\(before) of \(names.count) pipelined requests came first")
    }

    @Test("a request behind one that waits is answered after it, and a half-closed client still is")
    func waiting() throws {
        let bench = try open()
        let connection = try bench.connect()
        try connection.send(request("/kept") + echo("next"))
        connection.finishSending()
        try bench.wait { $0.kept == 1 }
        bench.release()
        #expect(try connection.response().text == "released")
        #expect(try connection.response().text == "next")
        #expect(try connection.receiveToEnd().end == .finished)
    }

    @Test("what comes behind a request that waits is not read without end", arguments: [0, 64 * 1024])
    func pipelinedBytes(max: Int) throws {
        let bench = try open { $0.pipelinedBytesMax = max }
        let connection = try bench.connect()
        try connection.send(request("/kept"))
        try bench.wait { $0.kept == 1 }
        // More than the kernel holds on both sides together.
        let flood = [UInt8](repeating: UInt8(ascii: "x"), count: 64 * 1024 * 1024)
        #expect(throws: TestFailure.self) { try connection.sendWhatIsTaken(flood, .after(.seconds(2))) }
        bench.release()
        #expect(try connection.response().text == "released")
        #expect(try connection.response().status == 414)
    }

    @Test(
        "half a request that nothing follows is not answered",
        arguments: ["POST /echo HTTP/1.1\r\nHo", "POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nab"]
    )
    func halfRequest(bytes: String) throws {
        let bench = try open()
        for opening in ["", echo("a")] {
            let connection = try bench.connect()
            try connection.send(opening + bytes)
            connection.finishSending()
            #expect(try replies(connection.receiveToEnd().bytes) == (opening.isEmpty ? 0 : 1))
        }
    }

    @Test("a handler is told of a client that leaves before its reply, and of each connection's end")
    func abandoned() throws {
        let bench = try open()
        let connection = try bench.connect()
        try connection.send(request("/kept"))
        try bench.wait { $0.kept == 1 }
        connection.reset()
        try bench.wait { $0.abandoned == 1 && $0.ended == 1 }
        bench.release()
        let other = try bench.connect()
        try other.send(echo("a"))
        #expect(try other.response().text == "a")
        other.close()
        try bench.wait { $0.ended == 2 }
        #expect(bench.counts.abandoned == 1)
    }

    // MARK: Bodies

    @Test("a body comes by length or in chunks, in any pieces", arguments: ["/echo", "/slow"], [true, false])
    func body(path: String, isChunked: Bool) throws {
        let connection = try open().connect()
        let framing = isChunked ? "Transfer-Encoding: chunked\r\n" : "Content-Length: 5\r\n"
        let body = isChunked ? "2\r\nab\r\n3;x=y\r\ncde\r\n0\r\n\r\n" : "abcde"
        for byte in request(path, framing, body).utf8 { try connection.send([byte]) }
        let response = try connection.response()
        #expect(response.text == "abcde")
        #expect(!response.announcesClose)
    }

    @Test("a body beyond the limit is refused before it comes, and the connection ends", arguments: [true, false])
    func bodyTooLarge(isChunked: Bool) throws {
        let connection = try open().connect()
        try connection.send(
            isChunked
                ? request("/echo", "Transfer-Encoding: chunked\r\n", "65\r\n")
                : request("/echo", "Content-Length: 101\r\n")
        )
        let response = try connection.response()
        #expect(response.status == 413 && response.announcesClose)
        #expect(try connection.receiveToEnd().end == .finished)
    }

    @Test("a malformed chunk is refused and ends the connection")
    func malformedChunk() throws {
        let connection = try open().connect()
        try connection.send(request("/echo", "Transfer-Encoding: chunked\r\n", "zz\r\n"))
        let response = try connection.response()
        #expect(response.status == 400 && response.announcesClose)
    }

    @Test("a little content that nobody wants is read past, more is refused", arguments: [8, 9], [true, false])
    func dropped(length: Int, isChunked: Bool) throws {
        let connection = try open().connect()
        let content = String(repeating: "a", count: length)
        let next = echo("next")
        if isChunked {
            try connection.send(
                request("/none", "Transfer-Encoding: chunked\r\n", "\(length)\r\n\(content)\r\n0\r\n\r\n") + next
            )
        } else {
            // A longer body is refused by its announced length, before any of it arrives.
            try connection.send(request("/none", "Content-Length: \(length)\r\n") + (length == 8 ? content + next : ""))
        }
        let first = try connection.response()
        guard length == 8 else {
            #expect(first.status == 413 && first.announcesClose)
            return #expect(try connection.receiveToEnd().bytes.isEmpty)
        }
        #expect(first.status == 200 && first.text.isEmpty)
        #expect(try connection.response().text == "next")
    }

    @Test("a client that waits for a 100 gets it when the body is wanted, and the final status alone when it is not")
    func expectation() throws {
        let bench = try open()
        let fields = "Content-Length: 2\r\nExpect: 100-continue\r\n"
        let wanted = try bench.connect()
        try wanted.send(request("/echo", fields))
        while !wanted.received.starts(with: Array("HTTP/1.1 100 Continue\r\n\r\n".utf8)) {
            try #require(wanted.receiveMore())
        }
        try wanted.send("{}")
        let response = try wanted.response()
        #expect(response.interim.map(\.status) == [100])
        #expect(response.text == "{}")
        // A client that sends at once needs no 100.
        try wanted.send(request("/echo", fields, "{}"))
        #expect(try wanted.response().interim.isEmpty)
        for path in ["/unread", "/none"] {
            let unwanted = try bench.connect()
            try unwanted.send(request(path, fields))
            let refusal = try unwanted.response()
            #expect(refusal.interim.isEmpty)
            #expect(refusal.announcesClose)
            #expect(try unwanted.receiveToEnd().bytes.isEmpty)
        }
    }

    @Test("S3: a body that is refused unread is never taken for a request", arguments: [true, false])
    func unreadBody(isChunked: Bool) throws {
        let smuggled = echo("smuggled")
        let framing = isChunked ? "Transfer-Encoding: chunked\r\n" : "Content-Length: 500\r\n"
        let connection = try open().connect()
        try connection.send(request("/unread", framing, smuggled))
        let (bytes, end) = try connection.receiveToEnd()
        #expect(replies(bytes) == 1)
        #expect(bytes.starts(with: Array("HTTP/1.1 403 ".utf8)))
        #expect(end == .finished)
    }

    @Test("S2: a whole body that is refused unread is skipped exactly")
    func skippedBody() throws {
        let smuggled = echo("smuggled")
        let connection = try open().connect()
        try connection.send(request("/unread", "Content-Length: \(smuggled.utf8.count)\r\n", smuggled) + echo("next"))
        let refusal = try connection.response()
        #expect(refusal.status == 403 && !refusal.announcesClose)
        #expect(try connection.response().text == "next")
    }

    @Test("S3: a handler that goes on within a body traps")
    func rash() async {
        await #expect(processExitsWith: .failure) {
            let bench = try ServingBench()
            let connection = try bench.connect()
            try connection.send("POST /rash HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\n")
            _ = try connection.receiveToEnd()
        }
    }

    @Test("S4: a second reply to one request traps")
    func twice() async {
        await #expect(processExitsWith: .failure) {
            let bench = try ServingBench()
            let connection = try bench.connect()
            try connection.send("POST /twice HTTP/1.1\r\nHost: h\r\n\r\n")
            _ = try connection.receiveToEnd()
        }
    }

    // MARK: Time

    @Test("a head that does not become whole in time is a 408, and drops of it do not extend the time")
    func slowHead() throws {
        let connection = try open { $0.headerTimeout = .milliseconds(300) }.connect()
        try connection.send("GET /echo HTTP/1.1\r\nHost: h\r\n")
        var drops = 0
        while drops < 200, connection.staysQuiet(for: .milliseconds(30)) {
            try connection.sendWhatIsTaken(Array("X: y\r\n".utf8))
            drops += 1
        }
        let response = try connection.response()
        #expect(drops < 90, "fields are bounded too")
        #expect(response.text == "head" && response.announcesClose)
    }

    @Test("a body that stops coming is a 408", arguments: ["/echo", "/none", "/slow", "/held"])
    func slowBody(path: String) throws {
        let connection = try open { $0.bodyTimeout = .milliseconds(100) }.connect()
        try connection.send(request(path, "Content-Length: 5\r\n"))
        #expect(try connection.response().text == "body")
        #expect(try connection.receiveToEnd().end == .finished)
    }

    @Test("where all of a body has one time, drops of it do not extend that")
    func droppedBody() throws {
        let connection = try open { $0.bodyTimeout = .milliseconds(300) }.connect()
        try connection.send(request("/echo", "Transfer-Encoding: chunked\r\n"))
        var drops = 0
        while drops < 99, connection.staysQuiet(for: .milliseconds(30)) {
            try connection.sendWhatIsTaken(Array("1\r\na\r\n".utf8))
            drops += 1
        }
        #expect(try connection.response().status == 408)
        #expect(drops < 99)
    }

    @Test("where each piece has its time, a steady body takes as long as it takes")
    func steadyBody() throws {
        let connection = try open { $0.bodyTimeout = .milliseconds(500) }.connect()
        try connection.send(request("/slow", "Content-Length: 10\r\n"))
        for byte in "0123456789".utf8 {
            #expect(connection.staysQuiet(for: .milliseconds(100)))
            try connection.send([byte])
        }
        #expect(try connection.response().text == "0123456789")
    }

    @Test(
        "a stranger has one short time for all of a request, which nothing extends",
        arguments: ["", "GET /e", "\r\n"]
    )
    func stranger(opening: String) throws {
        let connection = try open { $0.strangerTimeout = .milliseconds(200) }.connect()
        try connection.send(opening)
        let (bytes, end) = try connection.receiveToEnd()
        #expect(replies(bytes) == (opening.hasPrefix("GET") ? 1 : 0))
        #expect(end == .finished)
    }

    @Test("a connection that asks nothing ends without a word", arguments: [true, false])
    func idle(hasAsked: Bool) throws {
        let connection = try open { $0.idleTimeout = .milliseconds(100) }.connect()
        if hasAsked {
            try connection.send(echo("a"))
            #expect(try connection.response().text == "a")
        }
        let (bytes, end) = try connection.receiveToEnd()
        #expect(bytes.isEmpty && end == .finished)
    }

    // MARK: The end

    @Test("a drain ends what is idle, and what is in work after its reply; a cut answers what still waits")
    func drained() throws {
        let bench = try open()
        let idle = try bench.connect()
        try idle.send(echo("a"))
        #expect(try idle.response().status == 200)
        let working = try (0..<2).map { _ in try bench.connect() }
        for connection in working { try connection.send(request("/kept")) }
        let half = try bench.connect()
        try half.send(request("/echo", "Content-Length: 2\r\n", "a"))
        try bench.wait { $0.kept == 2 }
        bench.perform { $0.drain() }
        #expect(try idle.receiveToEnd() == ([], .finished))
        bench.release()
        // Which of the two was kept first is undetermined.
        let deadline = Deadline.generous
        while working.allSatisfy(\.received.isEmpty) {
            try #require(!deadline.hasPassed, "nobody was answered")
            for connection in working { connection.receiveMore(.after(.milliseconds(20))) }
        }
        let answered = try working.map { $0.received.isEmpty ? "" : try $0.response().text }
        #expect(answered.sorted() == ["", "released"])
        bench.perform { $0.cut() }
        for connection in [half] + working.indices.filter({ answered[$0].isEmpty }).map({ working[$0] }) {
            let response = try connection.response()
            #expect(response.text == "draining" && response.announcesClose)
            #expect(try connection.receiveToEnd().end == .finished)
        }
    }
}
