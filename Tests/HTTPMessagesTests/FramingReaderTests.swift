import Testing

@testable import HTTPMessages

/// `docs/faults.md` §1: Host, Content-Length, Transfer-Encoding, Connection and Expect of a whole head.
@Suite("FramingReader")
struct FramingReaderTests {
    private typealias Row = RefusedRow<RequestRefusal>

    /// One request for each value of a field.
    private static func rows(_ name: String, _ values: [String], _ refusal: RequestRefusal) -> [Row] {
        values.map { .fields("\(name): \($0.debugDescription)", "\(name): \($0)\r\n", refusal) }
    }

    private static let malformedLengths = rows(
        "Content-Length",
        [
            "+5", "-1", "-0", "0x5", "5_0", "", " \t", "5 a", "5 5", "5, 6", "5, 5", "5,", "5.0", "5e1", "five",
            "\"5\"",
            "\u{B2}", "9223372036854775808", "9223372036854775810", "18446744073709551621", repeated("9", 40),
        ],
        .malformedContentLength
    )

    private static let malformedCodings = rows(
        "Transfer-Encoding",
        [
            "chunked, chunked", "chunked,", ", chunked", "identity", "IDENTITY", "identity, chunked", "gzip, chunked",
            "chunked, gzip", "xchunked", "chunkedx", "chunked;q=1", "chunked chunked", "\"chunked\"", "", ",",
            "chun ked", "chunked\u{A0}", "gzip;q=1",
        ],
        .malformedTransferCoding
    )

    private static let unknownCodings = rows(
        "Transfer-Encoding",
        ["gzip", "deflate", "chunke", "trailers"],
        .unknownTransferCoding
    )

    private static let controlCharacters =
        rows("Transfer-Encoding", ["\u{0B}chunked", "chunked\u{0B}", "chunked\u{0}"], .head(.controlCharacter))
        + rows("Content-Length", ["\u{0B}5", "5\u{0}"], .head(.controlCharacter))

    private static let severalFramings: [Row] = [
        .fields("two lengths that differ", "Content-Length: 5\r\nContent-Length: 6\r\n", .severalContentLengths),
        .fields("two lengths that agree", "Content-Length: 5\r\ncontent-length: 5\r\n", .severalContentLengths),
        .fields("length and chunked", "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n", .lengthAndCoding),
        .fields("chunked and length", "Transfer-Encoding: chunked\r\nContent-Length: 0\r\n", .lengthAndCoding),
        .fields(
            "chunked twice",
            "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n",
            .malformedTransferCoding
        ),
        .fields(
            "identity and chunked",
            "Transfer-Encoding: identity\r\nTransfer-Encoding: chunked\r\n",
            .malformedTransferCoding
        ),
        Row(
            "chunked in HTTP/1.0",
            "POST / HTTP/1.0\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n",
            .codingInHTTP10
        ),
    ]

    private static let framings =
        malformedLengths + malformedCodings + unknownCodings + controlCharacters + severalFramings

    private static let malformedHosts = [
        "", "a b", "a,b", "user@h", "h/", "h/path", "http://h", "h:80a", "h:65536", "h:123456", "h:-1", "h:80:81",
        ":80", "[::1", "::1", "[::1]x", "[]", "[g::1]", "[::1]:x", "h\u{E9}", "h?", "h#", "\\h", "h\"", "<h>", "{h}",
        "h%", "h%2", "h%zz", "h%2g.example", "[::::]", "[:::]", "[12]", "[1.2.3.4]", "[1:2:3:4:5:6:7]", "[1::2::3]",
        "[1:2:3:4:5:6:7:8:9]", "[12345::]", "[:1]", "[1:]", "[1:2:3:4:5:6:7:8::]", "[::1.2.3]", "[::1.2.3.256]",
        "[::01.2.3.4]", "[::1.2.3.4:5]", "[fe80::1%eth0]", "[v1.a]",
    ].map { Row("Host: \($0)", "GET / HTTP/1.1\r\nHost: \($0)\r\n\r\n", .malformedHost) }

    private static let hosts: [Row] = [
        Row("no Host", "GET / HTTP/1.1\r\nA: b\r\n\r\n", .missingHost),
        Row("no field at all", "GET / HTTP/1.1\r\n\r\n", .missingHost),
        Row("no Host beside absolute-form", "GET http://a/ HTTP/1.1\r\nA: b\r\n\r\n", .missingHost),
        Row("two Hosts that agree", "GET / HTTP/1.1\r\nHost: h\r\nHost: h\r\n\r\n", .severalHosts),
        Row("two Hosts, the second empty", "GET / HTTP/1.1\r\nHost: h\r\nHost:\r\n\r\n", .severalHosts),
        Row("two Hosts in HTTP/1.0", "GET / HTTP/1.0\r\nHost: h\r\nHost: i\r\n\r\n", .severalHosts),
        Row("a malformed Host in HTTP/1.0", "GET / HTTP/1.0\r\nHost: a b\r\n\r\n", .malformedHost),
    ]

    private static let expectations =
        rows(
            "Expect",
            ["", "200-ok", "100", "100-continue, x", "100-continues", "100-continue;x"],
            .unknownExpectation
        )
        + [.fields("two expectations, one unknown", "Expect: 100-continue\r\nExpect: x\r\n", .unknownExpectation)]

    @Test("is refused, whatever the cut", arguments: framings + hosts + malformedHosts + expectations)
    func refused(row: RefusedRow<RequestRefusal>) {
        expectRefused(row, with: RequestParser(limits: HeadLimits()))
    }

    // MARK: Framing

    @Test(
        "one Content-Length in digits is the length, however large while it is below 2^63",
        arguments: [
            ("0", 0), ("5", 5), ("  5\t", 5), ("007", 7), (repeated("0", 40) + "5", 5), ("1048577", 1_048_577),
            ("999999999999999999", 999_999_999_999_999_999), ("9223372036854775806", .max - 1),
            ("9223372036854775807", .max),
        ] as [(String, Int64)]
    )
    func length(text: String, length: Int64) {
        let request = ReadRequest(fields: "Content-Length: \(text)\r\n")
        #expect(request.progress == .complete)
        #expect(request.head.framing == .length(length))
    }

    @Test("exactly one chunked, in any letter case, is chunked", arguments: ["chunked", "Chunked", " CHUNKED \t"])
    func chunked(text: String) {
        let request = ReadRequest(fields: "Transfer-Encoding: \(text)\r\n")
        #expect(request.progress == .complete)
        #expect(request.head.framing == .chunked)
    }

    @Test(
        "the framing does not depend on the method, RFC 9112 §6",
        arguments: ["GET", "HEAD", "OPTIONS", "DELETE", "TRACE", "POST", "BREW"]
    )
    func framingOfMethods(method: String) {
        func framing(_ fields: String) -> BodyFraming {
            ReadRequest("\(method) / HTTP/1.1\r\nHost: h\r\n\(fields)\r\n").head.framing
        }
        #expect(framing("") == .none)
        #expect(framing("Content-Length: 5\r\n") == .length(5))
        #expect(framing("Transfer-Encoding: chunked\r\n") == .chunked)
    }

    @Test("a nominated field keeps its meaning: Connection takes away no framing, Host or key")
    func nominated() {
        let request = ReadRequest(
            fields: "Connection: x-api-key, Content-Length, Host\r\nContent-Length: 5\r\nx-api-key: k\r\n"
        )
        #expect(request.progress == .complete)
        #expect(request.head.framing == .length(5))
        #expect(request.text(request.head.authority) == "h")
        #expect(request.text(request.head.first(.apiKey)) == "k")
        #expect(request.head.keepsAlive)
    }

    @Test("Upgrade to h2c or to anything else changes nothing")
    func upgrade() {
        let plain = ReadRequest(fields: "Content-Length: 5\r\n").head
        let request = ReadRequest(
            fields: "Content-Length: 5\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AA\r\n"
        )
        #expect(request.progress == .complete)
        #expect(request.head.framing == plain.framing)
        #expect(request.head.keepsAlive == plain.keepsAlive)
        #expect(request.head.method == plain.method)
    }

    // MARK: Host

    @Test(
        "a host is a name or an address, with or without a port",
        arguments: [
            "h", "H", "a.example", "a-b_c.example.", "127.0.0.1", "127.0.0.1:8080", "h:0", "h:65535", "h:00080", "h:",
            "[::1]", "[::1]:443", "[::]", "[1::]", "[1:2:3:4:5:6:7:8]", "[1:2:3:4:5:6:1.2.3.4]", "[1:2:3:4:5:6:7::]",
            "[ABCD:ef::0]", "[2001:db8::ffff:1.2.3.4]:1", "a~b!$&'()*+;=", "%e4.example", "a%2Db",
        ]
    )
    func host(text: String) {
        let request = ReadRequest("GET / HTTP/1.1\r\nHost: \t\(text) \r\n\r\n")
        #expect(request.progress == .complete)
        #expect(request.text(request.head.authority) == text)
    }

    @Test("HTTP/1.0 needs no Host")
    func hostInOldVersion() {
        let request = ReadRequest("GET / HTTP/1.0\r\n\r\n")
        #expect(request.progress == .complete)
        #expect(request.head.authority == nil)
        #expect(request.head.version == .http10)
    }

    // MARK: Connection

    @Test(
        "HTTP/1.1 keeps the connection but for close; HTTP/1.0 only when asked; close wins, RFC 9112 §9.3",
        arguments: [
            ("", true, false), ("Connection: close\r\n", false, false), ("Connection: CLOSE\r\n", false, false),
            ("Connection: keep-alive\r\n", true, true), ("Connection: Keep-Alive\r\n", true, true),
            ("Connection: a, keep-alive ,b\r\n", true, true), ("Connection: ,,\tclose , a\r\n", false, false),
            ("Connection: keep-alive, close\r\n", false, false), ("Connection: close, keep-alive\r\n", false, false),
            ("Connection: keep-alive\r\nConnection: close\r\n", false, false),
            ("Connection: close\r\nConnection: keep-alive\r\n", false, false),
            ("Connection: closed\r\n", true, false), ("Connection: close x\r\n", true, false),
            ("Connection: \"close\"\r\n", true, false), ("Connection: keep-alives\r\n", true, false),
            ("Proxy-Connection: keep-alive\r\n", true, false), ("Keep-Alive: timeout=5\r\n", true, false),
            ("Connection:\r\n", true, false),
        ]
    )
    func connection(fields: String, keepsAlive: Bool, keepsAliveInOldVersion: Bool) {
        let request = ReadRequest("GET / HTTP/1.1\r\nHost: h\r\n\(fields)\r\n")
        #expect(request.progress == .complete)
        #expect(request.head.keepsAlive == keepsAlive)
        let oldRequest = ReadRequest("GET / HTTP/1.0\r\nHost: h\r\n\(fields)\r\n")
        #expect(oldRequest.progress == .complete)
        #expect(oldRequest.head.keepsAlive == keepsAliveInOldVersion)
    }

    // MARK: Expect

    @Test("100-continue is expected where a body follows, in any letter case")
    func expectation() {
        for value in ["100-continue", "100-Continue"] {
            #expect(ReadRequest(fields: "Content-Length: 5\r\nExpect: \(value)\r\n").head.expectsContinue)
            #expect(ReadRequest(fields: "Expect: \(value)\r\nTransfer-Encoding: chunked\r\n").head.expectsContinue)
        }
        #expect(!ReadRequest(fields: "Content-Length: 5\r\n").head.expectsContinue)
    }

    @Test("no 100 is sent where no body follows, nor to HTTP/1.0, RFC 9110 §10.1.1")
    func noExpectation() {
        for fields in ["Expect: 100-continue\r\n", "Content-Length: 0\r\nExpect: 100-continue\r\n"] {
            #expect(ReadRequest(fields: fields).progress == .complete)
            #expect(!ReadRequest(fields: fields).head.expectsContinue)
        }
        let old = ReadRequest("POST / HTTP/1.0\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n")
        #expect(old.progress == .complete)
        #expect(!old.head.expectsContinue)
    }

    // MARK: Numbers

    @Test("a number of any 64 bits is read back, and the next one above 2^63 - 1 is none")
    func numbers() {
        func read(_ text: String) -> Int64? { wire(text).withUnsafeBufferPointer { DecimalReader.read($0[...]) } }
        for shift in 0..<63 {
            let number = Int64(1) << Int64(shift)
            #expect(read("\(number)") == number)
            #expect(read("\(number - 1)") == number - 1)
        }
        #expect(read("\(Int64.max)") == .max)
        #expect(read("\(UInt64(Int64.max) + 1)") == nil)
        #expect(read("\(UInt64.max)") == nil)
        #expect(read("92233720368547758070") == nil)
    }
}
