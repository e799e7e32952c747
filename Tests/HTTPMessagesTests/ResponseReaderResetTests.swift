import Testing

@testable import HTTPMessages

@Suite("A reader of one response after the other")
struct ResponseReaderResetTests {
    private func read(_ text: String, _ reader: ResponseReader) -> ResponseReader.Progress {
        var consumed = 0
        return reader.read(wire(text).span, consumed: &consumed)
    }

    private static let full =
        "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 302 Found\r\nLocation: /x\r\nContent-Type: a/b\r\nRetry-After: 1\r\n"
        + "Content-Encoding: gzip\r\nKeep-Alive: timeout=3\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab"

    @Test("nothing of a response is left for the next one, wherever it broke off")
    func nothingLeft() {
        let reader = ResponseReader(passingOnTo: .get)
        for end in Self.full.indices {
            _ = read(String(Self.full[..<end]), reader)
            reader.reset(to: .post, bodyBytesMax: 4, limitName: "the limit")
            #expect(!reader.hasBegun && !reader.hasHead && !reader.asksForContent && reader.body.isEmpty)
            #expect(read("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", reader) == .complete)
            #expect(reader.status == 200 && reader.body == wire("ok") && reader.allowsReuse)
            #expect(reader.contentType == nil && reader.retryAfter == nil && reader.contentEncoding == nil)
            #expect(reader.location == nil && reader.keepAliveSeconds == nil)
            reader.reset(passingOnTo: .get)
        }
    }

    @Test("the limit, the method and the count of interim responses are those of the response that is read")
    func terms() {
        let reader = ResponseReader(to: .head, bodyBytesMax: 1, limitName: "the limit")
        let text = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n"
        let interim = String(repeating: "HTTP/1.1 102 Processing\r\n\r\n", count: 10)
        for _ in 0..<3 {
            #expect(read(interim + text, reader) == .complete)
            reader.reset(to: .get, bodyBytesMax: 1, limitName: "the limit")
            #expect(read(text + "ab", reader) == .refused("the body is longer than the limit"))
            reader.reset(passingOnTo: .get)
            #expect(read(text + "ab", reader) == .complete)
            #expect(reader.takeContent() == wire("ab"))
            reader.reset(to: .head, bodyBytesMax: 1, limitName: "the limit")
        }
    }

    @Test("what is said of a response whose content cannot be is not said of the next one")
    func impossibleContent() {
        for next in ["204 No Content\r\n", "200 OK\r\nContent-Length: 0\r\n"] {
            let reader = ResponseReader(passingOnTo: .get)
            #expect(read("HTTP/1.1 204 No Content\r\nContent-Length: 2\r\n\r\n", reader) == .complete)
            #expect(!reader.allowsReuse)
            reader.reset(passingOnTo: .get)
            #expect(read("HTTP/1.1 \(next)\r\n", reader) == .complete)
            #expect(reader.allowsReuse)
        }
    }

    @Test("the bytes of a head can be asked for until the next one, and a long one leaves no memory")
    func headBytes() {
        let reader = ResponseReader(passingOnTo: .get)
        let long = "HTTP/1.1 200 OK\r\nA: \(repeated("a", 9_000))\r\nContent-Length: 0\r\n\r\n"
        #expect(read(long, reader) == .complete)
        #expect(reader.headBytes == wire(long))
        reader.reset(passingOnTo: .get)
        #expect(reader.headBytes.isEmpty && reader.headBytes.capacity < 9_000)
    }
}
