import ContentCodings
import HTTPMessages
import Keying
import Oracles
import Upstream
import Vocabulary

@testable import Gateway
@testable import UpstreamKeys

/// Any bytes, as content that passes through: of a request, in which documents are looked for, or of the vendor's
/// reply, in which credits are; and as a head, whose target is looked into.
struct PassthroughTarget {
    private static let secret = Array("secret-\"key\"".utf8)

    private let input: [UInt8]

    init(_ input: [UInt8]) { self.input = input }

    func run() throws(BrokenRule) {
        try checkReply()
        try checkCredits()
        try checkDocuments()
        try checkBeginning()
        try checkCodings()
        try checkScrubbing()
        try checkSubject()
    }

    // MARK: Replies

    private func checkReply() throws(BrokenRule) {
        let expected = ClassifyReply.readCredits(input.span)
        // The input says which: all four take four times as long.
        let isReserved = Pieces.seed(input) & 1 == 0
        let length = Pieces.seed(input) & 2 == 0 ? nil : Int64(input.count)
        for way in Pieces(input).ways {
            var reply = PassageReply(head(length: length), isReserved: isReserved)
            var sent: [UInt8] = []
            for (start, end) in zip([0] + way, way) where end > start {
                sent += reply.receive(Array(input[start..<end]))
                try hold(!isReserved || sent.isEmpty, "P1: nothing of a held reply is sent before its end")
                let isWhole = end == input.count
                try hold(
                    length == nil || !isWhole || sent.count < end,
                    "P1: the end is held until it may be told"
                )
            }
            let credits = reply.credits
            try hold(credits == expected, "credits are the same in whatever pieces a reply comes")
            try hold(sent + reply.takeRest() == input, "a reply is passed on as it came")
        }
    }

    private func head(length: Int64?) -> PassageReplyHead {
        PassageReplyHead(
            status: 200,
            fields: [],
            length: length,
            hasContent: !input.isEmpty,
            hasDate: false,
            hasType: true,
            isJSON: true,
            contentEncoding: nil
        )
    }

    private func checkCredits() throws(BrokenRule) {
        let reply = ClassifyReply.read(input.span)
        try hold(
            reply.credits == ClassifyReply.readCredits(input.span) || !reply.isObject,
            "a look at the name is enough"
        )
        let tree = NaiveJSON.read(input)
        try hold(reply.isStrict == (tree?.isObject ?? false), "a reply is strict if RFC 8259 has it as an object")
        if let range = reply.creditsRange {
            let number = MicroCredits(roundingJSONNumber: input[range])
            try hold(
                reply.credits == number.map(ClassifyReply.Credits.sound) ?? .unsound,
                "credits are the number that is shown"
            )
        }
        guard case .object(let members)? = tree else { return }
        let expected: ClassifyReply.Credits =
            switch members[Text("credits_used")] {
            case nil: .missing
            case .null: .null
            case .number(let number): NaiveCredits.micros(number).map { .sound(MicroCredits(micros: $0)) } ?? .unsound
            case .bool, .string, .array, .object: .unsound
            }
        try hold(reply.credits == expected, "credits are those of the outermost object")
    }

    // MARK: Requests

    private func checkDocuments() throws(BrokenRule) {
        let documents = NamedDocuments.read(input.span)
        try hold(documents.allSatisfy(Self.isUUID), "documents are named by UUIDs in lower case")
        guard let tree = NaiveJSON.read(input) else { return }
        guard case .object(let members) = tree, case .string(let text)? = members[Text("document_id")] else {
            return try hold(documents.isEmpty, "strict JSON that names no document names none")
        }
        let canonical = DocumentID.canonical(Array(text.string.utf8)).map { String(decoding: $0, as: UTF8.self) }
        try hold(documents == [canonical].compactMap(\.self), "strict JSON names the document that it names")
    }

    private static func isUUID(_ text: String) -> Bool {
        let parts = text.split(separator: "-", omittingEmptySubsequences: false)
        return parts.map(\.utf8.count) == [8, 4, 4, 4, 12]
            && parts.joined().utf8.allSatisfy { byte in
                "0123456789abcdef".utf8.contains(byte)
            }
    }

    private func checkBeginning() throws(BrokenRule) {
        let marked = input.starts(with: [0xEF, 0xBB, 0xBF]) ? input.dropFirst(3) : input[...]
        let first = marked.first { ![0x20, 0x09, 0x0A, 0x0D].contains($0) }
        let isMark = input.count < 3 && [0xEF, 0xBB, 0xBF].starts(with: input)
        let expected = isMark || first == nil || first == UInt8(ascii: "{")
        for way in Pieces(input).ways {
            var beginning = ObjectBeginning()
            var mayBe = true
            for count in way where mayBe { mayBe = beginning.mayBeObject(Array(input[..<count])) }
            try hold(mayBe == expected, "whether content begins as an object is the same in whatever pieces it comes")
        }
    }

    private func checkSubject() throws(BrokenRule) {
        var parser = RequestParser(limits: HeadLimits())
        guard parser.parse(input.span) == .complete else { return }
        let head = parser.head
        let path = input.span.extracting(head.path.indices)
        let subject = PassageSubject(head, in: input.span)
        try hold(subject.documents.allSatisfy(Self.isUUID), "a target names documents by UUIDs in lower case")
        try hold(Set(subject.documents).count == subject.documents.count, "no document is named twice")
        let asked = ClassifierPath.asked(path)
        let changed = ClassifierPath.changed(head.method, path)
        try hold(asked == nil || head.method != .post || changed == nil, "a question changes no classifier")
        if asked != nil, head.method == .post { try hold(!subject.mayChange, "a question changes no document") }
        let settings = PassthroughSettings(
            isEnabled: true,
            prefixes: ["/v1/", "/files"],
            bodyBytesMax: 1 << 20,
            spending: [PassthroughSettings.SpendingRoute(method: "GET", path: "/v1/documents/{id}/run_parser")]
        )
        if asked != nil, head.method == .post {
            try hold(settings.spendingRoute(.post, path) != nil, "a classifier's question spends")
        }
        do throws(ErrorReply) { try settings.check(head, in: input.span) } catch {
            return try hold((400..<500).contains(error.status), "what is not passed through is answered 4xx")
        }
        let target = NaiveHead.lowered(Array(input[head.path.indices]))
        let isOurs = target == "/v1/classify" || ["/v1/classify/", "/tollgate/"].contains { target.hasPrefix($0) }
        try hold(!isOurs, "what is the gateway's own is not passed through")
    }

    // MARK: Content

    private func checkCodings() throws(BrokenRule) {
        let limit = 1 << 16
        for codings in [[ContentCoding.gzip], [.deflate], [.gzip, .deflate]] {
            if let content = try? ContentDecoder.decode(input, codings, bytesMax: limit) {
                try hold(content.count <= limit, "decoded content has its limit")
            }
        }
        let gzip = ContentEncoder.encode(input, .gzip)
        try hold(
            (try? ContentDecoder.decode(gzip, [.gzip], bytesMax: limit)) == input,
            "what is encoded is decoded again"
        )
        _ = ContentCoding.list(input)
    }

    /// The vendor's key is in no reply, in whatever pieces it comes.
    private func checkScrubbing() throws(BrokenRule) {
        let scrubber = SecretScrubber(Self.secret)
        // A spelling of a key that is cut by the border of two pieces is not looked for.
        let hasSpellings = input.contains { [UInt8(ascii: "\\"), UInt8(ascii: "%"), UInt8(ascii: "&")].contains($0) }
        let isText = !hasSpellings && Pieces.seed(input) & 1 == 0
        let whole = isText ? scrubber.scrub(input) : scrubber.scrubForms(input)
        for way in Pieces(input).ways {
            var stream = ScrubbedStream(scrubber, isText: isText)
            var passed: [UInt8] = []
            for (start, end) in zip([0] + way, way) { passed += stream.add(Array(input[start..<end])) }
            passed += stream.end()
            try hold(passed == whole, "a reply is scrubbed the same in whatever pieces it comes")
            try hold(!passed.span.contains(Self.secret.span), "no reply holds the vendor's key")
        }
    }
}

extension Tree {
    fileprivate var isObject: Bool {
        if case .object = self { true } else { false }
    }
}
