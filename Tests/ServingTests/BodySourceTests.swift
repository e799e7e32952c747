import Testing

@testable import Serving

@Suite("The content of one request")
struct BodySourceTests {
    private let budget = ByteBudget(strangerBytesMax: 0, teamBytesMax: 1_000)

    private func source(_ use: BodyPlan.Use = .buffered, length: Int?, limit: Int) -> BodySource {
        BodySource(BodyPlan(use, limit: limit), length: length, share: ByteShare(of: budget, .teams))
    }

    /// Feeds `bytes` in pieces that end at `cuts`; unconsumed bytes are offered again.
    private func feed(_ source: BodySource, _ bytes: [UInt8], cuts: [Int]) -> (BodySource.Outcome, Int) {
        var position = 0
        for end in cuts + [bytes.count] {
            let outcome = source.read(Array(bytes[position..<end]).span)
            position += source.takeConsumed()
            guard case .incomplete = outcome else { return (outcome, position) }
        }
        return (.incomplete, position)
    }

    private func read(_ source: BodySource, _ text: String) -> BodySource.Outcome {
        source.read(Array(text.utf8).span)
    }

    @Test("a body of known length ends with its last byte, wherever it is cut", arguments: 0...12)
    func known(cut: Int) {
        let source = source(length: 8, limit: 100)
        let (outcome, consumed) = feed(source, Array("12345678next".utf8), cuts: [cut])
        #expect(outcome == .complete)
        #expect(source.takeContent() == Array("12345678".utf8))
        #expect(consumed == 8)
    }

    @Test("chunks are put together and their framing dropped, wherever it is cut", arguments: 0...26)
    func chunked(cut: Int) {
        let source = source(length: nil, limit: 5)
        let wire = Array("3;x=y\r\nabc\r\n2\r\nde\r\n0\r\n\r\nnext".utf8)
        let (outcome, consumed) = feed(source, wire, cuts: [min(cut, wire.count)])
        #expect(outcome == .complete)
        #expect(source.takeContent() == Array("abcde".utf8))
        #expect(consumed == wire.count - 4)
    }

    @Test("streamed content comes in pieces, takes no memory, and has a limit over all pieces", arguments: [8, nil])
    func streamed(length: Int?) {
        let source = source(.streamed, length: length, limit: 8)
        #expect(read(source, length == nil ? "4\r\n1234\r\n" : "1234") == .incomplete)
        #expect(source.takeContent() == Array("1234".utf8))
        #expect(budget.bytesTaken(of: .teams) == 0)
        guard length == nil else {
            #expect(read(source, "5678") == .complete)
            return #expect(source.takeContent() == Array("5678".utf8))
        }
        #expect(read(source, "5\r\n") == .refused(.bodyTooLarge(limit: 8)))
    }

    @Test("a chunk that would go beyond the limit is refused by its size, before its data come")
    func announced() {
        #expect(read(source(length: nil, limit: 5), "3\r\nabc\r\n3\r\n") == .refused(.bodyTooLarge(limit: 5)))
    }

    @Test("content that is not kept takes no memory and ends where it ends", arguments: [8, nil] as [Int?])
    func dropped(length: Int?) {
        let source = source(.dropped, length: length, limit: 8)
        let wire = length == nil ? "8\r\n12345678\r\n0\r\n\r\nnext" : "12345678next"
        let (outcome, consumed) = feed(source, Array(wire.utf8), cuts: [3])
        #expect(outcome == .complete)
        #expect(source.takeContent().isEmpty)
        #expect(budget.bytesTaken(of: .teams) == 0)
        #expect(consumed == wire.utf8.count - 4)
    }

    @Test(
        "dropped chunks are refused by their size beyond the limit, however large",
        arguments: ["9", "fffffffffffffff"]
    )
    func droppedTooLarge(size: String) {
        #expect(read(source(.dropped, length: nil, limit: 8), "\(size)\r\n") == .refused(.contentNotTaken))
    }

    @Test("a malformed chunk is refused")
    func malformed() {
        #expect(read(source(length: nil, limit: 5), "zz\r\n") == .refused(.badChunk(.malformedSize)))
    }

    @Test("what comes beyond the memory for clients is refused", arguments: [true, false])
    func budgetSpent(isChunked: Bool) {
        let held = ByteShare(of: budget, .teams)
        #expect(held.take(990))
        let source = source(length: isChunked ? nil : 20, limit: 100)
        let wire = isChunked ? "14\r\n12345678901234567890" : "12345678901234567890"
        #expect(read(source, wire) == .refused(.noRoom))
        #expect(budget.bytesTaken(of: .teams) == 990)
    }
}
