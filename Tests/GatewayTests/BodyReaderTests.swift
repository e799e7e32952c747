import Observability
import Testing
import Vocabulary

@testable import Gateway

@Suite("The content of one request")
struct BodyReaderTests {
    private let facts = RequestFacts(requestID: .made(0, 0), startedAt: MonotonicInstant(nanoseconds: 0))
    private let budget = ByteBudget(strangerBytesMax: 0, teamBytesMax: 1_000)

    private func reader(length: Int?, keepsContent: Bool = true) -> BodyReader {
        BodyReader(
            facts: facts,
            headByteCount: 10,
            length: length,
            keepsContent: keepsContent,
            share: ByteShare(of: budget, .teams)
        )
    }

    /// Feeds `bytes` in pieces that end at `cuts`; what is not consumed is offered again.
    private func feed(_ reader: BodyReader, _ bytes: [UInt8], cuts: [Int], limit: Int) -> (BodyReader.Outcome, Int) {
        var position = 0
        for end in cuts + [bytes.count] {
            let outcome = reader.read(Array(bytes[position..<end]).span, limit: limit)
            position += reader.takeConsumed()
            guard case .incomplete = outcome else { return (outcome, position) }
        }
        return (.incomplete, position)
    }

    @Test("a body of known length ends with its last byte, wherever it is cut", arguments: 0...12)
    func known(cut: Int) {
        let reader = reader(length: 8)
        let (outcome, consumed) = feed(reader, Array("12345678next".utf8), cuts: [cut], limit: 100)
        guard case .complete = outcome else { Issue.record("\(outcome)"); return }
        #expect(reader.content == Array("12345678".utf8))
        #expect(consumed == 8)
        #expect(reader.facts.byteCount == 18)
    }

    @Test("chunks are put together and their framing dropped, wherever it is cut", arguments: 0...26)
    func chunked(cut: Int) {
        let reader = reader(length: nil)
        let wire = Array("3;x=y\r\nabc\r\n2\r\nde\r\n0\r\n\r\nnext".utf8)
        let (outcome, consumed) = feed(reader, wire, cuts: [min(cut, wire.count)], limit: 5)
        guard case .complete = outcome else { Issue.record("\(outcome)"); return }
        #expect(reader.content == Array("abcde".utf8))
        #expect(consumed == wire.count - 4)
    }

    @Test("a chunk that would go beyond the limit is refused by its size, before its data come")
    func announced() {
        let reader = reader(length: nil)
        guard case .refused(let error) = reader.read(Array("3\r\nabc\r\n3\r\n".utf8).span, limit: 5) else {
            Issue.record("not refused")
            return
        }
        #expect(error.status == 413)
        #expect(error.code == .bodyTooLarge)
    }

    @Test("content that is not kept takes no memory and ends where it ends", arguments: [8, nil] as [Int?])
    func dropped(length: Int?) {
        let reader = reader(length: length, keepsContent: false)
        let wire = length == nil ? "8\r\n12345678\r\n0\r\n\r\nnext" : "12345678next"
        let (outcome, consumed) = feed(reader, Array(wire.utf8), cuts: [3], limit: 8)
        guard case .complete = outcome else { Issue.record("\(outcome)"); return }
        #expect(reader.content.isEmpty)
        #expect(budget.bytesTaken(of: .teams) == 0)
        #expect(consumed == wire.utf8.count - 4)
    }

    @Test(
        "dropped chunks are refused by their size beyond the limit, however large",
        arguments: ["9", "fffffffffffffff"]
    )
    func droppedTooLarge(size: String) {
        let reader = reader(length: nil, keepsContent: false)
        guard case .refused(let error) = reader.read(Array("\(size)\r\n".utf8).span, limit: 8) else {
            Issue.record("not refused")
            return
        }
        #expect(error.status == 413)
        #expect(error.message == ErrorReply.contentNotTaken.message)
    }

    @Test("a malformed chunk is a 400")
    func malformed() {
        let reader = reader(length: nil)
        guard case .refused(let error) = reader.read(Array("zz\r\n".utf8).span, limit: 5) else {
            Issue.record("not refused")
            return
        }
        #expect(error.status == 400)
    }

    @Test("what comes beyond the gateway's memory is refused as overload", arguments: [true, false])
    func budgetSpent(isChunked: Bool) {
        let held = ByteShare(of: budget, .teams)
        #expect(held.take(990))
        let reader = reader(length: isChunked ? nil : 20)
        let wire = isChunked ? "14\r\n12345678901234567890" : "12345678901234567890"
        guard case .refused(let error) = reader.read(Array(wire.utf8).span, limit: 100) else {
            Issue.record("not refused")
            return
        }
        #expect(error.status == 503)
        #expect(error.code == .overloaded)
        #expect(budget.bytesTaken(of: .teams) == 990)
    }
}
