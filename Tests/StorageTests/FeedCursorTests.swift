import Caching
import Testing
import Vocabulary

@testable import Storage

@Suite("How far a node has read the feed")
struct FeedCursorTests {
    private static let start = MonotonicInstant(nanoseconds: 0)
    private let main = UpstreamKeyID(rawValue: "main")

    private func row(_ number: Int64, _ announcement: Announcement?, of node: Int64 = 2) -> FeedRow {
        FeedRow(number: number, announcement: announcement, node: node)
    }

    private func take(
        _ cursor: inout FeedCursor,
        _ rows: [FeedRow],
        at seconds: Int64 = 0
    ) throws -> [String] {
        try cursor.take(rows, at: Self.start + .seconds(seconds)).map { "\($0.columns.kind) \($1)" }
    }

    @Test("rows of other nodes are taken, each announcement once with its last number; the node's own are passed over")
    func own() throws {
        var cursor = FeedCursor(node: 1, head: 4)
        let rows = [
            row(5, .registry), row(6, .model("x"), of: 1), row(7, .purge(.all)), row(8, nil), row(9, .registry),
        ]
        #expect(try take(&cursor, rows) == ["purge 7", "registry 9"])
        #expect(cursor.last == 9)
        #expect(try take(&cursor, []) == [])
    }

    @Test("a number that is left out, or comes twice, is a gap, and nothing is taken", arguments: [6, 4, Int64.max])
    func gap(_ number: Int64) {
        var cursor = FeedCursor(node: 1, head: 4)
        let before = cursor
        var next = cursor
        #expect(throws: FeedCursor.Gap(expected: 5, found: number)) {
            _ = try next.take([row(number, .registry)], at: Self.start)
        }
        cursor = before
        #expect(cursor.last == 4)
    }

    @Test("the greatest number there is has none behind it")
    func last() throws {
        var cursor = FeedCursor(node: 1, head: .max - 1)
        #expect(try take(&cursor, [row(.max, .registry)]) == ["registry \(Int64.max)"])
    }

    @Test("after another node's word about an upstream key the node's own is followed as well, for a while")
    func contested() throws {
        var cursor = FeedCursor(node: 1, head: 0)
        #expect(try take(&cursor, [row(1, .upstreamKey(main), of: 1)]) == [])
        #expect(
            try take(&cursor, [row(2, .upstreamKey(main)), row(3, .upstreamKey(main), of: 1)]) == ["upstream_key 3"]
        )
        let other = Announcement.upstreamKey(UpstreamKeyID(rawValue: "other"))
        #expect(
            try take(&cursor, [row(4, other, of: 1), row(5, .upstreamKey(main), of: 1)], at: 29) == ["upstream_key 5"]
        )
        #expect(try take(&cursor, [row(6, .upstreamKey(main), of: 1)], at: 30) == [])
    }

    @Test(
        "what a row says is read as it was written",
        arguments: [
            Announcement.registry, .purge(.all), .purge(.document("0b13c9f2-5148-4ffb-bb7b-000000000001")),
            .purge(.team(TeamID(rawValue: "a-b.c"))), .purge(.key(key(7))),
            .purge(.classifier(ClassifierKey(account: AccountID(rawValue: "default"), folding: "a/b"))),
            .classifier(ClassifierKey(account: AccountID(rawValue: "default"), folding: "//")),
            .purge(.classifier(ClassifierKey(account: AccountID(rawValue: "eu/prod"), folding: "a/b"))),
            .classifier(ClassifierKey(account: AccountID(rawValue: "/%2F%/25%"), folding: "c%2Fd")),
            .upstreamKey(UpstreamKeyID(rawValue: "main")), .grant(.max, TeamID(rawValue: "a")), .model("gpt/4 \u{0}"),
        ]
    )
    func columns(_ announcement: Announcement) {
        let (kind, subject) = announcement.columns
        #expect(Announcement(kind: kind, subject: subject) == announcement)
    }

    @Test("a purge that is not understood is one of everything; what else is not understood is no announcement")
    func damaged() {
        for subject in ["", "key/12", "classifier/x", "word/x", "all/x"] {
            #expect(Announcement(kind: "purge", subject: subject) == .purge(.all))
        }
        #expect(Announcement(kind: "later", subject: "") == nil)
        #expect(Announcement(kind: "grant", subject: "x/a") == nil)
        #expect(Announcement(kind: "classifier", subject: "x") == nil)
        // As a node of an earlier version writes it.
        let percent = ClassifierKey(account: AccountID(rawValue: "50%"), folding: "x")
        #expect(Announcement(kind: "classifier", subject: "50%/x") == .classifier(percent))
    }
}
