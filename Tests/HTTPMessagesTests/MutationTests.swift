import TestSupport
import Testing

@testable import HTTPMessages

/// 280,000 messages that are wrong in all ways, or by chance still sound: none crashes, each is judged the same however
/// it is cut, and what is accepted passes an oracle that shares nothing with the parsers.
@Suite("Mutated messages")
struct MutationTests {
    private static let parts = 0..<4

    private static let requests = [
        "GET /a?b HTTP/1.1\r\nHost: h\r\n\r\n",
        "POST /v1/classify HTTP/1.1\r\nHost: h:1\r\nx-api-key: k\r\nContent-Length: 5\r\n\r\nhello",
        "POST /a HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
        "PUT http://a/b HTTP/1.0\r\nConnection: keep-alive\r\nContent-Length: 1\r\n\r\na",
        "\r\nPOST / HTTP/1.1\r\nHost: [::1]\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\nab",
    ].map(wire)

    private static let responses = [
        "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", "HTTP/1.1 204\r\nConnection: close\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Type: a/b\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
        "HTTP/1.0 429 Wait\r\nRetry-After: 1\r\n\r\n",
        "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
    ].map(wire)

    private static let bodies = [
        "5\r\nhello\r\n0\r\n\r\n", "5;a=b\r\nhello\r\n00a ; c\r\n0123456789\r\n0;d\r\nE: f\r\n\r\n",
        "1\r\na\r\n1\r\nb\r\n0\r\nA: b\r\nC:\r\n\r\n", "00000000000000a\r\n0123456789\r\n000\r\n\r\n",
    ].map(wire)

    /// Runs `check` on so many messages, and stops at the first that it finds fault with.
    private func run(_ part: Int, _ count: Int, _ samples: [[UInt8]], check: ([UInt8], inout Mutator) -> String?) {
        let run = SeededGenerator()
        var mutator = Mutator(samples: samples, generator: SeededGenerator(seed: run.seed &+ UInt64(part)))
        for number in 0..<count {
            let bytes = mutator.next()
            if let fault = check(bytes, &mutator) {
                let text = String(decoding: bytes, as: UTF8.self).debugDescription
                Issue.record("\(run), part \(part), message \(number): \(fault): \(text)")
                return
            }
        }
    }

    /// The end of every line: in pieces, a line is read again only when a control character has come, so that one that
    /// is wrong and never ends would be refused at once in one piece and waited for in two.
    private static let lineEnd = wire("\r\n\r\n")

    /// What is wrong with what was seen of these bytes in one piece and in several; nil when nothing is.
    private func fault<Parser: HeadParser>(
        _ bytes: [UInt8],
        _ parser: Parser,
        _ mutator: inout Mutator,
        _ checkHead: (Parser.Head, HeadOracle) -> String?
    ) -> String? {
        let bytes = bytes + Self.lineEnd
        let whole = MessageReader<Parser>.read(bytes, with: parser)
        let cuts = mutator.cuts(bytes.count)
        let inPieces = MessageReader<Parser>.read(bytes, with: parser, cuts: cuts)
        if inPieces != whole { return "cut at \(cuts) it is \(inPieces.ending) in place of \(whole.ending)" }
        for message in whole.messages {
            guard let oracle = HeadOracle(head(bytes, message.headRange)) else {
                return "an accepted head is malformed"
            }
            if let fault = checkHead(message.head, oracle) { return fault }
        }
        return nil
    }

    /// The bytes of a head, without the one empty line that a request may begin with.
    private func head(_ bytes: [UInt8], _ range: Range<Int>) -> ArraySlice<UInt8> {
        bytes[range].starts(with: [0x0D, 0x0A]) ? bytes[range].dropFirst(2) : bytes[range]
    }

    /// RFC 9112 §6.3, told by the fields alone.
    private func framing(_ oracle: HeadOracle) -> BodyFraming? {
        let lengths = oracle.values("content-length")
        let codings = oracle.values("transfer-encoding").map { String(decoding: $0, as: UTF8.self).lowercased() }
        switch (lengths.count, codings.count) {
        case (0, 0): return BodyFraming.none
        case (0, 1): return codings[0] == "chunked" ? .chunked : nil
        case (1, 0):
            let isNumber = !lengths[0].isEmpty && lengths[0].allSatisfy { (0x30...0x39).contains($0) }
            return isNumber ? Int64(String(decoding: lengths[0], as: UTF8.self)).map { .length($0) } : nil
        default: return nil
        }
    }

    private func requestFault(_ head: RequestHead, _ oracle: HeadOracle) -> String? {
        guard oracle.line.count == 3, HeadOracle.isToken(oracle.line[0]), !oracle.line[1].isEmpty else {
            return "its request line is malformed"
        }
        let version = String(decoding: oracle.line[2], as: UTF8.self)
        guard version == (head.version == .http11 ? "HTTP/1.1" : "HTTP/1.0") else { return "its version is wrong" }
        let target = String(decoding: oracle.line[1], as: UTF8.self)
        if target.contains(where: { $0 == "#" || $0 == "\\" || $0 == "\t" }) { return "its target is malformed" }
        let hosts = oracle.values("host").count
        if hosts > 1 || hosts == 0 && head.version == .http11 { return "it has \(hosts) Host fields" }
        if oracle.values("x-api-key").count > 1 { return "it has several keys" }
        if oracle.values("expect").contains(where: {
            String(decoding: $0, as: UTF8.self).lowercased() != "100-continue"
        }) {
            return "it has an unknown expectation"
        }
        guard let framing = framing(oracle), framing == head.framing else { return "its framing is wrong" }
        if framing == .chunked, head.version == .http10 { return "it is chunked in HTTP/1.0" }
        return oracle.fields.count == head.fields.count ? nil : "it has other fields"
    }

    @Test("requests that were changed at random are read as the grammar says, or refused", arguments: parts)
    func requests(part: Int) {
        let parser = RequestParser(limits: HeadLimits())
        run(part, 20_000, Self.requests) { bytes, mutator in fault(bytes, parser, &mutator, requestFault) }
    }

    @Test("requests behind one that they resemble are judged as if there had been none", arguments: parts)
    func requestsBehindOthers(part: Int) {
        let fresh = RequestParser(limits: HeadLimits())
        let used = Self.requests.map { sample in
            var parser = fresh
            #expect(parser.parse(sample) == .complete)
            parser.reset()
            return parser
        }
        run(part, 10_000, Self.requests) { bytes, mutator in
            let cuts = mutator.cuts(bytes.count)
            let expected = RequestReader.read(bytes, with: fresh, cuts: cuts)
            let parser = used[bytes.count % used.count]
            return RequestReader.read(bytes, with: parser, cuts: cuts) == expected ? nil : "behind another it differs"
        }
    }

    @Test("responses that were changed at random are read as the grammar says, or refused", arguments: parts)
    func responses(part: Int) {
        let parser = ResponseParser()
        run(part, 15_000, Self.responses) { bytes, mutator in
            fault(bytes, parser, &mutator) { head, oracle in
                let status = oracle.line.count >= 2 ? String(decoding: oracle.line[1], as: UTF8.self) : ""
                guard status == "\(head.status)", (100...599).contains(head.status) else {
                    return "its status is wrong"
                }
                guard let framing = framing(oracle) else { return "its framing is contradictory" }
                let hasContent = head.status >= 200 && head.status != 204 && head.status != 304
                let expected = !hasContent ? BodyFraming.none : framing == .none ? .untilClose : framing
                return expected == head.framing ? nil : "its framing is wrong"
            }
        }
    }

    @Test("chunked bodies: accepted exactly when the oracle takes them, with the same content", arguments: parts)
    func bodies(part: Int) {
        run(part, 20_000, Self.bodies) { bytes, mutator in
            let whole = ChunkedDecoderTests.decode(bytes)
            let cuts = mutator.cuts(bytes.count)
            if ChunkedDecoderTests.decode(bytes, cuts: cuts) != whole { return "cut at \(cuts) it differs" }
            guard let oracle = ChunkOracle(bytes) else { return whole.last == .end ? "it was accepted" : nil }
            guard whole.last == .end else { return "it was not accepted but \(whole.last)" }
            return whole.content == oracle.content && whole.position == oracle.byteCount ? nil : "its content is wrong"
        }
    }

    /// Small limits are met often. A message above one may be refused for it or for what else is wrong with it: in one
    /// piece the line that is too long is looked at to its end, in several it need not have come.
    @Test("requests near their limits: refused or not does not depend on the cut", arguments: parts)
    func limits(part: Int) {
        let limits = HeadLimits(headBytesMax: 90, fieldsMax: 4, requestLineBytesMax: 40)
        let parser = RequestParser(limits: limits)
        run(part, 5_000, Self.requests) { bytes, mutator in
            let bytes = bytes + Self.lineEnd
            let whole = RequestReader.read(bytes, with: parser)
            let cuts = mutator.cuts(bytes.count)
            let inPieces = RequestReader.read(bytes, with: parser, cuts: cuts)
            for message in whole.messages {
                if message.headRange.count > limits.headBytesMax { return "an accepted head is too large" }
                if message.head.fields.count > limits.fieldsMax { return "an accepted head has too many fields" }
            }
            if inPieces == whole { return nil }
            guard inPieces.messages == whole.messages, case .refused = whole.ending else {
                return "cut at \(cuts) it differs"
            }
            switch inPieces.ending {
            case .refused(.requestLineTooLong), .refused(.headTooLarge): return nil
            case .refused, .badChunk, .waiting: return "cut at \(cuts) it is \(inPieces.ending)"
            }
        }
    }
}
