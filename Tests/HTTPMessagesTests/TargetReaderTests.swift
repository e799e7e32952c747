import Testing

@testable import HTTPMessages

/// `docs/faults.md` §1: the forms of a request target.
@Suite("TargetReader")
struct TargetReaderTests {
    private static func row(_ method: String, _ target: String) -> RefusedRow<RequestRefusal> {
        RefusedRow("\(method) \(target)", "\(method) \(target) HTTP/1.1\r\nHost: h\r\n\r\n", .malformedTarget)
    }

    private static let malformed: [RefusedRow<RequestRefusal>] =
        [
            "*", "a", "v1/classify", "?a", "http:", "http:/", "http://", "http:///a", "http://?a", "http:a",
            "ftp://a/", "htt://a/", "httpx://a/", "https:/a/", "h:443", "http://user@a/", "http://a:x/",
            "http://a:70000/", "http://[::1/", "http://a,b/", "http://a#b", "http://a\\b/", "http://a%zz/",
            "/a#b", "/#", "/a\\b", "\\a", "/a?b#c", "/a?b\\c", "/a\"b", "/a<b", "/a>b", "/a[b", "/a]b", "/a^b",
            "/a`b", "/a{b", "/a|b", "/a}b", "/%", "/%2", "/%g0", "/%0g", "/%%20", "/%2?0", "/a%", "/%u002f",
        ].map { row("GET", $0) } + [
            row("OPTIONS", "**"), row("OPTIONS", "*?a"), row("OPTIONS", "a"), row("POST", "*"),
            row("CONNECT", "/"), row("CONNECT", "http://a/"), row("CONNECT", "a:443/"),
            row("CONNECT", "a:x"), row("CONNECT", ":443"),
        ]

    @Test("is refused, whatever the cut", arguments: malformed)
    func refused(row: RefusedRow<RequestRefusal>) {
        expectRefused(row, with: RequestParser(limits: HeadLimits()))
    }

    @Test(
        "origin-form has a path, and a query behind the first question mark",
        arguments: [
            ("/", "/", nil), ("/a", "/a", nil), ("/a/b;c=d:e@f", "/a/b;c=d:e@f", nil), ("/?", "/", ""),
            ("/a?b=c", "/a", "b=c"), ("/a??b?", "/a", "?b?"), ("/%41%2f%aF", "/%41%2f%aF", nil),
            ("//a", "//a", nil), ("/-._~!$&'()*+,;=:@", "/-._~!$&'()*+,;=:@", nil),
            ("/a?{\"b\":[1|2]}^`<>%", "/a", "{\"b\":[1|2]}^`<>%"), ("/http://x/", "/http://x/", nil),
        ] as [(String, String, String?)]
    )
    func originForm(target: String, path: String, query: String?) {
        let request = ReadRequest("GET \(target) HTTP/1.1\r\nHost: h\r\n\r\n")
        #expect(request.progress == .complete)
        #expect(request.text(request.head.target) == target)
        #expect(request.text(request.head.path) == path)
        #expect(request.text(request.head.query) == query)
        #expect(request.text(request.head.authority) == "h")
    }

    @Test(
        "in absolute-form the target's authority counts and Host does not, RFC 9112 §3.2.2",
        arguments: [
            ("http://a/b", "a", "/b", nil), ("HTTPS://a:8443/b?c", "a:8443", "/b", "c"), ("http://a", "a", "", nil),
            ("http://a?b", "a", "", "b"), ("hTTp://[::1]:80/", "[::1]:80", "/", nil), ("http://a//b", "a", "//b", nil),
        ] as [(String, String, String, String?)]
    )
    func absoluteForm(target: String, authority: String, path: String, query: String?) {
        let request = ReadRequest("GET \(target) HTTP/1.1\r\nHost: other\r\n\r\n")
        #expect(request.progress == .complete)
        #expect(request.text(request.head.authority) == authority)
        #expect(request.text(request.head.path) == path)
        #expect(request.text(request.head.query) == query)
    }

    @Test("the asterisk is for OPTIONS, and a host and port for CONNECT")
    func otherForms() {
        let options = ReadRequest("OPTIONS * HTTP/1.1\r\nHost: h\r\n\r\n")
        #expect(options.progress == .complete)
        #expect(options.text(options.head.path) == "*")
        let connect = ReadRequest("CONNECT a.example:443 HTTP/1.1\r\nHost: h\r\n\r\n")
        #expect(connect.progress == .complete)
        #expect(connect.head.method == .connect)
        #expect(connect.text(connect.head.authority) == "a.example:443")
        #expect(connect.text(connect.head.path) == "")
    }

    @Test("a target of every single byte: only what a path may have is taken")
    func singleBytes() {
        let allowed = Set("-._~!$&'()*+,;=:@/?0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz".utf8)
        for byte in 0...255 as ClosedRange<UInt8> {
            let bytes = wire("GET /a") + [byte] + wire("b HTTP/1.1\r\nHost: h\r\n\r\n")
            var parser = RequestParser(limits: HeadLimits())
            #expect((parser.parse(bytes) == .complete) == allowed.contains(byte), "byte \(byte)")
        }
    }

    @Test(
        "a path that another server might read as another one is not plain, RFC 9110 §4.2.3",
        arguments: [
            "//", "//a", "/a//b", "/a//", "/.", "/./", "/a/.", "/a/./b", "/..", "/../a", "/a/..", "/a/../b", "/%2f",
            "/%2F", "/a%2fb", "/%2e", "/%2E%2e/", "/a/%2e%2E", "/%00", "/a%00b", "/%5c", "/a%5Cb", "/v1/classify//",
            "http://a//b", "http://a/..",
        ]
    )
    func notPlain(target: String) {
        let request = ReadRequest("GET \(target) HTTP/1.1\r\nHost: h\r\n\r\n")
        #expect(request.progress == .complete)
        #expect(!request.pathIsPlain)
    }

    @Test(
        "a path is plain when its dots and encoded bytes only resemble those",
        arguments: [
            "/", "/a", "/a/", "/a/b/", "/.a", "/a.", "/...", "/.../a", "/..a", "/a..", "/%63lassify", "/%20", "/%0a",
            "/%5d", "/%2d", "/%25", "/%252f", "/a?b//../%2f", "http://a", "http://a?//", "http://a/b",
        ]
    )
    func plain(target: String) {
        let request = ReadRequest("GET \(target) HTTP/1.1\r\nHost: h\r\n\r\n")
        #expect(request.progress == .complete)
        #expect(request.pathIsPlain)
    }
}
