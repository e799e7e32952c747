import HTTPMessages
import Oracles

/// A connection's first bytes, read as a request's head.
struct RequestTarget {
    private static let tight = HeadLimits(headBytesMax: 300, fieldsMax: 6, requestLineBytesMax: 80)

    private let input: [UInt8]

    init(_ input: [UInt8]) { self.input = input }

    func run() throws(BrokenRule) {
        for limits in [HeadLimits(), Self.tight] {
            let whole = read(input, [input.count], limits)
            for way in Pieces(input).ways {
                let inPieces = read(input, way, limits)
                let isSame = agree(whole.progress, inPieces.progress) || areRefusedAtTheEnd(way, limits)
                try hold(isSame, "a head is the same in whatever pieces it comes")
                if whole.progress == .complete {
                    try hold(whole.head == inPieces.head, "what a head says is the same in whatever pieces it comes")
                }
            }
            let naive = NaiveRequest(
                input,
                NaiveRequest.Limits(
                    headBytes: limits.headBytesMax,
                    fields: limits.fieldsMax,
                    requestLineBytes: limits.requestLineBytesMax
                )
            )
            try hold(
                (whole.progress == .complete) == (naive != nil),
                "a head is taken if RFC 9112 and docs/api.md have it so"
            )
            try checkRepeated(whole, limits)
            guard let naive else { continue }
            try hold(self.naive(whole.head) == naive, "a head is understood as RFC 9112 has it")
            try checkPassedFields(whole.head)
        }
    }

    /// A parser that has read a head reads its like as one that has not.
    private func checkRepeated(
        _ whole: (progress: HeadProgress<RequestRefusal>, head: RequestHead),
        _ limits: HeadLimits
    ) throws(BrokenRule) {
        guard whole.progress == .complete else { return }
        var parser = RequestParser(limits: limits)
        _ = parser.parse(input.span)
        for index in [whole.head.byteCount, Int(input[input.count - 1]) % whole.head.byteCount] {
            parser.reset()
            var next = input
            if index < whole.head.byteCount { next[index] ^= 1 }
            let expected = read(next, [next.count], limits)
            try hold(parser.parse(next.span) == expected.progress, "a head is judged alike behind another")
            guard expected.progress == .complete else { return }
            try hold(parser.head == expected.head, "a head is understood alike behind another")
        }
    }

    private func read(
        _ bytes: [UInt8],
        _ way: [Int],
        _ limits: HeadLimits
    ) -> (progress: HeadProgress<RequestRefusal>, head: RequestHead) {
        var parser = RequestParser(limits: limits)
        for count in way {
            let progress = parser.parse(bytes.span.extracting(..<count))
            if progress != .incomplete { return (progress, parser.head) }
        }
        return (.incomplete, parser.head)
    }

    /// What is wrong with a line that came in pieces may be told when the line ends.
    private func areRefusedAtTheEnd(_ way: [Int], _ limits: HeadLimits) -> Bool {
        let ended = input + [0x0D, 0x0A, 0x0D, 0x0A]
        let (whole, inPieces) = (read(ended, [ended.count], limits), read(ended, way + [ended.count], limits))
        guard case .refused = whole.progress else { return false }
        return agree(whole.progress, inPieces.progress)
    }

    /// Which of several faults is told may depend on the pieces where one of them is that there is too much.
    private func agree(_ one: HeadProgress<RequestRefusal>, _ other: HeadProgress<RequestRefusal>) -> Bool {
        if one == other { return true }
        guard case .refused(let first) = one, case .refused(let second) = other else { return false }
        return [first, second].contains { $0 == .headTooLarge || $0 == .requestLineTooLong }
    }

    private func bytes(_ range: ByteRange) -> [UInt8] { Array(input[range.indices]) }

    private func naive(_ head: RequestHead) -> NaiveRequest {
        let body: NaiveRequest.Body =
            switch head.framing {
            case .none, .untilClose: .none
            case .length(let length): .length(length)
            case .chunked: .chunked
            }
        return NaiveRequest(
            method: bytes(head.methodRange),
            path: bytes(head.path),
            query: head.query.map(bytes),
            authority: head.authority.map(bytes),
            isHTTP10: head.version == .http10,
            names: head.fields.map { bytes($0.name) },
            values: head.fields.map { bytes($0.value) },
            body: body,
            keepsAlive: head.keepsAlive,
            expectsContinue: head.expectsContinue,
            byteCount: head.byteCount
        )
    }

    /// What is passed on is again a head, of the same values, without what concerns this hop alone.
    private func checkPassedFields(_ head: RequestHead) throws(BrokenRule) {
        let lines = PassedFields.lines(of: .request, head.version, head.fields, in: input.span) { _, _ in true }
        let passed = Array("GET / HTTP/1.1\r\nhost: a\r\n".utf8) + lines + [0x0D, 0x0A]
        let limits = NaiveRequest.Limits(headBytes: 1 << 20, fields: 1_000, requestLineBytes: 1_000)
        let again = try need(NaiveRequest(passed, limits), "the fields that are passed on make a head")
        try hold(again.body == .none && again.byteCount == passed.count, "no field that is passed on frames a body")
        let names = again.names.map(NaiveHead.lowered).dropFirst()
        let own = [
            "connection", "transfer-encoding", "content-length", "x-api-key", "upgrade", "te", "trailer", "host",
        ]
        try hold(!names.contains { own.contains($0) || $0.contains("_") }, "a field of this hop is not passed on")
        try hold(names.last == "via" && !names.dropLast().contains("via"), "there is one Via, and it is the last")
        let values = head.fields.map { bytes($0.value) }
        try hold(again.values.dropFirst().dropLast().allSatisfy(values.contains), "values are passed on as they came")
    }
}
