import Testing
import Vocabulary

@testable import Administration

@Suite("LessonCursor")
struct LessonCursorTests {
    @Test(
        "a cursor is read as it was written, whatever the names have in them",
        arguments: [
            LessonCursor.model("gpt:4/o"), .model(""),
            .document(DocumentKey(account: AccountID(rawValue: "default"), documentID: "0b13c9f2")),
            .document(DocumentKey(account: AccountID(rawValue: "eu/prod:1/"), documentID: "0b13c9f2")),
        ]
    )
    func same(_ cursor: LessonCursor) throws { #expect(try LessonCursor(cursor.text) == cursor) }

    @Test("what no list has given is refused", arguments: ["", "x", "document:a", "model", "grant:a/b", "/"])
    func foreign(_ text: String) { #expect(throws: AdminFault.self) { try LessonCursor(text) } }
}
