import JSON
import TestSupport
import Testing

@testable import Administration

@Suite("Pages of lists")
struct PageWriterTests {
    private func page(_ items: [(id: String, length: Int?)], limit: Int) throws -> (ids: [String], next: String?, Int) {
        let reply = AdminReply.page(items, limit: limit, cursor: \.id) { item in
            item.length.map {
                .object([("id", .string(item.id)), ("x", .string(String(repeating: "x", count: $0)))])
            }
        }
        let content = reply.sentContent
        let json = try JSON.parse(content)
        return (json["items"].items.compactMap { $0["id"].string }, json["next_cursor"].string, content.count)
    }

    private func items(_ count: Int, length: Int = 1) -> [(id: String, length: Int?)] {
        (0..<count).map { ("\($0)", length) }
    }

    @Test("a page ends with its limit, and the cursor is there exactly when more follows")
    func limit() throws {
        let empty = try page([], limit: 3)
        #expect(empty.ids.isEmpty && empty.next == nil)
        #expect(try page(items(3), limit: 3).next == nil)
        let cut = try page(items(4), limit: 3)
        #expect(cut.ids == ["0", "1", "2"] && cut.next == "2")
    }

    @Test(
        "a page ends before the item that has no room, and pages together have all",
        arguments: [1_000, 70_000, 300_000]
    )
    func bytes(length: Int) throws {
        let all = items(300, length: length)
        var (ids, start) = ([String](), 0)
        while true {
            let part = try page(Array(all[start...].prefix(101)), limit: 100)
            #expect(part.ids.count == 1 || part.2 <= PageWriter.bytesMax + 100)
            #expect(!part.ids.isEmpty)
            ids += part.ids
            guard let next = part.next else { break }
            start = try #require(Int(next)) + 1
        }
        #expect(ids == all.map(\.id))
    }

    @Test("what is not there any more is left out, and the page goes on behind it")
    func gone() throws {
        let some = try page([("a", 1), ("b", nil), ("c", 1), ("d", 1)], limit: 3)
        #expect(some.ids == ["a", "c"] && some.next == "c")
    }
}
