import Testing

@testable import HTTPMessages

@Suite("HeadWriter")
struct HeadWriterTests {
    private func text(_ write: (inout HeadWriter) -> Void) -> String {
        var writer = HeadWriter(capacity: 16)
        write(&writer)
        return String(decoding: writer.bytes, as: UTF8.self)
    }

    @Test("lines are written as RFC 9112 §3, §4 and §5 have them")
    func lines() {
        #expect(text { $0.statusLine(200) } == "HTTP/1.1 200 OK\r\n")
        #expect(text { $0.statusLine(299) } == "HTTP/1.1 299 \r\n")
        #expect(text { $0.requestLine("POST", Array("/v1/classify".utf8)) } == "POST /v1/classify HTTP/1.1\r\n")
        #expect(text { $0.requestLine("GET", "/v", Array("/x".utf8)) } == "GET /v/x HTTP/1.1\r\n")
        #expect(text { $0.requestLine("GET", "", Array("/x?y".utf8)) } == "GET /x?y HTTP/1.1\r\n")
        #expect(text { $0.field("A", "b") } == "A: b\r\n")
        #expect(text { $0.field("A", "b" as String) } == "A: b\r\n")
        #expect(text { $0.field("A", [0x62]) } == "A: b\r\n")
        #expect(text { $0.field("A", decimal: 10) } == "A: 10\r\n")
        #expect(text { $0.endSection() } == "\r\n")
        let parts = text {
            $0.begin("A")
            $0.append("b")
            $0.append("-" as String)
            $0.append([0x63])
            $0.append(decimal: 0)
            $0.endField()
        }
        #expect(parts == "A: b-c0\r\n")
    }

    @Test(
        "numbers are written in decimal, to both ends of 64 bits",
        arguments: [0, 1, 9, 10, 11, 99, 100, -1, -9, -10, 1_048_576, .max, .min] as [Int64]
    )
    func numbers(number: Int64) { #expect(text { $0.append(decimal: number) } == "\(number)") }

    @Test("powers of ten and their neighbours keep all their digits")
    func powers() {
        var power: Int64 = 1
        for _ in 0..<18 {
            power *= 10
            for number in [power - 1, power, power + 1] {
                #expect(text { $0.append(decimal: number) } == "\(number)")
            }
        }
    }

    @Test("the last head is forgotten")
    func reuse() {
        let second = text {
            $0.field("A", "b")
            $0.removeAll()
            $0.field("C", "d")
        }
        #expect(second == "C: d\r\n")
    }

    @Test("each status that the gateway sends has its phrase, and is read back")
    func statuses() {
        let sent = [
            200, 201, 202, 204, 400, 401, 402, 403, 404, 405, 408, 409, 413, 414, 415, 417, 422, 429, 431, 500, 501,
            502, 503, 504, 505,
        ]
        for status in sent {
            let response = ReadResponse(
                text {
                    $0.statusLine(status)
                    $0.field("Content-Length", decimal: 3)
                    $0.endSection()
                }
            )
            #expect(response.progress == .complete)
            #expect(response.head.status == status)
            #expect(response.text(response.head.reason)?.isEmpty == false)
        }
        #expect(Set(sent.map { "\(ReasonPhrase.find($0))" }).count == sent.count)
    }

    @Test("a request that is written is read back the same")
    func roundTrip() {
        let request = ReadRequest(
            text {
                $0.requestLine("GET", Array("/a?b".utf8))
                $0.field("Host", "h:1")
                $0.field("Content-Length", decimal: .max)
                $0.endSection()
            }
        )
        #expect(request.progress == .complete)
        #expect(request.text(request.head.target) == "/a?b")
        #expect(request.text(request.head.authority) == "h:1")
        #expect(request.head.framing == .length(.max))
    }
}
