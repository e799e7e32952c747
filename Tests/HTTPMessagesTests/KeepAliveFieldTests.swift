import Testing

@testable import HTTPMessages

@Suite("KeepAliveField")
struct KeepAliveFieldTests {
    @Test(
        "says for how long an idle connection is kept, wherever that stands; what is not understood says nothing",
        arguments: [
            ("timeout=5", 5), ("timeout=5, max=100", 5), ("max=100, Timeout=60", 60), (" , timeout=0", 0),
            ("timeout=9223372036854775807", .max), ("timeout=9223372036854775808", nil), ("timeout=", nil),
            ("timeout", nil), ("timeout=-1", nil), ("timeout=5s", nil), ("timeout = 5", nil), ("xtimeout=5", nil),
            ("max=100", nil), ("", nil),
        ] as [(String, Int64?)]
    )
    func timeout(_ value: String, _ seconds: Int64?) {
        let found = wire(value).withUnsafeBufferPointer { KeepAliveField.timeoutSeconds($0[...]) }
        #expect(found == seconds)
    }

    @Test("of several fields in a response the least counts")
    func least() {
        let reader = ResponseReader(to: .post, bodyBytesMax: 10, limitName: "limit")
        let head = "HTTP/1.1 200 OK\r\nKeep-Alive: timeout=9\r\nkeep-alive: timeout=4\r\nContent-Length: 0\r\n\r\n"
        var consumed = 0
        #expect(reader.read(wire(head).span, consumed: &consumed) == .complete)
        #expect(reader.keepAliveSeconds == 4)
    }
}
