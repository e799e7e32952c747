import TestSupport
import Testing
import Vocabulary

@testable import Keying

@Suite("What a vendor's 200 says")
struct ClassifyReplyTests {
    private static let labels = ["invoice", "\u{E9}", "a/b"].map { Array($0.utf8) }

    /// A reply with these members, in JSON; nil omits one. `others` starts with a comma.
    private static func reply(
        status: String? = "\"completed\"",
        document: String? = "\"\(sampleDocument)\"",
        classification: String? = "\"invoice\"",
        credits: String? = "2",
        others: String = ""
    ) -> String {
        let members: [(String, String?)] = [
            ("request_id", "\"a7813466-6f9a-4c33-8128-427e7a4df755\""), ("document_id", document),
            ("classifier_id", "null"),
            ("classification", classification), ("request_status", status), ("credits_used", credits),
        ]
        return "{" + members.compactMap { name, value in value.map { "\"\(name)\":\($0)" } }.joined(separator: ",")
            + others
            + "}"
    }

    private func read(_ body: String) -> ClassifyReply { ClassifyReply.read(Array(body.utf8).span) }

    private static func readCredits(_ body: [UInt8]) -> ClassifyReply.Credits { ClassifyReply.readCredits(body.span) }

    private func verdict(_ body: String) -> ClassifyReply.Verdict {
        read(body).verdict(documentID: sampleDocument, expecting: .label(of: Self.labels))
    }

    /// The charge of a reply that is passed on but not stored; nil for any other verdict.
    private func chargedUnstored(_ verdict: ClassifyReply.Verdict) -> MicroCredits? {
        if case .passedOnUnstored(let credits, _) = verdict { credits } else { nil }
    }

    private static func credits(_ micros: Int64) -> MicroCredits { MicroCredits(micros: micros) }

    @Test(
        "a completed result of the question with sound credits may be stored",
        arguments: [
            (reply(), 2_000_000), (reply(credits: "0"), 0), (reply(credits: "-0"), 0), (reply(credits: "0.000001"), 1),
            (reply(credits: "12.5"), 12_500_000), (reply(credits: "2e0"), 2_000_000),
            (reply(credits: "2.00000000000000000000000"), 2_000_000), (reply(credits: "1e-6"), 1),
            (reply(credits: "1000000000"), 1_000_000_000_000_000),
            (reply(credits: "0.30000000000000004"), 300_000), (reply(credits: "1e-7"), 0),
            (reply(credits: "2.0000001"), 2_000_000), (reply(credits: "0.0000005"), 1),
            (reply(document: "\"\(sampleDocument.uppercased())\""), 2_000_000),
            (reply(classification: #""\u00e9""#), 2_000_000), (reply(classification: #""a\/b""#), 2_000_000),
            (reply(status: #""\u0063ompleted""#), 2_000_000),
            (reply(others: ",\"num_pages\":2,\"duration\":1.4,\"new\":{\"credits_used\":\"x\"}"), 2_000_000),
            (" \n" + reply() + "\r\n", 2_000_000),
        ] as [(String, Int64)]
    )
    func storable(_ body: String, _ micros: Int64) { #expect(verdict(body) == .storable(MicroCredits(micros: micros))) }

    @Test(
        "failed or exception is passed on and charged what it says, nothing when it says nothing",
        arguments: ["failed", "exception"]
    )
    func failed(_ status: String) {
        let status = "\"\(status)\""
        let bare = Self.reply(status: status, document: nil, classification: nil, credits: nil)
        #expect(verdict(bare) == .failedReply(.zero))
        #expect(verdict(Self.reply(status: status, credits: nil)) == .failedReply(.zero))
        #expect(verdict(Self.reply(status: status)) == .failedReply(Self.credits(2_000_000)))
        #expect(verdict(Self.reply(status: status, credits: "0")) == .failedReply(.zero))
        #expect(
            verdict(Self.reply(status: status, document: "null", classification: "null", credits: "0.5"))
                == .failedReply(Self.credits(500_000))
        )
        #expect(
            verdict(Self.reply(status: status, classification: "\"unknown\"")) == .failedReply(Self.credits(2_000_000))
        )
        for credits in ["-1", "\"2\"", "1e99", "null", "true", "[]", "-0.0000001"] {
            #expect(verdict(Self.reply(status: status, credits: credits)) == .unsoundCredits)
        }
    }

    @Test(
        "completed with credits that are missing or no amount is passed on, and nobody knows what it cost",
        arguments: [
            nil, "-1", "-0.000001", "-1e-7", "\"2\"", "1e99", "1e400", "null", "true", "[2]", "{}", "NaN", "Infinity",
            "-Infinity", "010", "0x10", "1_0", "2.", "+2",
            "1000000000.000001", "1000000001", "9223372036854775808", "123456789012345678901234567890", "\"\"",
        ] as [String?]
    )
    func unsound(_ credits: String?) {
        #expect(verdict(Self.reply(credits: credits)) == .unsoundCredits)
        #expect(verdict(Self.reply(classification: "\"unknown\"", credits: credits)) == .unsoundCredits)
    }

    @Test(
        "a classification that is none of the labels, or a status that is not known, is passed on and charged",
        arguments: [
            reply(classification: "\"contract\""), reply(classification: "\"Invoice\""), reply(classification: "\"\""),
            reply(classification: "\"invoice \""), reply(classification: "\"e\\u0301\""),
            reply(status: "\"processing\""),
            reply(status: "\"Completed\""), reply(status: "\"\""), reply(status: "\"FAILED\""),
        ]
    )
    func unstored(_ body: String) { #expect(chargedUnstored(verdict(body)) == Self.credits(2_000_000)) }

    @Test(
        "no label of a question without that label",
        arguments: [[], ["other"], ["invoic"], ["invoice", "x"]] as [[String]]
    )
    func labels(_ labels: [String]) {
        let expected = ClassifyReply.Expectation.label(of: labels.map { Array($0.utf8) })
        let verdict = read(Self.reply()).verdict(documentID: sampleDocument, expecting: expected)
        let isLabel = labels.contains("invoice")
        #expect((verdict == .storable(Self.credits(2_000_000))) == isLabel)
        #expect((chargedUnstored(verdict) == Self.credits(2_000_000)) == !isLabel)
    }

    @Test(
        "a completed reply that is not about the document is no answer",
        arguments: [
            "\"0b13c9f2-5148-4ffb-bb7b-de03bb071ca9\"", "\"x\"", "\"\"", "\" \(sampleDocument)\"",
            "\"0b13c9f251484ffbbb7bde03bb071ca8\"",
        ]
    )
    func otherDocument(_ document: String) {
        for status in ["\"completed\"", "\"processing\""] {
            for (credits, charged) in [(nil, nil), ("2", Self.credits(2_000_000)), ("-1", nil)] as [(String?, _)] {
                let verdict = verdict(Self.reply(status: status, document: document, credits: credits))
                #expect(verdict == .invalid("the reply is about another document", charged))
            }
        }
    }

    @Test(
        "a failure of another document is no answer, one that names no document is",
        arguments: ["failed", "exception"]
    )
    func otherDocumentFailed(_ status: String) {
        let another = "\"0B13C9F2-5148-4FFB-BB7B-DE03BB071CA9\""
        for (credits, charged) in [(nil, nil), ("2", Self.credits(2_000_000)), ("-1", nil)] as [(String?, _)] {
            let verdict = verdict(Self.reply(status: "\"\(status)\"", document: another, credits: credits))
            #expect(verdict == .invalid("the reply is about another document", charged))
        }
        for none in [nil, "null", "\"\"", "\"x\"", "1", "\"\(sampleDocument.uppercased())\""] {
            let verdict = verdict(Self.reply(status: "\"\(status)\"", document: none))
            #expect(verdict == .failedReply(Self.credits(2_000_000)))
        }
    }

    @Test(
        "what is no object is no answer, and nobody knows what it cost",
        arguments: [
            "", "null", "[]", "\"ok\"", "2", "true", "{", "<html></html>", "[\(reply())]", reply() + reply(),
            reply() + ",\"credits_used\":3}", "{\"credits_used\":2", "{\"credits_used\":2,\"x\":[}",
            reply(others: ",\"x\":{]"), reply(others: ",'x':1"), reply(others: ",\"x\":'\"'"),
            reply(others: ",\"x\":[1,/*]*/2]"), reply(others: ",\"x\":\"\\x\""), reply(others: ",\"x\""),
            reply(others: ",\"x\":"), reply(others: ",\"x\":\"\\u12\""), reply(others: " \"x\":1"),
            "{\"x\":\"\\\",\"credits_used\":2}", "\u{FEFF}\u{FEFF}" + reply(), "x" + reply(),
        ]
    )
    func noObject(_ body: String) { #expect(verdict(body) == .invalid("the body is not a JSON object", nil)) }

    @Test("bytes behind the object break the reply, but not what it says that it cost", arguments: ["x", "}", "\u{0}"])
    func bytesBehind(_ more: String) {
        let charged = Self.credits(2_000_000)
        #expect(verdict(Self.reply() + more) == .invalid("the body is not a JSON object", charged))
    }

    @Test(
        "an object that may not be stored is passed on, and charged what it says",
        arguments: [
            "\u{FEFF}" + reply(), reply(others: ",\"x\":NaN"), reply(others: ",\"x\":[-Infinity,{\"y\":nan}]"),
            reply(others: ",\"x\":\"\\ud800\""), reply(others: ",\"x\":\"\\udc00\\ud800\""), reply(others: ","),
            reply(others: ",\"x\":[{\"a\":1,\"a\":1}]"), reply(others: ",\"x\":1,\"x\":2"),
            reply(others: ",\"x\":\"a\nb\""), reply(others: ",\"x\":" + nested(100)),
            reply(others: ",\"x\":[\"\\ud800]\",\"\\\"]\"]"),
            reply(others: ",\"request_status\":\"failed\""), reply(others: ",\"classification\":\"invoice\""),
            reply(classification: "\"\\ud800\"", others: ",\"\\ud800\":1"),
            reply(status: nil), reply(status: "null"), reply(status: "1"), reply(status: "[\"completed\"]"),
            reply(document: nil), reply(document: "null"),
            reply(classification: nil), reply(classification: "null"), reply(classification: "1"),
            reply(classification: "[\"invoice\"]"), reply(classification: "NaN"),
        ]
    )
    func unstorable(_ body: String) { #expect(chargedUnstored(verdict(body)) == Self.credits(2_000_000)) }

    private static func nested(_ depth: Int) -> String {
        String(repeating: "[", count: depth) + String(repeating: "]", count: depth)
    }

    @Test(
        "credits_used counts only where it is a member of the object itself, and once",
        arguments: [
            (reply(credits: nil, others: ",\"x\":{\"credits_used\":7},\"y\":NaN"), .missing),
            (reply(credits: nil, others: ",\"x\":[\"\\ud800\",{\"credits_used\":7}]"), .missing),
            (reply(credits: nil, others: ",\"x\":\"\\ud800\\\",\\\"credits_used\\\":7\""), .missing),
            (reply(credits: nil, others: ",\"x\":NaN,\"Credits_Used\":7,\"credits_used \":7"), .missing),
            (reply(others: ",\"credits_used\":2"), .unsound), (reply(others: ",\"credits\\u005fused\":3"), .unsound),
            (reply(credits: "null", others: ",\"x\":NaN,\"credits_used\":3"), .unsound),
            (reply(others: ",\"x\":NaN,\"credits_used\":3,\"credits_used\":3"), .unsound),
            (reply(credits: "NaN"), .unsound), (reply(credits: "null"), .null),
            (reply(others: ",\"x\":{\"credits_used\":7,\"credits_used\":8}"), .sound(credits(2_000_000))),
            (reply(credits: "0.30000000000000004", others: ",\"x\":NaN"), .sound(credits(300_000))),
        ] as [(String, ClassifyReply.Credits)]
    )
    func placeOfCredits(_ body: String, _ credits: ClassifyReply.Credits) {
        #expect(read(body).credits == credits)
        if case .sound(let amount) = credits {
            #expect(chargedUnstored(verdict(body)) == amount)
        } else {
            #expect(verdict(body) == .unsoundCredits)
        }
    }

    @Test("a document that is named twice is the one asked about only when both are")
    func documentTwice() {
        let another = "\"0b13c9f2-5148-4ffb-bb7b-de03bb071ca9\""
        let charged = Self.credits(2_000_000)
        for others in [",\"document_id\":\(another)", ",\"document_id\":null", ",\"document_id\":1"] {
            let verdict = verdict(Self.reply(others: others))
            #expect(verdict == .invalid("the reply is about another document", charged))
        }
        let first = verdict(Self.reply(document: another, others: ",\"document_id\":\"\(sampleDocument)\""))
        #expect(first == .invalid("the reply is about another document", charged))
        let same = verdict(Self.reply(others: ",\"document_id\":\"\(sampleDocument.uppercased())\""))
        #expect(chargedUnstored(same) == charged)
    }

    @Test("a failure that is not strict JSON is a failure still")
    func failedLeniently() {
        let status = "\"failed\""
        #expect(verdict(Self.reply(status: status, credits: nil, others: ",\"x\":NaN")) == .failedReply(.zero))
        #expect(verdict(Self.reply(status: status, others: ",\"x\":NaN")) == .failedReply(Self.credits(2_000_000)))
        let twice = verdict(Self.reply(status: status, credits: nil, others: ",\"request_status\":\"completed\""))
        #expect(twice == .unsoundCredits)
    }

    @Test("invalid UTF-8 is passed on")
    func invalidUTF8() {
        let bytes = Array(Self.reply(others: ",\"x\":\"").utf8.dropLast()) + [0xC0, 0xAF] + Array("\"}".utf8)
        let reply = ClassifyReply.read(bytes.span)
        #expect(reply.isObject && !reply.isStrict)
        #expect(reply.credits == .sound(Self.credits(2_000_000)))
        #expect(ClassifyReply.read([UInt8]().span) == ClassifyReply.read(Array("nothing".utf8).span))
    }

    @Test("the largest reply of any shape is read in one pass")
    func hostile() {
        let count = 200_000
        for part in ["\"\\ud800\":NaN,", "\"a\":01,", "\"a\":[\"\\ud800\"],", "\"credits_used\":3,"] {
            let body = "{" + String(repeating: part, count: count) + "\"request_status\":\"completed\"}"
            #expect(read(body).isObject)
        }
        #expect(!read("{\"a\":" + String(repeating: "[", count: 2_000_000)).isObject)
        #expect(!read("{\"a\":\"" + String(repeating: "\\ud800", count: count)).isObject)
    }

    @Test("any bytes are read without a trap, and cut or changed ones never cost another amount unseen")
    func mutations() {
        var random = SeededGenerator()
        let samples = [
            Self.reply(others: ",\"x\":NaN,\"y\":[{\"a\":\"\\ud83d\\ude00\"}]"), "\u{FEFF}" + Self.reply(),
            Self.reply(others: ",\"x\":\"\\ud800\\\\\""),
        ]
        let marks = Array("\"\\{}[],:u0N ".utf8)
        for round in 0..<6_000 {
            var bytes = Array(samples[round % samples.count].utf8)
            for _ in 0...Int.random(in: 0...3, using: &random) {
                let index = Int.random(in: 0..<bytes.count, using: &random)
                switch Int.random(in: 0...2, using: &random) {
                case 0: bytes.remove(at: index)
                case 1: bytes.insert(marks.randomElement(using: &random)!, at: index)
                default: bytes[index] = UInt8.random(in: 0...255, using: &random)
                }
            }
            let reply = ClassifyReply.read(bytes.span)
            #expect(Self.readCredits(bytes) == reply.credits, "seed \(random.seed)")
            if case .sound = reply.credits {
                let text = String(decoding: bytes, as: UTF8.self)
                #expect(text.contains("credits_used") || text.contains("\\u"), "seed \(random.seed)")
            }
        }
    }

    // MARK: Parts

    @Test("names spelt with escapes are found, and only at the top")
    func names() {
        let body = #"{"request_stat\u0075s":"completed","credits\u005fused":1.5,"x":{"document_id":"y","num_pages":9}}"#
        let reply = read(body)
        #expect(reply.requestStatus == "completed")
        #expect(reply.credits == .sound(Self.credits(1_500_000)))
        #expect(Self.readCredits(Array(body.utf8)) == reply.credits)
        #expect(reply.documentID == nil)
        #expect(reply.classification == nil)
        #expect(reply.pageCount == nil)
    }

    @Test(
        "the place of the number in credits_used is told, so that it can be read as 0",
        arguments: [("2", true), ("12.50", true), ("-1", true), ("1e99", true), ("\"2\"", false), ("null", false)]
    )
    func creditsRange(_ credits: String, _ isNumber: Bool) throws {
        let body = Self.reply(credits: " \(credits) ", others: ",\"y\":2")
        let range = read(body).creditsRange
        #expect((range != nil) == isNumber)
        if let range { #expect(String(decoding: Array(body.utf8)[range], as: UTF8.self) == credits) }
        #expect(read(Self.reply(credits: nil)).creditsRange == nil)
        #expect(read(Self.reply(credits: nil)).credits == .missing)
    }

    @Test(
        "the count of pages is a whole number",
        arguments: [("2", 2), ("0", 0), ("2.5", nil), ("\"2\"", nil), ("1e400", nil), ("null", nil)] as [(String, Int?)]
    )
    func pageCount(_ text: String, _ count: Int?) {
        #expect(read(Self.reply(others: ",\"num_pages\":\(text)")).pageCount == count)
    }

    @Test(
        "an error says what it cost, or that it cost something, or nothing of it",
        arguments: [
            ("{\"success\":false,\"credits_used\":1}", .sound(credits(1_000_000))),
            ("{\"credits_used\":0}", .sound(.zero)), ("{\"credits_used\":1,\"x\":NaN}", .sound(credits(1_000_000))),
            ("{\"success\":false,\"error\":\"x\"}", .missing), ("{\"credits_used\":\"1\"}", .unsound),
            ("{\"credits_used\":-1}", .unsound), ("{\"credits_used\":null}", .null),
            ("<html>", .missing), ("[{\"credits_used\":1}]", .missing), ("", .missing),
            ("{\"credits_used\":1,\"credits_used\":1}", .unsound),
        ] as [(String, ClassifyReply.Credits)]
    )
    func creditsOfError(_ body: String, _ credits: ClassifyReply.Credits) { #expect(read(body).credits == credits) }
}
