import HTTPMessages
import Oracles

/// Bytes behind a head, read as a body in the chunked coding.
struct ChunkTarget {
    /// What a decoder has made of all bytes.
    private struct Outcome: Equatable {
        var content: [UInt8] = []
        var end: Int?
        var refusal: ChunkRefusal?
    }

    private let input: [UInt8]

    init(_ input: [UInt8]) { self.input = input }

    func run() throws(BrokenRule) {
        let whole = try decode([input.count])
        for way in Pieces(input).ways {
            try hold(try decode(way) == whole, "a body is the same in whatever pieces it comes")
            try checkGathered(way, whole)
        }
        let naive = NaiveChunks(input)
        try hold((whole.end != nil) == (naive != nil), "a body is whole if RFC 9112 has it so")
        if let naive {
            try hold(
                whole.content == naive.content && whole.end == naive.end,
                "a body is understood as RFC 9112 has it"
            )
        }
        try checkWritten()
    }

    private func decode(_ way: [Int]) throws(BrokenRule) -> Outcome {
        var decoder = ChunkedDecoder()
        var (outcome, position) = (Outcome(), 0)
        for count in way {
            reading: while true {
                let before = position
                let step = decoder.next(input.span.extracting(..<count), &position)
                try hold(position >= before && position <= count, "the position goes on, and no further than the bytes")
                switch step {
                case .data(let range):
                    try hold(
                        range.upperBound == position && range.lowerBound >= before,
                        "content lies where it was read"
                    )
                    outcome.content += input[range]
                case .needMore: break reading
                case .end:
                    outcome.end = position
                    return outcome
                case .refused(let refusal):
                    outcome.refusal = refusal
                    return outcome
                }
            }
            try hold(position == count, "a body that is not whole has taken all that has come")
        }
        return outcome
    }

    /// A reader that gathers the content, with a limit and without one, comes to the same.
    private func checkGathered(_ way: [Int], _ whole: Outcome) throws(BrokenRule) {
        for limit in [8, 1 << 20] {
            var reader = ContentReader(length: nil)
            var (consumed, outcome) = (0, ContentReader.Outcome.incomplete)
            for count in way where outcome == .incomplete {
                outcome = reader.read(input.span.extracting(consumed..<count), limit: limit)
                consumed += reader.takeConsumed()
            }
            try hold(reader.content.count <= limit, "no more content is kept than the limit")
            switch outcome {
            case .complete:
                try hold(consumed == whole.end && reader.content == whole.content, "what is gathered is the body")
            case .tooLarge: try hold(limit == 8 || whole.end == nil, "content within the limit is not too large")
            case .incomplete: try hold(whole.end == nil && whole.refusal == nil, "a whole body is gathered")
            case .refused(let refusal): try hold(refusal == whole.refusal, "what is refused is refused alike")
            case .noRoom: try hold(false, "there is room where nobody denies it")
            }
        }
    }

    /// What is written in chunks is read again, cut as the input says.
    private func checkWritten() throws(BrokenRule) {
        for way in Pieces(input).ways.dropFirst(2) {
            let pieces = zip([0] + way, way).map { Array(input[$0..<$1]) }.filter { !$0.isEmpty }
            let body = pieces.flatMap(Chunk.write) + Chunk.last
            let again = try ChunkTarget(body).decode([body.count])
            try hold(again.content == input && again.end == body.count, "what is written in chunks is read again")
        }
    }
}
