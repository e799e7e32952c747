import JSON
import Testing

@testable import tollgate

@Suite("Insights as text")
struct InsightTextTests {
    private func report(items: String, unexplained: Int = 0, unknown: Int = 0) throws -> JSONValue {
        let text =
            #"{"items": \#(items), "total": {"credits": 2.5, "requests": 1}, "unexplained": {"credits": 3, "requests": "#
            + #"\#(unexplained)}, "unknown": {"credits": 4, "requests": \#(unknown)}}"#
        return try JSONValue.parse(Array(text.utf8).span)
    }

    private static let item =
        #"[{"reason": "schema_text", "teams": ["a", "b"], "credits": 2.5, "requests": 1, "examples": [{"document_id": "d1", "#
        + #""first": null, "again": {"id": "7", "team": "b", "at": "2026-11-01T00:00:00Z", "request_id": "r\u001b[1m", "#
        + #""credits": 2.5, "unconfirmed": false}, "differs": [{"part": "schema_text", "label": "invoice", "#
        + #""member": "description", "first": "a bill", "again": null}, {"part": "page_range", "label": null, "#
        + #""member": null, "first": null, "again": "1-3"}, {"part": "other_members", "label": null, "member": null, "#
        + #""first": null, "again": null}], "differs_more": 4}]}]"#

    @Test("a line says between whom, how much and why in words; a total ends the table")
    func table() throws {
        let lines = InsightText.table(try report(items: Self.item, unknown: 2), hasExamples: false).split(
            separator: "\n"
        )
        try #require(lines.count == 4)
        #expect(lines[0].split(separator: " ") == ["reason", "first", "again", "credits", "requests", "why"])
        #expect(lines[1].hasPrefix("schema_text  a") && lines[1].hasSuffix("same labels, other descriptions"))
        #expect(lines[2] == "2.5 credits, 1 request in all")
        #expect(lines[3].hasPrefix("4 credits, 2 requests for documents paid for before"))
    }

    @Test("examples stand below their line, with control characters taken out")
    func examples() throws {
        let text = InsightText.table(try report(items: Self.item), hasExamples: true)
        for part in [
            "  document d1\n", "    again  2026-11-01T00:00:00Z  b  2.5 credits  r",
            "schema_text · invoice · description\n",
            "      first: a bill\n      again: (none)\n", "      first: all pages\n      again: 1-3\n",
            "    other_members\n", "    and 4 more\n",
        ] { #expect(text.contains(part), "\(part)") }
        #expect(!text.contains("\u{1b}") && !text.contains("\n    first  "))
    }

    @Test("nothing to tell is told")
    func nothing() throws {
        #expect(InsightText.table(.null, hasExamples: true).hasPrefix("nothing was paid for twice"))
        let text = InsightText.table(try report(items: "[]", unexplained: 1), hasExamples: false)
        #expect(text.contains("3 credits, 1 request asked again"))
    }

    @Test("every reason has words of its own")
    func words() throws {
        let reasons = [
            "schema_text", "schema_labels", "page_range", "model", "other_members", "expired", "purged", "no_cache",
            "no_store", "scope",
        ]
        let items = reasons.map { #"{"reason": "\#($0)", "teams": ["a", "b"]}"# }.joined(separator: ",")
        let words = InsightText.lines(try report(items: "[\(items)]")).compactMap { line -> String? in
            guard case .string(let why)? = line["why"] else { return nil }
            return why
        }
        #expect(Set(words).count == reasons.count && Set(words).isDisjoint(with: Set(reasons)))
    }
}
