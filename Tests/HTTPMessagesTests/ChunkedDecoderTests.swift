import Testing

@testable import HTTPMessages

/// `docs/faults.md` §1: chunk sizes, extensions, data and trailers.
@Suite("ChunkedDecoder")
struct ChunkedDecoderTests {
    /// What one body comes to.
    struct Result: Equatable {
        var content: [UInt8] = []
        /// `end`, `needMore` or `refused`.
        var last: ChunkedDecoder.Step
        var position: Int
    }

    /// A body that is refused, and why.
    struct Row: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let bytes: [UInt8]
        let refusal: ChunkRefusal

        init(_ name: String, _ text: String, _ refusal: ChunkRefusal) {
            testDescription = name
            bytes = wire(text)
            self.refusal = refusal
        }
    }

    /// Decodes bytes that come in pieces that end at `cuts` and at the end.
    static func decode(_ bytes: [UInt8], cuts: [Int] = []) -> Result {
        var decoder = ChunkedDecoder()
        var result = Result(last: .needMore, position: 0)
        for cut in cuts + [bytes.count] {
            // The rest alone, in memory of its own: the decoder may need nothing that it has read before.
            let rest = Array(bytes[result.position..<cut])
            let start = result.position
            var position = 0
            step: while true {
                result.last = decoder.next(rest.span, &position)
                switch result.last {
                case .data(let range): result.content += rest[range]
                case .needMore: break step
                case .end, .refused:
                    result.position = start + position
                    return result
                }
            }
            result.position = start + position
        }
        return result
    }

    private func decode(_ text: String) -> Result { Self.decode(wire(text)) }

    private static let sizes: [Row] = [
        Row("size g", "g\r\n", .malformedSize),
        Row("size 5g", "5g\r\n", .malformedSize),
        Row("size 0x5", "0x5\r\naaaaa\r\n", .malformedSize),
        Row("size +5", "+5\r\naaaaa\r\n", .malformedSize),
        Row("size -5", "-5\r\naaaaa\r\n", .malformedSize),
        Row("size 5_0", "5_0\r\naaaaa\r\n", .malformedSize),
        Row("size 5.0", "5.0\r\naaaaa\r\n", .malformedSize),
        Row("a space before the size", " 5\r\naaaaa\r\n", .malformedSize),
        Row("a tab before the size", "\t5\r\naaaaa\r\n", .malformedSize),
        Row("a space after the size", "5 \r\naaaaa\r\n", .malformedSize),
        Row("a space within the size", "5 5\r\naaaaa\r\n", .malformedSize),
        Row("an empty size", "\r\naaaaa\r\n", .malformedSize),
        Row("an extension without a size", ";a=b\r\naaaaa\r\n", .malformedSize),
        Row("an empty size after a chunk", "1\r\na\r\n\r\n", .malformedSize),
        Row("NUL in the size", "5\u{0}\r\naaaaa\r\n", .malformedSize),
        Row("a digit above ASCII", "\u{B2}\r\naa\r\n", .malformedSize),
        Row("16 digits", "0000000000000005\r\naaaaa\r\n", .sizeTooLong),
        Row("17 digits that would overflow to 5", "10000000000000005\r\naaaaa\r\n", .sizeTooLong),
        Row("16 digits for the last chunk", "0000000000000000\r\n\r\n", .sizeTooLong),
        Row("a bare LF after the size", "5\naaaaa\r\n", .malformedSize),
        Row("a bare CR after the size", "5\raaaaa\r\n", .malformedSize),
        Row("CR CR LF after the size", "5\r\r\naaaaa\r\n", .malformedSize),
        Row("a bare LF after the last size", "0\n\r\n", .malformedSize),
        Row("a bare LF after the data", "5\r\naaaaa\n0\r\n\r\n", .missingDataEnd),
        Row("a bare CR after the data", "5\r\naaaaa\r0\r\n\r\n", .missingDataEnd),
        Row("nothing after the data", "5\r\naaaaa0\r\n\r\n", .missingDataEnd),
        Row("more data than the size says", "5\r\naaaaaa\r\n0\r\n\r\n", .missingDataEnd),
        Row("less data than the size says", "5\r\naaaa\r\n0\r\n\r\n", .missingDataEnd),
    ]

    private static let extensions: [Row] = [
        Row("a bare CR in an extension", "5;a=\rb\r\naaaaa\r\n", .malformedSize),
        Row("a bare LF in an extension", "5;a=\nb\r\naaaaa\r\n", .malformedExtension),
        Row("NUL in an extension", "5;a=\u{0}b\r\naaaaa\r\n", .malformedExtension),
        Row("DEL in an extension", "5;a=\u{7F}b\r\naaaaa\r\n", .malformedExtension),
        Row("a vertical tab in an extension", "5;\u{0B}\r\naaaaa\r\n", .malformedExtension),
        Row("a bare LF in a quoted string", "5;a=\"\n\"\r\naaaaa\r\n", .malformedExtension),
        Row("LF as the end of an extension", "5;a=b\naaaaa\r\n", .malformedExtension),
        Row("an extension of 4 KiB and a byte", "1;\(repeated("x", 4097))\r\na\r\n", .extensionTooLong),
        Row("4 KiB and a byte of blanks", "1\(repeated(" ", 4097));\r\na\r\n", .extensionTooLong),
        Row("blanks and an extension of 4 KiB in all", "1 ;\(repeated("x", 4096))\r\na\r\n", .extensionTooLong),
        Row("extensions above 16 KiB in all", extensionsOf16KiB + "1;x\r\na\r\n0\r\n\r\n", .extensionTooLong),
        Row("one above 16 KiB in all at the end", extensionsOf16KiB + "0;x\r\n\r\n", .extensionTooLong),
    ]

    private static let extensionsOf16KiB = repeated("1;\(repeated("x", 4096))\r\na\r\n", 4)

    private static let trailers: [Row] = [
        Row("a trailer name with a space", "0\r\nBad Name: x\r\n\r\n", .malformedTrailer),
        Row("a space before the colon of a trailer", "0\r\na : x\r\n\r\n", .malformedTrailer),
        Row("a trailer name in brackets", "0\r\n(a): x\r\n\r\n", .malformedTrailer),
        Row("a trailer name with NUL", "0\r\na\u{0}: x\r\n\r\n", .malformedTrailer),
        Row("a trailer without a colon", "0\r\nnocolon\r\n\r\n", .malformedTrailer),
        Row("a trailer without a name", "0\r\n: x\r\n\r\n", .malformedTrailer),
        Row("a folded trailer", "0\r\na: b\r\n c\r\n\r\n", .malformedTrailer),
        Row("white space before the first trailer", "0\r\n a: b\r\n\r\n", .malformedTrailer),
        Row("a bare LF after a trailer", "0\r\na: b\n\r\n", .malformedTrailer),
        Row("a bare CR in a trailer", "0\r\na: b\rc\r\n\r\n", .malformedTrailer),
        Row("NUL in a trailer", "0\r\na: \u{0}\r\n\r\n", .malformedTrailer),
        Row("DEL in a trailer", "0\r\na: \u{7F}\r\n\r\n", .malformedTrailer),
        Row("a bare LF as the end", "0\r\n\n", .malformedTrailer),
        Row("a bare CR as the end", "0\r\n\rG", .malformedTrailer),
        Row("a bare LF as the end after a trailer", "0\r\na: b\r\n\n", .malformedTrailer),
        Row("a trailer of 16 KiB and a byte", "0\r\na:\(repeated("x", trailerBytesMax - 3))\r\n\r\n", .trailersTooLong),
        Row("trailers above 16 KiB in all", "0\r\n\(repeated("a:b\r\n", 3277))a:\r\n\r\n", .trailersTooLong),
        Row("a trailer that never ends", "0\r\na:\(repeated("x", 20_000))", .trailersTooLong),
    ]

    private static let trailerBytesMax = 16 * 1024

    @Test("is refused for its reason, whatever the cut", arguments: sizes + extensions + trailers)
    func refused(row: Row) {
        let whole = Self.decode(row.bytes)
        #expect(whole.last == .refused(row.refusal))
        #expect(Self.decode(row.bytes, cuts: Array(0..<row.bytes.count)) == whole)
        guard row.bytes.count < 200 else { return }
        for cut in 0...row.bytes.count { #expect(Self.decode(row.bytes, cuts: [cut]) == whole, "cut at \(cut)") }
    }

    @Test(
        "a sound body is decoded, and what follows it is left, whatever the cut",
        arguments: [
            ("0\r\n\r\n", ""), ("5\r\nhello\r\n0\r\n\r\n", "hello"), ("0005\r\nhello\r\n000\r\n\r\n", "hello"),
            ("000000000000005\r\nhello\r\n000000000000000\r\n\r\n", "hello"), ("1\r\na\r\n1\r\nb\r\n0\r\n\r\n", "ab"),
            ("A\r\n0123456789\r\n0\r\n\r\n", "0123456789"), ("0a\r\n0123456789\r\n0\r\n\r\n", "0123456789"),
            ("5;a\r\nhello\r\n0;b\r\n\r\n", "hello"), ("5;a=b;c=\"d;e\\\"\"\r\nhello\r\n0\r\n\r\n", "hello"),
            ("5 \t;\ta = b\r\nhello\r\n0\r\n\r\n", "hello"), ("5;\u{E9}\r\nhello\r\n0\r\n\r\n", "hello"),
            ("5\r\n\r\n0\r\n\r\n0\r\n\r\n", "\r\n0\r\n"), ("2\r\n\u{0}\u{FF}\r\n0\r\n\r\n", "\u{0}\u{FF}"),
            ("1\r\na\r\n0\r\nb: c\r\nD:\t\u{E9}\r\nE:\r\n\r\n", "a"),
            ("0\r\nContent-Length: 5\r\nTransfer-Encoding: x\r\nHost: h\r\n\r\n", ""),
        ]
    )
    func sound(text: String, content: String) {
        let bytes = wire(text + "GET / HTTP/1.1\r\n")
        let expected = Result(content: wire(content), last: .end, position: wire(text).count)
        #expect(Self.decode(bytes) == expected)
        #expect(Self.decode(bytes, cuts: Array(0...bytes.count)) == expected)
        for cut in 0...bytes.count { #expect(Self.decode(bytes, cuts: [cut]) == expected, "cut at \(cut)") }
        // A body that breaks off is waited for, never taken for whole.
        for count in 0..<expected.position { #expect(Self.decode(Array(bytes[..<count])).last == .needMore) }
    }

    @Test("a size of 15 digits is announced and not held against anything")
    func largestSize() {
        #expect(decode("fffffffffffffff\r\nabc") == Result(content: wire("abc"), last: .needMore, position: 20))
    }

    @Test("after 15 digits the size has no sixteenth")
    func digits() {
        #expect(decode("000000000000001\r\na\r\n0\r\n\r\n").last == .end)
        #expect(decode("0000000000000001\r\na\r\n0\r\n\r\n").last == .refused(.sizeTooLong))
        #expect(decode("fffffffffffffff").last == .needMore)
        #expect(decode("ffffffffffffffff").last == .refused(.sizeTooLong))
    }

    @Test("extensions of 4 KiB a line and of 16 KiB in all are accepted and dropped")
    func extensionLimits() {
        let result = decode(Self.extensionsOf16KiB + "0\r\n\r\n")
        #expect(result.last == .end)
        #expect(result.content == wire("aaaa"))
        #expect(decode("1\(repeated(" ", 2048));\(repeated("x", 2048))\r\na\r\n0\r\n\r\n").last == .end)
    }

    @Test("trailers of 16 KiB are accepted and dropped")
    func trailerLimits() {
        #expect(decode("0\r\na:\(repeated("x", Self.trailerBytesMax - 4))\r\n\r\n").last == .end)
        #expect(decode("0\r\n\(repeated("a:b\r\n", 3276))\r\n").last == .end)
    }

    @Test("a body that has ended stays so while nothing comes")
    func afterTheEnd() {
        var decoder = ChunkedDecoder()
        let bytes = wire("0\r\n\r\n")
        var position = 0
        let steps = (0..<3).map { _ in decoder.next(bytes.span, &position) }
        #expect(steps == [.end, .end, .end])
        #expect(position == bytes.count)
    }

    @Test("each refusal says in its own words what is wrong")
    func messages() {
        let all: [ChunkRefusal] = [
            .malformedSize, .sizeTooLong, .malformedExtension, .extensionTooLong, .missingDataEnd, .malformedTrailer,
            .trailersTooLong,
        ]
        #expect(Set(all.map(\.message)).count == all.count)
    }
}
