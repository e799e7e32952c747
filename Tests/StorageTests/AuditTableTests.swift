import Registry
import Testing
import Vocabulary

@testable import Storage

@Suite("AuditTable")
struct AuditTableTests {
    private let place = TemporaryStore()

    private func append(_ range: ClosedRange<Int>, to store: Store) throws {
        for number in range { try store.applyAndWait([], audit: auditEntry("\(number)")) }
    }

    @Test("an entry comes back with all its parts, after a kill too, and with nothing that it does not have")
    func wholeEntry() throws {
        let store = try place.open()
        defer { store.close() }
        var entries = texts.map { text in
            AuditEntry(
                at: moments[0],
                actor: text,
                role: text,
                action: text,
                target: text,
                address: text,
                before: Array(text.utf8),
                after: Array(text.utf8)
            )
        }
        entries.append(auditEntry("team.create", after: #"{"id":"a"}"#, at: moments[1]))
        entries.append(auditEntry("team.delete", before: #"{"id":"a"}"#))
        for entry in entries { try store.applyAndWait([], audit: entry) }
        let expected = entries.enumerated().map { AuditRecord(id: Int64($0) + 1, entry: $1) }
        #expect(try store.auditAndWait().get() == expected.reversed())
        let killed = try place.killed().open()
        defer { killed.close() }
        #expect(try killed.auditAndWait().get() == expected.reversed())
    }

    @Test("pages go from the newest entry to the oldest and leave none out", arguments: 1...8)
    func pages(_ count: Int) throws {
        let store = try place.open()
        defer { store.close() }
        try append(1...7, to: store)
        var ids: [Int64] = []
        for pageNumber in 0...7 {
            let page = try store.auditAndWait(before: ids.last, atMost: count).get()
            #expect(page.count == min(count, max(0, 7 - pageNumber * count)))
            ids += page.map(\.id)
            try append(8...8, to: store)  // moves no page
        }
        #expect(ids == [7, 6, 5, 4, 3, 2, 1])
    }

    @Test("a page ends early when its entries are long, and has at least two")
    func longEntries() throws {
        let store = try place.open()
        defer { store.close() }
        let long = String(repeating: "x", count: AuditTable.pageBytesMax / 4)
        for _ in 0..<7 { try store.applyAndWait([], audit: auditEntry("team.update", before: long, after: long)) }
        #expect(try store.auditAndWait(atMost: 100).get().map(\.id) == [7, 6, 5])
        #expect(try store.auditAndWait(before: 5, atMost: 2).get().map(\.id) == [4, 3])
        let longer = String(repeating: "x", count: AuditTable.pageBytesMax * 2)
        for _ in 0..<3 { try store.applyAndWait([], audit: auditEntry("team.update", after: longer)) }
        #expect(try store.auditAndWait(atMost: 100).get().map(\.id) == [10, 9])
    }

    @Test("a page of none, or before the first entry, is empty")
    func emptyPages() throws {
        let store = try place.open()
        defer { store.close() }
        #expect(try store.auditAndWait().get() == [])
        try append(1...3, to: store)
        for count in [0, -1, .min] { #expect(try store.auditAndWait(atMost: count).get() == []) }
        for before in [1, 0, .min] as [Int64] { #expect(try store.auditAndWait(before: before).get() == []) }
        #expect(try store.auditAndWait(before: .max, atMost: .max).get().count == 3)
    }

    @Test("only the newest entries are kept, and no number is used again")
    func limit() throws {
        let store = try place.open()
        defer { store.close() }
        for number in 1...10 as ClosedRange<Int64> {
            try store.performAndWait { connection in
                _ = try AuditTable.append(auditEntry("\(number)"), keeping: 3, on: connection)
            }.get()
            let ids = try store.auditAndWait().get().map(\.id)
            #expect(ids == (max(1, number - 2)...number).reversed())
        }
    }

    @Test("a change keeps a million entries")
    func million() throws {
        let store = try place.open()
        defer { store.close() }
        try append(1...1, to: store)
        for id in [2, 3, 1_000_001] {
            let sql = "INSERT INTO audit SELECT \(id), at, actor, role, action, target, address, NULL, NULL FROM audit"
            try store.execute(sql + " WHERE id = 1")
        }
        try append(1_000_002...1_000_002, to: store)
        #expect(try store.auditAndWait().get().map(\.id) == [1_000_002, 1_000_001, 3])
    }
}
