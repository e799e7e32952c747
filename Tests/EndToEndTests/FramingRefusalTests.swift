import TestSupport
import Testing

/// `docs/faults.md` §1, the framing of requests: no reader may see two requests where another sees one.
@Suite("Framing of requests (RFC 9112 §6, §7)", .serialized, .gateway())
struct FramingRefusalTests {
    private static let lengths: [WireRow] = [
        .fields("length and chunked", "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n", body: "0\r\n\r\n"),
        .fields("chunked and length", "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n", body: "0\r\n\r\n"),
        .fields("two lengths that differ", "Content-Length: 5\r\nContent-Length: 6\r\n", body: "aaaaaa"),
        .fields("a list of lengths that differ", "Content-Length: 5, 6\r\n", body: "aaaaaa"),
        .fields("length +5", "Content-Length: +5\r\n", body: "aaaaa"),
        .fields("length -1", "Content-Length: -1\r\n", body: ""),
        .fields("length 0x5", "Content-Length: 0x5\r\n", body: "aaaaa"),
        .fields("length 5_0", "Content-Length: 5_0\r\n", body: "aaaaa"),
        .fields("length 5 a", "Content-Length: 5 a\r\n", body: "aaaaa"),
        .fields("length 5.0", "Content-Length: 5.0\r\n", body: "aaaaa"),
        .fields("empty length", "Content-Length:\r\n", body: ""),
        .fields("length 2^63", "Content-Length: 9223372036854775808\r\n", body: ""),
        .fields("length 2^64 + 5", "Content-Length: 18446744073709551621\r\n", body: "aaaaa"),
        .fields("length of 40 digits", "Content-Length: \(String(repeating: "9", count: 40))\r\n", body: ""),
        .fields("a length that is merely too large", "Content-Length: 2097152\r\n", body: "", [413]),
        .fields("length 2^63 - 1", "Content-Length: 9223372036854775807\r\n", body: "", [413]),
    ]

    private static let codings: [WireRow] = [
        ("chunked twice, two fields", "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n", [400]),
        ("chunked twice, a list", "Transfer-Encoding: chunked, chunked\r\n", [400]),
        ("identity", "Transfer-Encoding: identity\r\n", [400, 501]),
        ("identity, chunked", "Transfer-Encoding: identity, chunked\r\n", [400, 501]),
        ("gzip", "Transfer-Encoding: gzip\r\n", [400, 501]),
        ("gzip, chunked", "Transfer-Encoding: gzip, chunked\r\n", [400, 501]),
        ("chunked, gzip", "Transfer-Encoding: chunked, gzip\r\n", [400, 501]),
        ("xchunked", "Transfer-Encoding: xchunked\r\n", [400, 501]),
        ("chunked with a parameter", "Transfer-Encoding: chunked;q=1\r\n", [400, 501]),
        ("chunked after a vertical tab", "Transfer-Encoding: \u{0B}chunked\r\n", [400]),
        ("chunked before a vertical tab", "Transfer-Encoding: chunked\u{0B}\r\n", [400]),
        ("an empty list", "Transfer-Encoding:\r\n", [400]),
        ("a lone comma", "Transfer-Encoding: ,\r\n", [400]),
        ("quoted", "Transfer-Encoding: \"chunked\"\r\n", [400]),
    ].map { .fields("Transfer-Encoding: \($0.0)", $0.1, body: WireRow.goodChunk + "0\r\n\r\n", $0.2) }

    private static let oldVersion: [WireRow] = [
        WireRow(
            "chunked in HTTP/1.0",
            "POST /v1/classify HTTP/1.0\r\nHost: h\r\nx-api-key: \(Gateway.keyA)\r\nTransfer-Encoding: chunked\r\n\r\n"
                + WireRow.goodChunk + "0\r\n\r\n"
        )
    ]

    private static let chunks: [WireRow] = [
        .chunked("size g", "g\r\naaaaa\r\n0\r\n\r\n"),
        .chunked("size 0x5", "0x5\r\naaaaa\r\n0\r\n\r\n"),
        .chunked("size +5", "+5\r\naaaaa\r\n0\r\n\r\n"),
        .chunked("size -5", "-5\r\naaaaa\r\n0\r\n\r\n"),
        .chunked("space before the size", " 5\r\naaaaa\r\n0\r\n\r\n"),
        .chunked("size 5_0", "5_0\r\naaaaa\r\n0\r\n\r\n"),
        .chunked("empty size", "\r\naaaaa\r\n0\r\n\r\n"),
        .chunked("an extension without a size", ";a=b\r\naaaaa\r\n0\r\n\r\n"),
        .chunked("16 digits", "0000000000000005\r\naaaaa\r\n0\r\n\r\n"),
        .chunked("17 digits that overflow", "10000000000000005\r\naaaaa\r\n0\r\n\r\n"),
        .chunked("bare LF after the size", "5\naaaaa\r\n0\r\n\r\n"),
        .chunked("bare CR after the size", "5\raaaaa\r\n0\r\n\r\n"),
        .chunked("bare LF after the data", "5\r\naaaaa\n0\r\n\r\n"),
        .chunked("nothing after the data", "5\r\naaaaa0\r\n\r\n"),
        .chunked("more data than the size says", "5\r\naaaaaa\r\n0\r\n\r\n"),
        .chunked("CR in an extension", "5;a=\rb\r\naaaaa\r\n0\r\n\r\n"),
        .chunked("LF in an extension", "5;a=\nb\r\naaaaa\r\n0\r\n\r\n"),
        .chunked("NUL in an extension", "5;a=\u{0}b\r\naaaaa\r\n0\r\n\r\n"),
        .chunked("an extension of 5 KiB", "5;" + String(repeating: "x", count: 5120) + "\r\naaaaa\r\n0\r\n\r\n"),
        .chunked(
            "extensions of 17 KiB in all",
            String(repeating: "1;" + String(repeating: "x", count: 1024) + "\r\na\r\n", count: 17) + "0\r\n\r\n"
        ),
        .chunked("chunks larger than the limit in all", "200000\r\n", [413]),
    ]

    private static let trailers: [WireRow] = [
        .chunked("a trailer with a bad name", WireRow.goodChunk + "0\r\nBad Name: x\r\n\r\n"),
        .chunked("a trailer without a colon", WireRow.goodChunk + "0\r\nnocolon\r\n\r\n"),
        .chunked("a trailer without a name", WireRow.goodChunk + "0\r\n: x\r\n\r\n"),
        .chunked("a trailer with a bare LF", WireRow.goodChunk + "0\r\na: b\n\r\n"),
        .chunked("a trailer with NUL", WireRow.goodChunk + "0\r\na: \u{0}\r\n\r\n"),
        .chunked("a folded trailer", WireRow.goodChunk + "0\r\na: b\r\n c\r\n\r\n"),
        .chunked(
            "trailers of 17 KiB",
            WireRow.goodChunk + "0\r\n" + String(repeating: "a: \(String(repeating: "x", count: 1020))\r\n", count: 17)
                + "\r\n"
        ),
    ]

    /// Requests that are refused before anything of their content is read.
    static let wrongHeads = lengths + codings + oldVersion
    /// Requests that are refused when their content is read.
    static let wrongContents = chunks + trailers

    @Test("wrong framing is refused, and the connection closed", arguments: wrongHeads + wrongContents)
    func refused(row: WireRow) throws {
        try expectRefusedAndClosed(row)
    }

    @Test("two lengths that agree count as one, or are refused")
    func sameLengthTwice() throws {
        let gateway = try suiteGateway()
        var request = TestRequest.classify(SampleRequests.vendors, key: Gateway.keyA)
        request.fields.append(("Content-Length", "\(request.body.count)"))
        #expect([200, 400].contains(try gateway.send(request).status))
    }

    @Test(
        "sound chunked bodies are read whatever their cut",
        arguments: [
            WireRow.goodChunk + "0\r\n\r\n",
            WireRow.goodChunk.replacing("\r\n", with: ";a=b;c=\"d\"\r\n", maxReplacements: 1) + "0;last\r\n\r\n",
            WireRow.goodChunk + "000\r\nchecksum: 1\r\nx-api-key: \(Gateway.expiredKey)\r\nContent-Length: 3\r\n\r\n",
            SampleRequests.vendors.utf8.map { "1\r\n\(UnicodeScalar($0))\r\n" }.joined() + "0\r\n\r\n",
        ]
    )
    func goodChunks(content: String) throws {
        let gateway = try suiteGateway()
        expectStoredMissOrHit(try gateway.classify(SampleRequests.vendors))
        let connection = try gateway.connect()
        try connection.send(WireRow.chunked("", content).bytes)
        expectHit(try connection.response())
        // The next request follows directly after the last chunk.
        try connection.send(TestRequest("GET", "/healthz").bytes)
        #expect(try connection.response().status == 200)
    }

    private func expectStoredMissOrHit(_ response: TestResponse) {
        #expect(response.status == 200)
        #expect(response["cache-status"]?.hasPrefix("tollgate; ") == true)
    }
}
