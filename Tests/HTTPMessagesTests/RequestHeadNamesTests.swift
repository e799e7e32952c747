import Testing

@testable import HTTPMessages

@Suite("Fields by name")
struct RequestHeadNamesTests {
    @Test("all lines of a name are found in any letter case, and none of another name")
    func values() throws {
        let bytes = wire(
            "GET / HTTP/1.1\r\nHost: h\r\nAuthorization: one\r\nX_Authorization: no\r\nAUTHORIZATION:\r\n"
                + "Authorization2: no\r\nauthorization: three \r\n\r\n"
        )
        var parser = RequestParser(limits: HeadLimits())
        try #require(parser.parse(bytes.span) == .complete)
        let values = parser.head.values(of: "authorization", in: bytes.span)
        let texts = values.map { String(decoding: bytes[$0.indices], as: UTF8.self) }
        #expect(texts == ["one", "", "three"])
        let none = parser.head.values(of: "idempotency-key", in: bytes.span)
        #expect(none.isEmpty)
    }
}
