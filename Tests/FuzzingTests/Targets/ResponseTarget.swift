import HTTPMessages
import Oracles

/// The bytes of a connection to a server, read as a response.
struct ResponseTarget {
    private let input: [UInt8]

    init(_ input: [UInt8]) { self.input = input }

    func run() throws(BrokenRule) {
        // The input says which: several of each take several times as long.
        let method: HTTPMethod = Pieces.seed(input) & 3 == 0 ? .head : .get
        try checkHead(method, headBytesMax: 64 * 1024, fieldsMax: 200)
        try checkHead(method, headBytesMax: 200, fieldsMax: 5)
        try checkContent(method)
    }

    // MARK: Head

    private func checkHead(_ method: HTTPMethod, headBytesMax: Int, fieldsMax: Int) throws(BrokenRule) {
        func read(
            _ bytes: [UInt8],
            _ way: [Int]
        ) -> (progress: HeadProgress<ResponseRefusal>, head: ResponseHead) {
            var parser = ResponseParser(headBytesMax: headBytesMax, fieldsMax: fieldsMax)
            parser.reset(requestMethod: method)
            for count in way {
                let progress = parser.parse(bytes.span.extracting(..<count))
                if progress != .incomplete { return (progress, parser.head) }
            }
            return (.incomplete, parser.head)
        }
        /// What is wrong with a line that came in pieces may be told when the line ends.
        func areRefusedAtTheEnd(_ way: [Int]) -> Bool {
            let ended = input + [0x0D, 0x0A, 0x0D, 0x0A]
            let (whole, inPieces) = (read(ended, [ended.count]), read(ended, way + [ended.count]))
            guard case .refused = whole.progress else { return false }
            return agree(whole.progress, inPieces.progress)
        }
        let whole = read(input, [input.count])
        for way in Pieces(input).ways {
            let inPieces = read(input, way)
            let isSame = agree(whole.progress, inPieces.progress) || areRefusedAtTheEnd(way)
            try hold(isSame, "a head is the same in whatever pieces it comes")
            if whole.progress == .complete {
                try hold(whole.head == inPieces.head, "what a head says is the same in whatever pieces it comes")
            }
        }
        let naive = NaiveResponse(input, toHead: method == .head, headBytesMax: headBytesMax, fieldsMax: fieldsMax)
        try hold((whole.progress == .complete) == (naive != nil), "a head is taken if RFC 9112 has it so")
        if let naive { try hold(self.naive(whole.head) == naive, "a head is understood as RFC 9112 has it") }
    }

    private func agree(_ one: HeadProgress<ResponseRefusal>, _ other: HeadProgress<ResponseRefusal>) -> Bool {
        if one == other { return true }
        guard case .refused(let first) = one, case .refused(let second) = other else { return false }
        return first == .headTooLarge || second == .headTooLarge
    }

    private func naive(_ head: ResponseHead) -> NaiveResponse {
        let body: NaiveResponse.Body =
            switch head.framing {
            case .none: .none
            case .length(let length): .length(length)
            case .chunked: .chunked
            case .untilClose: .untilClose
            }
        return NaiveResponse(
            status: head.status,
            isHTTP10: head.version == .http10,
            names: head.fields.map { Array(input[$0.name.indices]) },
            values: head.fields.map { Array(input[$0.value.indices]) },
            body: body,
            keepsAlive: head.keepsAlive,
            byteCount: head.byteCount
        )
    }

    // MARK: Content

    /// What a reader has made of all bytes.
    private struct Outcome: Equatable {
        var isComplete = false
        var isRefused = false
        var consumed = 0
        var content: [UInt8] = []
        var status = 0
        var allowsReuse = false
    }

    private func checkContent(_ method: HTTPMethod) throws(BrokenRule) {
        for bytesMax in [16, Int.max] {
            let whole = try content(input, [input.count], method, bytesMax: bytesMax)
            for way in Pieces(input).ways {
                let inPieces = try content(input, way, method, bytesMax: bytesMax)
                if whole.isRefused != inPieces.isRefused {
                    // What is wrong with a line that came in pieces may be told when the line ends.
                    let ended = input + [0x0D, 0x0A, 0x0D, 0x0A]
                    let isRefused = try content(ended, way + [ended.count], method, bytesMax: bytesMax).isRefused
                    try hold(whole.isRefused && isRefused, "a response is refused in whatever pieces it comes")
                }
                if !whole.isRefused {
                    try hold(whole == inPieces, "a response is the same in whatever pieces it comes")
                }
            }
            try hold(whole.isRefused || whole.content.count <= bytesMax, "content that is kept has its limit")
        }
    }

    private func content(
        _ bytes: [UInt8],
        _ way: [Int],
        _ method: HTTPMethod,
        bytesMax: Int
    ) throws(BrokenRule) -> Outcome {
        let passes = bytesMax == .max
        let reader =
            passes
            ? ResponseReader(passingOnTo: method)
            : ResponseReader(to: method, bodyBytesMax: bytesMax, limitName: "a limit")
        var outcome = Outcome()
        for count in way {
            var consumed = 0
            let progress = reader.read(bytes.span.extracting(outcome.consumed..<count), consumed: &consumed)
            try hold(consumed <= count - outcome.consumed, "no more is consumed than has come")
            outcome.consumed += consumed
            if passes { outcome.content += reader.takeContent() }
            switch progress {
            case .needMore: continue
            case .complete: outcome.isComplete = true
            case .refused: outcome.isRefused = true
            }
            break
        }
        if !passes { outcome.content = reader.body }
        (outcome.status, outcome.allowsReuse) = (reader.hasHead ? reader.status : 0, reader.allowsReuse)
        try hold(outcome.isComplete || !outcome.allowsReuse, "a connection is used again after a whole response only")
        return outcome
    }
}
