import TestSupport
import Testing

@testable import HTTPMessages

@Suite("ContentReader")
struct ContentReaderTests {
    /// Feeds `bytes` in pieces that end at `cuts`; what is not consumed is offered again.
    private func feed(
        _ reader: inout ContentReader,
        _ bytes: [UInt8],
        cuts: [Int],
        limit: Int
    ) -> (ContentReader.Outcome, Int) {
        var position = 0
        for end in cuts + [bytes.count] {
            let outcome = reader.read(Array(bytes[position..<end]).span, limit: limit)
            position += reader.takeConsumed()
            guard outcome == .incomplete else { return (outcome, position) }
        }
        return (.incomplete, position)
    }

    @Test("content of known length ends with its last byte, wherever it is cut", arguments: 0...12)
    func known(cut: Int) {
        var reader = ContentReader(length: 8)
        let (outcome, consumed) = feed(&reader, wire("12345678next"), cuts: [cut], limit: 100)
        #expect(outcome == .complete)
        #expect(reader.content == wire("12345678"))
        #expect(consumed == 8)
    }

    @Test("chunks are put together and their framing dropped, wherever it is cut", arguments: 0...26)
    func chunked(cut: Int) {
        var reader = ContentReader(length: nil)
        let bytes = wire("3;x=y\r\nabc\r\n2\r\nde\r\n0\r\n\r\nnext")
        let (outcome, consumed) = feed(&reader, bytes, cuts: [min(cut, bytes.count)], limit: 5)
        #expect(outcome == .complete)
        #expect(reader.content == wire("abcde"))
        #expect(consumed == bytes.count - 4)
    }

    @Test(
        "chunks beyond the limit are refused by their size, before their data come",
        arguments: [("3\r\nabc\r\n3\r\n", 5), ("ffffffffffff\r\n", 5), ("6\r\nabcdef", 5), ("1\r\n", 0)]
    )
    func tooLarge(text: String, limit: Int) {
        var reader = ContentReader(length: nil)
        let outcome = reader.read(wire(text).span, limit: limit)
        #expect(outcome == .tooLarge)
    }

    @Test("a malformed chunk is refused")
    func malformed() {
        var reader = ContentReader(length: nil)
        let outcome = reader.read(wire("zz\r\n").span, limit: 5)
        #expect(outcome == .refused(.malformedSize))
    }

    @Test("what there is no room for is not kept", arguments: [(8, "12345678"), (nil, "8\r\n12345678")])
    func noRoom(length: Int?, text: String) {
        var reader = ContentReader(length: length)
        var asked: [Int] = []
        let outcome = reader.read(wire(text).span, limit: 100) { count in
            asked.append(count)
            return false
        }
        #expect(outcome == .noRoom)
        #expect(asked == [8])
        #expect(reader.content.isEmpty)
    }

    @Test("any cuts of any chunks give the same content")
    func random() {
        var generator = SeededGenerator()
        for _ in 0..<200 {
            let chunks = (0..<Int.random(in: 0...5, using: &generator)).map { _ in
                [UInt8](
                    repeating: UInt8.random(in: 0...255, using: &generator),
                    count: Int.random(in: 1...40, using: &generator)
                )
            }
            let framed = chunks.flatMap { wire(String($0.count, radix: 16) + "\r\n") + $0 + wire("\r\n") }
            let bytes = framed + wire("0\r\n\r\n")
            let cuts = (0..<4).map { _ in Int.random(in: 0...bytes.count, using: &generator) }.sorted()
            var reader = ContentReader(length: nil)
            let (outcome, consumed) = feed(&reader, bytes, cuts: cuts, limit: 200)
            #expect(outcome == .complete, "\(generator)")
            #expect(reader.content == chunks.flatMap { $0 }, "\(generator)")
            #expect(consumed == bytes.count, "\(generator)")
        }
    }
}
