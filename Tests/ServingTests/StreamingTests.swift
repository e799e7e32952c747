import Serving
import TestSupport
import Testing

/// Bodies and replies in pieces, with back-pressure both ways.
@Suite("Streaming")
final class StreamingTests {
    private let bench: ServingBench

    init() throws { bench = try ServingBench() }

    private static let byteCount = 8 << 20

    /// Sends on another thread while the test receives.
    private func post(_ path: String, isChunked: Bool, over connection: RawConnection) throws -> [UInt8] {
        let content = (0..<Self.byteCount).map { UInt8(truncatingIfNeeded: $0 ^ $0 >> 8) }
        let framing = isChunked ? "Transfer-Encoding: chunked" : "Content-Length: \(content.count)"
        try connection.send("POST \(path) HTTP/1.1\r\nHost: h\r\n\(framing)\r\n\r\n")
        return content
    }

    private func framed(_ content: ArraySlice<UInt8>, isChunked: Bool) -> [UInt8] {
        guard isChunked else { return Array(content) }
        return Array("\(String(content.count, radix: 16))\r\n".utf8) + content + Array("\r\n".utf8)
    }

    @Test("a body flows through to the reply, byte for byte and in small pieces", arguments: [true, false])
    func mirror(isChunked: Bool) throws {
        let connection = try bench.connect()
        let content = try post("/mirror", isChunked: isChunked, over: connection)
        let step = 256 * 1024
        for start in stride(from: 0, to: content.count, by: step) {
            let piece = framed(content[start..<min(start + step, content.count)], isChunked: isChunked)
            try connection.send(piece)
            // Receives meanwhile, so that the two sides do not wait for each other forever.
            while connection.receiveMore(.after(.zero)) {}
        }
        if isChunked { try connection.send("0\r\n\r\n") }
        let response = try connection.response()
        #expect(response.body == content)
        #expect(bench.counts.piecesLargest <= 256 * 1024)
        // The connection stays open after it.
        try connection.send("POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\n\r\nhi")
        #expect(try connection.response().text == "hi")
    }

    @Test("a client that does not read its streamed reply is not read from either")
    func congestion() throws {
        let connection = try bench.connect(receiveBuffer: 4096)
        _ = try post("/mirror", isChunked: false, over: connection)
        let flood = [UInt8](repeating: 0x61, count: 64 << 20)
        #expect(throws: TestFailure.self) { try connection.sendWhatIsTaken(flood, .after(.seconds(2))) }
        #expect(bench.counts.bytesReceived < 32 << 20)
    }

    @Test("a handler that pauses a body is given no more of it, and all of it when it goes on")
    func paused() throws {
        let connection = try bench.connect()
        let byteCount = 64 << 20
        try connection.send("POST /held HTTP/1.1\r\nHost: h\r\nContent-Length: \(byteCount)\r\n\r\n")
        let content = [UInt8](repeating: 0x61, count: 1 << 20)
        try connection.send(Array(content[..<1000]))
        try bench.wait { $0.kept == 1 }
        var sent = 1000
        while let taken = try? connection.sendWhatIsTaken(content, .after(.seconds(1))) { sent += taken }
        #expect(sent < byteCount)
        #expect(bench.counts.bytesReceived < 1 << 20)
        #expect(bench.counts.kept == 1)
        connection.reset()
    }

    @Test("a paused body that is whole, with the client's FIN behind it, is still handed over")
    func pausedToTheEnd() throws {
        let connection = try bench.connect()
        try connection.send("POST /held HTTP/1.1\r\nHost: h\r\nContent-Length: 2000\r\n\r\n")
        try connection.send([UInt8](repeating: 0x61, count: 1000))
        try bench.wait { $0.kept == 1 }
        try connection.send([UInt8](repeating: 0x61, count: 1000))
        connection.finishSending()
        bench.release()
        let response = try connection.response()
        #expect(response.text == "2000" && response.status == 200)
        #expect(try connection.receiveToEnd().end == .finished)
    }

    @Test("a long reply is made as fast as the client takes it, and the connection goes on behind it")
    func long() throws {
        let connection = try bench.connect(receiveBuffer: 4096)
        try connection.send("GET /long HTTP/1.1\r\nHost: h\r\n\r\n")
        try bench.wait { $0.bytesSent > 0 }
        #expect(connection.receiveMore())
        #expect(bench.counts.bytesSent < SampleHandler.longByteCount, "made without regard to who takes it")
        #expect(try connection.response().body.count == SampleHandler.longByteCount)
        try connection.send("GET /echo HTTP/1.1\r\nHost: h\r\n\r\n")
        #expect(try connection.response().status == 200)
    }

    @Test("a reply that is broken off never looks whole")
    func broken() throws {
        let connection = try bench.connect()
        try connection.send("GET /broken HTTP/1.1\r\nHost: h\r\n\r\n")
        let (bytes, end) = try connection.receiveToEnd()
        #expect(end == .reset)
        #expect(bytes.count < SampleHandler.longByteCount)
        try bench.wait { $0.abandoned == 1 && $0.ended == 1 }
    }

    @Test("a cut breaks off a reply that has begun")
    func cut() throws {
        let connection = try bench.connect(receiveBuffer: 4096)
        try connection.send("GET /long HTTP/1.1\r\nHost: h\r\n\r\n")
        try bench.wait { $0.bytesSent > 0 }
        bench.perform { $0.cut() }
        try bench.wait { $0.abandoned == 1 && $0.ended == 1 }
        connection.close()
    }
}
