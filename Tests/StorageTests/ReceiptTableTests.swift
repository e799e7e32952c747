import EventLoops
import Registry
import Testing
import Vocabulary

@testable import Storage

@Suite("ReceiptTable")
struct ReceiptTableTests {
    private let place = TemporaryStore()

    @Test("a receipt comes back, and takes the place of one of the same key and request")
    func replacement() throws {
        let receipts = [
            receipt("a", request: 2, sealedSecret: []), receipt("a", sealedSecret: (0...255).map { $0 }), receipt("b"),
        ]
        let writes = receipts.map { RegistryWrite.saveReceipt($0, now: moments[0]) }
        #expect(try place.registry(after: writes + writes).receipts == receipts)
        let last = receipt("a", sealedSecret: [9])
        let rows = try place.registry(after: [.saveReceipt(last, now: moments[0])])
        #expect(rows.receipts == [receipts[0], last, receipts[2]])
    }

    @Test("a receipt is valid until its time is over, to the microsecond, and then goes with the next one")
    func expiry() throws {
        let store = try place.open()
        defer { store.close() }
        let now = Timestamp(seconds: 1_000)
        for offset in -1...1 as ClosedRange<Int64> {
            let until = Timestamp(microseconds: now.microseconds + offset)
            try store.applyAndWait([.saveReceipt(receipt("\(offset)", until: until), now: moments[0])], audit: nil)
        }
        let keys = "SELECT key FROM rotation_receipts ORDER BY key"
        #expect(try store.rows(keys) == ["-1", "0", "1"])
        let valid = try store.performAndWait { try ReceiptTable.receipts(at: now, on: $0) }.get()
        #expect(valid.map(\.key.rawValue) == ["1"])
        try store.applyAndWait([.saveReceipt(receipt("new"), now: now)], audit: nil)
        #expect(try store.rows(keys) == ["1", "new"])
    }

    @Test("the start is told no receipt whose time is over")
    func expiredAtStart() throws {
        let now = SystemClock.wall()
        let receipts = [
            receipt("over", until: now), receipt("under way", until: now + .seconds(3_600)),
        ]
        let rows = try place.registry(after: receipts.map { .saveReceipt($0, now: moments[0]) })
        #expect(rows.receipts == [receipts[1]])
    }

    @Test("a receipt whose row is damaged is a fault and not a guess")
    func damage() throws {
        let write = RegistryWrite.saveReceipt(receipt("a"), now: moments[0])
        try place.expectDamage(to: "rotation_receipts", by: ["request_digest = \(TestSQL.bytes("00"))"], of: write)
    }
}
