import Budgeting
import Caching
import TestSupport
import Testing
import Vocabulary

@testable import Administration

/// `/cache`, with real rooms and a disk that can fail.
@Suite("The cache in an operator's hands")
struct CacheResourceTests {
    private static let document = "0b13c9f2-5148-4ffb-bb7b-de03bb071ca8"

    private let rooms: AdminRooms

    init() throws { rooms = try AdminRooms() }

    private func purge(_ query: String, token: String = AdminStand.operatorToken) throws -> TestResponse {
        try rooms.answer("DELETE", "/cache/entries\(query)", token: token)
    }

    @Test(
        "one of the four says what to purge; anything else is refused by name",
        arguments: [
            ("", "document_id"), ("?all=false", "all"), ("?all=", "all"), ("?team=", "team"), ("?team=a%20b", "team"),
            ("?document_id=no-uuid", "document_id"), ("?key=abc", "key"),
            ("?key=\(String(repeating: "g", count: 64))", "key"),
            ("?team=a&all=true", "all"), ("?document_id=\(document)&team=a", "team"), ("?all=true&all=true", "all"),
            ("?everything=true", "everything"), ("?all=true&limit=3", "limit"),
        ]
    )
    func badPurges(query: String, name: String) throws {
        let answer = try purge(query)
        #expect(answer.status == 422 && answer.code == "invalid_request")
        #expect(answer.json["message"].string?.contains(name) == true, "\(answer.text)")
        #expect(try rooms.answer("GET", "/audit").json["items"].items.isEmpty)
    }

    @Test(
        "a purge of nothing answers 0 and is in the audit log, however its target is spelled",
        arguments: [
            ("?document_id=\(document.uppercased())", "cache/document/\(document)"),
            ("?team=nobody", "cache/team/nobody"),
            (
                "?key=\(String(repeating: "AB", count: 32))", "cache/key/\(String(repeating: "ab", count: 32))"
            ), ("?all=true", "cache/all"),
        ]
    )
    func nothing(query: String, target: String) throws {
        #expect(try purge(query, token: AdminStand.viewer).status == 403)
        let answer = try purge(query)
        #expect(answer.status == 200 && answer.json == ["purged": 0])
        let entries = try rooms.answer("GET", "/audit").json["items"].items
        #expect(entries.count == 1)
        #expect(entries[0]["action"] == "cache.purge" && entries[0]["target"].string == target)
        #expect(entries[0]["role"] == "operator" && entries[0]["after"] == ["purged": 0])
    }

    @Test("a disk that fails purges nothing, and says so")
    func failingDisk() throws {
        rooms.store.become(.failing(StoreFault(code: .full, detail: "")))
        for query in ["?all=true", "?document_id=\(Self.document)"] {
            let answer = try purge(query)
            #expect(answer.status == 503 && answer.code == "store_unavailable")
        }
        rooms.store.become(.well)
        #expect(try rooms.answer("GET", "/audit").json["items"].items.isEmpty)
    }

    @Test(
        "the list of entries needs a document, and nothing that it does not know",
        arguments: [
            ("", "document_id"), ("?document_id=x", "document_id"), ("?document_id=\(document)&team=a", "team"),
            ("?document_id=\(document)&cursor=x", "cursor"), ("?document_id=\(document)&limit=0", "limit"),
            ("?document_id=\(document)&cursor=99999999999999999999", "cursor"),
        ]
    )
    func badLists(query: String, name: String) throws {
        let answer = try rooms.answer("GET", "/cache/entries\(query)", token: AdminStand.viewer)
        #expect(answer.status == 422)
        #expect(answer.json["message"].string?.contains(name) == true, "\(answer.text)")
    }

    @Test("a document without entries has an empty list")
    func emptyList() throws {
        let answer = try rooms.answer("GET", "/cache/entries?document_id=\(Self.document)", token: AdminStand.viewer)
        #expect(answer.status == 200 && answer.json["items"].items.isEmpty && answer.json["next_cursor"] == .null)
    }

    @Test("the status lists the purges under way")
    func status() throws {
        #expect(try rooms.answer("GET", "/status", token: AdminStand.viewer).json["purges"] == [])
    }
}
