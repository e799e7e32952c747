import HTTPMessages
import Testing
import Upstream

@testable import Gateway

@Suite("Whether a call goes on without its client")
struct PassagePartingTests {
    struct Row: Sendable {
        var isRequestOver = true
        var mayHaveContent = true
        var isReserved = false
        /// Its type and length, nil for none.
        var reply: (type: String, length: Int64?)?
        var hasContent = true
        let outcome: PassageParting
    }

    private static let rows = [
        Row(outcome: .isAwaited), Row(isReserved: true, outcome: .isAwaited),
        Row(isRequestOver: false, outcome: .ends), Row(isRequestOver: false, isReserved: true, outcome: .ends),
        Row(mayHaveContent: false, outcome: .ends),
        Row(mayHaveContent: false, isReserved: true, outcome: .isAwaited),
        Row(reply: ("application/json", 1_048_576), outcome: .isAwaited),
        Row(reply: ("application/json", 1_048_577), outcome: .ends),
        Row(reply: ("application/json", nil), outcome: .isAwaited),
        Row(isRequestOver: false, reply: ("application/json", nil), outcome: .isAwaited),
        Row(reply: ("text/csv", 5), outcome: .ends), Row(isReserved: true, reply: ("text/csv", 5), outcome: .ends),
        Row(reply: ("application/json", 0), hasContent: false, outcome: .isAwaited),
    ]

    @Test("it does while it may say what it costs", arguments: rows)
    func outcome(row: Row) {
        let reply = row.reply.map { type, length in
            PassageReply(
                PassageReplyHead(
                    status: 200,
                    fields: [],
                    length: length,
                    hasContent: row.hasContent,
                    hasDate: true,
                    hasType: true,
                    isJSON: MediaType.isJSON(Array(type.utf8).span),
                    contentEncoding: nil
                ),
                isReserved: row.isReserved
            )
        }
        let parting = PassageParting(
            isRequestOver: row.isRequestOver,
            mayHaveContent: row.mayHaveContent,
            isReserved: row.isReserved,
            awaitsReply: reply?.isAwaited
        )
        #expect(parting == row.outcome)
    }

    @Test("a reply that gets too long to be read, or has no room, is not awaited any longer", arguments: [false, true])
    func unread(hasRoom: Bool) {
        var reply = PassageReply(
            PassageReplyHead(
                status: 200,
                fields: [],
                length: nil,
                hasContent: true,
                hasDate: true,
                hasType: true,
                isJSON: true,
                contentEncoding: nil
            ),
            isReserved: true
        )
        func parting() -> PassageParting {
            PassageParting(isRequestOver: true, mayHaveContent: true, isReserved: true, awaitsReply: reply.isAwaited)
        }
        let held = [UInt8](repeating: 0x20, count: hasRoom ? PassageReply.readBytesMax : 5)
        #expect(reply.receive(held) == [] && parting() == .isAwaited)
        // What was held goes out with what makes it too long.
        #expect(reply.receive([0x21], isKept: hasRoom) == held + [0x21] && parting() == .ends)
        #expect(reply.receive([0x22]) == [0x22] && reply.takeRest() == [])
    }
}
