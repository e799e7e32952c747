import Caching
import Foundation
import HTTPMessages
import Observability
import Testing
import Vocabulary

@testable import Gateway

@Suite("Heads of replies")
struct ReplyWriterTests {
    /// 2026-11-28T12:00:00Z.
    private static let now = Timestamp(seconds: 1_795_867_200)

    private static func outline(
        _ status: Int = 200,
        contentType: String? = nil,
        length: Int = 2,
        keepsAlive: Bool = true,
        isHTTP10: Bool = false
    ) -> ReplyWriter.Outline {
        ReplyWriter.Outline(
            status: status,
            contentType: contentType.map { Array($0.utf8) },
            contentLength: length,
            requestID: .chosen(Array("request-1".utf8)),
            keepsAlive: keepsAlive,
            isHTTP10: isHTTP10
        )
    }

    private static func head(_ write: (inout ReplyWriter) -> Void) -> [String] {
        var writer = ReplyWriter()
        write(&writer)
        return writer.withBytes { bytes in
            bytes.withUnsafeBufferPointer { String(decoding: $0, as: UTF8.self) }
        }.components(separatedBy: "\r\n")
    }

    @Test("a hit: date, JSON, length, what the cache says and what it saved, in this order")
    func hit() {
        let cache = ReplyWriter.CacheFields(
            status: .hit(ttlSeconds: 90),
            saved: MicroCredits(micros: 2_500_000),
            remaining: .zero,
            age: 10
        )
        let lines = Self.head { $0.write(Self.outline(), cache, now: Self.now) }
        #expect(
            lines == [
                "HTTP/1.1 200 OK", "Date: Sat, 28 Nov 2026 12:00:00 GMT", "Content-Type: application/json",
                "Content-Length: 2", "Cache-Control: no-store", "Cache-Status: tollgate; hit; ttl=90",
                "tollgate-credits-charged: 0", "tollgate-credits-saved: 2.5", "tollgate-budget-remaining: 0",
                "Age: 10", "x-request-id: request-1", "", "",
            ]
        )
    }

    @Test("what is no classify reply carries no field of the cache, and one without a budget no remainder")
    func withoutCache() {
        let plain = Self.head { $0.write(Self.outline(), nil, now: Self.now) }
        #expect(!plain.contains { $0.hasPrefix("tollgate-") || $0.hasPrefix("Cache-") || $0.hasPrefix("Age") })
        let unlimited = ReplyWriter.CacheFields(status: .detail("not_cached"))
        let lines = Self.head { $0.write(Self.outline(504), unlimited, now: Self.now) }
        #expect(lines.contains("Cache-Status: tollgate; detail=not_cached"))
        #expect(!lines.contains { $0.hasPrefix("tollgate-budget-remaining") || $0.hasPrefix("Age") })
    }

    @Test(
        "the vendor's own content type and coding stand for ours; without content there is neither, and a 204 has no length",
        arguments: [
            (outline(404, contentType: "text/html", length: 9), ["Content-Type: text/html", "Content-Length: 9"]),
            (outline(200, length: 0), ["Content-Length: 0"]), (outline(204, length: 0), []),
        ] as [(ReplyWriter.Outline, [String])]
    )
    func content(outline: ReplyWriter.Outline, expected: [String]) {
        let lines = Self.head { $0.write(outline, nil, now: Self.now) }
        #expect(lines.filter { $0.hasPrefix("Content-") } == expected)
    }

    @Test(
        "what becomes of the connection, RFC 9112 §9.3",
        arguments: [
            (true, false, nil), (true, true, "Connection: keep-alive"), (false, false, "Connection: close"),
            (false, true, "Connection: close"),
        ] as [(Bool, Bool, String?)]
    )
    func connection(keepsAlive: Bool, isHTTP10: Bool, expected: String?) {
        let outline = Self.outline(keepsAlive: keepsAlive, isHTTP10: isHTTP10)
        let lines = Self.head { $0.write(outline, nil, now: Self.now) }
        #expect(lines.first { $0.hasPrefix("Connection") } == expected)
    }

    @Test("fields of single replies, each where it belongs")
    func single() {
        let lines = Self.head { writer in
            writer.write(
                Self.outline(405),
                nil,
                contentEncoding: Array("br".utf8),
                retryAfter: Array("7".utf8),
                allow: "POST",
                now: Self.now
            )
        }
        for line in ["Content-Encoding: br", "Retry-After: 7", "Allow: POST"] { #expect(lines.contains(line)) }
    }

    @Test("the log is lent the value of Cache-Status without the cache's name, and nothing once the head is forgotten")
    func cacheStatusRange() {
        var writer = ReplyWriter()
        writer.write(Self.outline(), .init(status: .hit(ttlSeconds: 5)), now: Self.now)
        let range = writer.cacheStatusRange
        let value = writer.withBytes { bytes in
            bytes.extracting(range).withUnsafeBufferPointer { String(decoding: $0, as: UTF8.self) }
        }
        #expect(value == "hit; ttl=5")
        writer.write(Self.outline(), nil, now: Self.now)
        #expect(writer.cacheStatusRange.isEmpty)
        writer.write(Self.outline(), .init(status: .hit(ttlSeconds: 5)), now: Self.now)
        writer.clear()
        #expect(writer.cacheStatusRange.isEmpty)
    }

    @Test("the date is that of each reply, whatever was written before")
    func date() {
        var writer = ReplyWriter()
        for (offset, expected) in [(0, "12:00:00"), (0, "12:00:00"), (1, "12:00:01"), (-1, "11:59:59")] {
            writer.write(Self.outline(), nil, now: Self.now + .seconds(offset))
            let head = writer.withBytes { $0.withUnsafeBufferPointer { String(decoding: $0, as: UTF8.self) } }
            #expect(head.contains("Date: Sat, 28 Nov 2026 \(expected) GMT\r\n"))
        }
    }
}
