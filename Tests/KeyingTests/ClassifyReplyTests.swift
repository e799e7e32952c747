import Testing
import Vocabulary

@testable import Keying

@Suite("What a vendor's 200 says")
struct ClassifyReplyTests {
    private static let labels = ["invoice", "\u{E9}", "a/b"].map { Array($0.utf8) }

    /// A reply of members in JSON; nil leaves one out. `others` begins with a comma.
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

    private func verdict(_ body: String) -> ClassifyReply.Verdict {
        read(body).verdict(documentID: sampleDocument, labels: Self.labels)
    }

    private func isInvalid(_ body: String) -> Bool {
        if case .invalid = verdict(body) { true } else { false }
    }

    private static func credits(_ micros: Int64) -> MicroCredits { MicroCredits(micros: micros) }

    @Test(
        "a completed result of the question with sound credits may be stored",
        arguments: [
            (reply(), 2_000_000), (reply(credits: "0"), 0), (reply(credits: "-0"), 0), (reply(credits: "0.000001"), 1),
            (reply(credits: "12.5"), 12_500_000), (reply(credits: "2e0"), 2_000_000),
            (reply(credits: "2.00000000000000000000000"), 2_000_000), (reply(credits: "1e-6"), 1),
            (reply(credits: "1000000000"), 1_000_000_000_000_000),
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
        for credits in ["-1", "\"2\"", "1e99", "null", "true", "[]", "0.0000001"] {
            #expect(verdict(Self.reply(status: status, credits: credits)) == .unsoundCredits)
        }
    }

    @Test(
        "completed with credits that are missing or no amount is passed on, and nobody knows what it cost",
        arguments: [
            nil, "-1", "-0.000001", "\"2\"", "1e99", "1e400", "null", "true", "[2]", "{}", "0.0000001", "2.0000001",
            "1e-7",
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
    func unstored(_ body: String) { #expect(verdict(body) == .passedOnUnstored(Self.credits(2_000_000))) }

    @Test(
        "no label of a question without that label",
        arguments: [[], ["other"], ["invoic"], ["invoice", "x"]] as [[String]]
    )
    func labels(_ labels: [String]) {
        let verdict = read(Self.reply()).verdict(documentID: sampleDocument, labels: labels.map { Array($0.utf8) })
        let expected = labels.contains("invoice")
        #expect(verdict == (expected ? .storable(Self.credits(2_000_000)) : .passedOnUnstored(Self.credits(2_000_000))))
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
            for credits in [nil, "2", "-1"] {
                let verdict = verdict(Self.reply(status: status, document: document, credits: credits))
                #expect(verdict == .invalid("the reply is about another document"))
            }
        }
    }

    @Test(
        "a failure of another document is no answer, one that names no document is",
        arguments: ["failed", "exception"]
    )
    func otherDocumentFailed(_ status: String) {
        let another = "\"0B13C9F2-5148-4FFB-BB7B-DE03BB071CA9\""
        for credits in [nil, "2", "-1"] {
            let verdict = verdict(Self.reply(status: "\"\(status)\"", document: another, credits: credits))
            #expect(verdict == .invalid("the reply is about another document"))
        }
        for none in [nil, "null", "\"\"", "\"x\"", "1", "\"\(sampleDocument.uppercased())\""] {
            let verdict = verdict(Self.reply(status: "\"\(status)\"", document: none))
            #expect(verdict == .failedReply(Self.credits(2_000_000)))
        }
    }

    @Test(
        "what is not the object that it should be is no answer",
        arguments: [
            "", "null", "[]", "\"ok\"", "2", "true", "{", "<html></html>", "{}", "[\(reply())]", reply() + "x",
            reply() + reply(),
            "\u{FEFF}" + reply(), reply(others: ",\"x\":NaN"), reply(others: ",\"x\":\"\\ud800\""), reply(others: ","),
            reply(status: nil), reply(status: "null"), reply(status: "1"), reply(status: "true"),
            reply(status: "[\"completed\"]"),
            reply(document: nil), reply(document: "null"), reply(document: "1"),
            reply(classification: nil), reply(classification: "null"), reply(classification: "1"),
            reply(classification: "[\"invoice\"]"),
            "{\"success\":false,\"error\":\"x\",\"message\":\"y\"}",
        ]
    )
    func invalid(_ body: String) { #expect(isInvalid(body)) }

    @Test(
        "two members of one name leave open what is said",
        arguments: [
            ",\"credits_used\":2", #","credits\u005fused":3"#, ",\"request_status\":\"failed\"",
            ",\"document_id\":null",
            ",\"classification\":\"invoice\"", ",\"x\":[{\"a\":1,\"a\":1}]",
        ]
    )
    func duplicates(_ others: String) {
        #expect(verdict(Self.reply(others: others)) == .invalid("the body is not a JSON object"))
        #expect(!read(Self.reply(others: others)).isObject)
    }

    @Test("invalid UTF-8 is no answer")
    func invalidUTF8() {
        let bytes = Array(Self.reply(others: ",\"x\":\"").utf8) + [0xC0, 0xAF] + Array("\"}".utf8)
        #expect(!ClassifyReply.read(bytes.span).isObject)
        #expect(ClassifyReply.read([UInt8]().span) == ClassifyReply.read(Array("nothing".utf8).span))
    }

    // MARK: Parts

    @Test("names spelt with escapes are found, and only at the top")
    func names() {
        let body = #"{"request_stat\u0075s":"completed","credits\u005fused":1.5,"x":{"document_id":"y","num_pages":9}}"#
        let reply = read(body)
        #expect(reply.requestStatus == "completed")
        #expect(reply.credits == .sound(Self.credits(1_500_000)))
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
        "an error says what it cost, or nothing that can be relied on",
        arguments: [
            ("{\"success\":false,\"credits_used\":1}", 1_000_000), ("{\"credits_used\":0}", 0),
            ("{\"success\":false,\"error\":\"x\"}", nil), ("{\"credits_used\":\"1\"}", nil),
            ("{\"credits_used\":-1}", nil),
            ("<html>", nil), ("[{\"credits_used\":1}]", nil), ("", nil),
            ("{\"credits_used\":1,\"credits_used\":1}", nil),
        ] as [(String, Int64?)]
    )
    func creditsOfError(_ body: String, _ micros: Int64?) {
        #expect(ClassifyReply.creditsOfError(Array(body.utf8).span) == micros.map { MicroCredits(micros: $0) })
    }
}
