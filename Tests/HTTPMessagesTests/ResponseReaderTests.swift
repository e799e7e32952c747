import HTTPMessages
import TestSupport
import Testing

@Suite("ResponseReader")
struct ResponseReaderTests {
    private static let ok = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"

    private func isRefused(_ reading: Reading) -> Bool {
        if case .refused = reading.progress { true } else { false }
    }

    @Test("a body by length is read to its end, and the connection can be used again")
    func byLength() {
        let reading = read("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 5\r\n\r\nhello")
        let expected = Reading(
            progress: .complete,
            status: 200,
            body: "hello",
            contentType: "application/json",
            allowsReuse: true
        )
        #expect(reading == expected)
        let empty = read("HTTP/1.1 404 Not Found\r\nRetry-After: 5\r\nContent-Length: 0\r\n\r\n")
        #expect(empty == Reading(progress: .complete, status: 404, retryAfter: "5", allowsReuse: true))
    }

    @Test("a chunked body is put together, extensions and trailers are dropped")
    func chunked() {
        let reading = read(
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3;x=\"y\"\r\nhel\r\n2\r\nlo\r\n0\r\nTrailer: t\r\n\r\n"
        )
        #expect(reading == Reading(progress: .complete, status: 200, body: "hello", allowsReuse: true))
    }

    @Test("a body without either ends with the connection, which is of no more use")
    func untilClose() {
        let text = "HTTP/1.1 200 OK\r\n\r\nhello"
        #expect(read(text).progress == .needMore)
        #expect(read(text, endsAfter: true) == Reading(progress: .complete, status: 200, body: "hello"))
    }

    @Test(
        "Connection: close and HTTP/1.0 leave no connection to use again, keep-alive in HTTP/1.0 does",
        arguments: [
            ("HTTP/1.1 200 OK\r\nConnection: close\r\n", false), ("HTTP/1.1 200 OK\r\nConnection: x, Close\r\n", false),
            ("HTTP/1.0 200 OK\r\n", false), ("HTTP/1.0 200 OK\r\nConnection: keep-alive\r\n", true),
            ("HTTP/1.1 200 OK\r\nConnection: keep-alive\r\n", true),
        ]
    )
    func reuse(_ head: String, _ allowsReuse: Bool) {
        let reading = read(head + "Content-Length: 2\r\n\r\nok")
        #expect(reading == Reading(progress: .complete, status: 200, body: "ok", allowsReuse: allowsReuse))
    }

    @Test("bytes behind the reply are left alone, and told by being left")
    func bytesBehind() {
        #expect(read(Self.ok + "HTTP/1.1 200").rest == "HTTP/1.1 200")
        let chunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\nmore"
        #expect(read(chunked).rest == "more")
        #expect(read(chunked).body == "ok")
    }

    @Test(
        "a reply that has no content has none, whatever it announces, and then spoils the connection",
        arguments: [
            ("HTTP/1.1 204 No Content\r\n\r\n", true, ""),
            ("HTTP/1.1 204 No Content\r\nContent-Length: 0\r\n\r\n", true, ""),
            ("HTTP/1.1 304 Not Modified\r\n\r\n", true, ""),
            ("HTTP/1.1 204 No Content\r\nContent-Length: 5\r\n\r\nhello", false, "hello"),
            ("HTTP/1.1 204 No Content\r\nContent-Length: 5\r\n\r\n", false, ""),
            ("HTTP/1.1 204 No Content\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", false, "0\r\n\r\n"),
            ("HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n", false, ""),
            ("HTTP/1.1 204 No Content\r\n\r\nhello", true, "hello"),
        ]
    )
    func noContent(_ text: String, _ allowsReuse: Bool, _ rest: String) {
        let reading = read(text)
        #expect(reading.progress == .complete && reading.body == "")
        #expect(reading.allowsReuse == allowsReuse && reading.rest == rest)
    }

    @Test("ten interim responses are skipped, the eleventh is refused", arguments: [1, 10, 11])
    func interim(_ count: Int) {
        let interim = String(repeating: "HTTP/1.1 103 Early Hints\r\nRetry-After: 9\r\n\r\n", count: count)
        let reading = read(interim + Self.ok)
        if count <= 10 {
            #expect(reading == Reading(progress: .complete, status: 200, body: "hello", allowsReuse: true))
        } else {
            #expect(reading.progress == .refused("too many interim responses"))
        }
    }

    @Test("the vendor must not switch protocols, at once or after an interim response")
    func switching() {
        let switching = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: h2c\r\n\r\n"
        #expect(read(switching).progress == .refused("the server switched protocols"))
        let later = read("HTTP/1.1 100 Continue\r\n\r\n" + switching)
        #expect(later.progress == .refused("the server switched protocols"))
    }

    @Test(
        "what is no sound response is refused",
        arguments: [
            "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n",
            "HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
            "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello",
            "HTTP/1.1 200 OK\r\nContent-Length: 5, 5\r\n\r\nhello", "HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\n",
            "HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999\r\n\r\n",
            "HTTP/1.1 2000 OK\r\n\r\n", "HTTP/1.1 20 OK\r\n\r\n", "HTTP/2.0 200 OK\r\n\r\n", "ICY 200 OK\r\n\r\n",
            "HTTP/1.1 200 O\0K\r\n\r\n", "HTTP/1.1 200 OK\r\nX: a\0b\r\n\r\n", "HTTP/1.1 200 OK\nContent-Length: 0\n\n",
            "HTTP/1.1 200 OK\r\nX: a\r\n b\r\n\r\n", "HTTP/1.1 200 OK\r\nX : a\r\n\r\n",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhelloX",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\nhello",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n-1\r\n",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1234567890abcdef\r\n",
        ]
    )
    func unsound(_ text: String) {
        #expect(isRefused(read(text)))
        // The same, a byte at a time.
        #expect(isRefused(read(Array(text.utf8).map { [$0] }).0))
    }

    @Test("a head of more than 64 KiB is refused, complete or not")
    func headTooLarge() {
        let line = "X: \(String(repeating: "x", count: 1_000))\r\n"
        let head = "HTTP/1.1 200 OK\r\n" + String(repeating: line, count: 66)
        #expect(isRefused(read(head)))
        #expect(isRefused(read(head + "\r\n")))
        let small = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n" + String(repeating: line, count: 60) + "\r\n"
        #expect(read(small).progress == .complete)
    }

    @Test(
        "a connection that ends before the reply does breaks it off",
        arguments: [
            "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhell", "HTTP/1.1 200 OK\r\nContent-Le",
            "HTTP/1.1 100 Continue\r\n\r\n",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n", "H", "",
        ]
    )
    func brokenOff(_ text: String) {
        let reading = read(text, endsAfter: true)
        #expect(reading.progress == .refused("the connection ended within the response"))
    }

    @Test("whether a byte of a response has come is known", arguments: [("", false), ("H", true)])
    func hasBegun(_ text: String, _ hasBegun: Bool) {
        #expect(read([Array(text.utf8)]).1.hasBegun == hasBegun)
    }

    // MARK: Limits

    @Test("a body may be as long as the limit and no longer, by length, by chunks and until the end")
    func limits() {
        let tooLong = ResponseReader.Progress.refused("the body is longer than the limit")
        for (length, isSound) in [(10, true), (11, false)] {
            let body = String(repeating: "x", count: length)
            let whole = Reading(progress: .complete, status: 200, body: body)
            let byLength = "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: \(length)\r\n\r\n"
            let hex = String(length, radix: 16)
            let byChunks = "HTTP/1.1 200 OK\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n"
            let two = "5\r\nxxxxx\r\n\(length - 5)\r\n\(body.dropFirst(5))\r\n0\r\n\r\n"
            let texts = [byLength + body, byChunks + "\(hex)\r\n\(body)\r\n0\r\n\r\n", byChunks + two]
            for text in texts + ["HTTP/1.1 200 OK\r\n\r\n" + body] {
                let reading = read(text, bodyBytesMax: 10, endsAfter: true)
                #expect(reading == (isSound ? whole : Reading(progress: tooLong)), "\(text)")
            }
        }
        // By length it is known before a byte of it has come.
        let announced = read("HTTP/1.1 200 OK\r\nContent-Length: 9223372036854775807\r\n\r\n", bodyBytesMax: 10)
        #expect(announced.progress == tooLong)
    }

    // MARK: Splits

    static let splits = [
        "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nRetry-After: 3\r\nContent-Length: 5\r\n\r\nhello",
        "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 102 Processing\r\nX: y\r\n\r\nHTTP/1.1 429 \r\nContent-Length: 2\r\n\r\nno",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3;a=b\r\nhel\r\n02\r\nlo\r\n0\r\nT: v\r\n\r\n",
        "HTTP/1.1 200 OK\r\n\r\nhello until the end", "HTTP/1.0 503 Unavailable\r\nContent-Length: 3\r\n\r\nbye",
        "HTTP/1.1 204 No Content\r\nContent-Length: 0\r\n\r\n",
    ]

    @Test("any split of the bytes gives the same", arguments: splits)
    func anySplit(_ text: String) {
        let bytes = Array(text.utf8)
        let whole = read([bytes], endsAfter: true).0
        #expect(whole.progress == .complete)
        for split in 0...bytes.count {
            let inTwo = read([Array(bytes[..<split]), Array(bytes[split...])], endsAfter: true).0
            #expect(inTwo == whole, "split at \(split)")
            // Every beginning is a reply that was broken off, but where only the connection's end is the end.
            let beginning = read([Array(bytes[..<split])], endsAfter: true).0
            if split < bytes.count, !text.hasPrefix("HTTP/1.1 200 OK\r\n\r\n") {
                #expect(isRefused(beginning), "\(split)")
            }
        }
        #expect(read(bytes.map { [$0] }, endsAfter: true).0 == whole)
    }

    @Test("a reply in random pieces, with others behind it, reads as it does whole")
    func randomSplits() {
        let seed = SeededGenerator().seed
        var generator = SeededGenerator(seed: seed)
        for _ in 0..<500 {
            let text = Self.splits.randomElement(using: &generator)!
            var bytes = Array(text.utf8)
            let whole = read([bytes], endsAfter: true).0
            if !text.hasPrefix("HTTP/1.1 200 OK\r\n\r\n") { bytes += Array(Self.ok.utf8) }
            var pieces: [[UInt8]] = []
            while !bytes.isEmpty {
                let count = min(bytes.count, Int.random(in: 1...20, using: &generator))
                pieces.append(Array(bytes[..<count]))
                bytes.removeFirst(count)
            }
            var reading = read(pieces, endsAfter: true).0
            reading.rest = ""
            #expect(reading == whole, "seed \(seed)")
        }
    }
}
