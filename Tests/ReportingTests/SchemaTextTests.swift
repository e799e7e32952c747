import Budgeting
import Testing
import Vocabulary

@testable import Reporting

@Suite("How two schemas differ")
struct SchemaTextTests {
    private func schema(_ json: String) throws -> SchemaText {
        let schema = SchemaText(json: Array(json.utf8).span)
        return try #require(schema)
    }

    private func schema(_ categories: [(String, String)]) throws -> SchemaText {
        try schema(
            "[" + categories.map { #"{"description":"\#($0.1)","label":"\#($0.0)"}"# }.joined(separator: ",") + "]"
        )
    }

    @Test("a description that differs is shown with its label")
    func description() throws {
        let (first, again) = (
            try schema([("invoice", "a bill"), ("other", "x")]), try schema([("invoice", "a bill."), ("other", "x")])
        )
        let expected = QuestionDifference(
            .schemaText,
            label: "invoice",
            member: "description",
            first: "a bill",
            again: "a bill."
        )
        #expect(first.differences(to: again, .schemaText) == [expected])
        #expect(first.differences(to: first, .schemaText).isEmpty)
    }

    @Test("further members of a category are compared as JSON")
    func members() throws {
        let first = try schema(#"[{"description":"","examples":[1,2],"label":"a"},{"description":"","label":"b"}]"#)
        let again = try schema(
            #"[{"description":"","examples":[1],"label":"a"},{"description":"","label":"b","z":null}]"#
        )
        #expect(
            first.differences(to: again, .schemaText) == [
                QuestionDifference(.schemaText, label: "a", member: "examples", first: "[1, 2]", again: "[1]"),
                QuestionDifference(.schemaText, label: "b", member: "z", first: nil, again: "null"),
            ]
        )
    }

    @Test("labels of one schema alone are shown with their descriptions, and common ones are not compared")
    func labels() throws {
        let first = try schema([("a", "A"), ("b", "B"), ("c", "C")])
        let again = try schema([("x", "X"), ("b", "other"), ("e\u{301}", "")])
        #expect(
            first.differences(to: again, .schemaLabels) == [
                QuestionDifference(.schemaLabels, label: "a", first: "A"),
                QuestionDifference(.schemaLabels, label: "c", first: "C"),
                QuestionDifference(.schemaLabels, label: "x", again: "X"),
                QuestionDifference(.schemaLabels, label: "e\u{301}", again: ""),
            ]
        )
    }

    @Test("labels that only look equal are two labels")
    func lookalikes() throws {
        let (first, again) = (try schema([("\u{E9}", ""), ("b", "")]), try schema([("e\u{301}", ""), ("b", "")]))
        #expect(first.differences(to: again, .schemaLabels).count == 2)
    }

    @Test("another order is shown from where it begins")
    func order() throws {
        let first = try schema([("a", ""), ("b", ""), ("c", "")])
        let again = try schema([("a", ""), ("c", ""), ("b", "")])
        let expected = QuestionDifference(.schemaLabels, member: "order", first: "b, c", again: "c, b")
        #expect(first.differences(to: again, .schemaLabels) == [expected])
    }

    @Test("long texts are cut to where they begin to differ", arguments: [0, 1, 199, 200, 201, 100_000])
    func excerpts(_ common: Int) {
        let start = String(repeating: "é", count: common)
        let (first, again) = ExcerptPair.cut(start + "X" + start, start + "Y" + start)
        for (text, letter) in [(first, "X"), (again, "Y")] {
            #expect(text?.contains(letter) == true)
            #expect(text.map { $0.unicodeScalars.count <= ExcerptPair.length + 2 } == true)
        }
        #expect(ExcerptPair.cut(nil, nil) == (nil, nil))
        #expect(ExcerptPair.cut("", nil) == ("", nil))
        #expect(ExcerptPair.cut("same", "same") == ("same", "same"))
    }

    @Test("a thousand labels and a megabyte of text are compared, and ten differences are shown")
    func large() throws {
        let text = String(repeating: "x", count: 1_000)
        let first = try schema((0..<1_000).map { ("l\($0)", text) })
        let again = try schema((0..<1_000).map { ("l\($0)", text + "\($0 % 2)") })
        let differences = first.differences(to: again, .schemaText)
        #expect(differences.count == 1_000)
        let none = try schema((0..<1_000).map { ("m\($0)", text) })
        #expect(first.differences(to: none, .schemaLabels).count == 2_000)
        let entry = InsightReport.Entry(
            id: ReservationID(rawValue: 1),
            team: TeamID(rawValue: "a"),
            requestID: "r",
            createdAt: Timestamp(seconds: 1),
            credits: .zero,
            isUnconfirmed: false
        )
        let example = InsightReport.Example(documentID: "d", first: nil, again: entry, differences: differences)
        #expect(example.differences.count == 10 && example.moreDifferences == 990)
    }

    @Test(
        "what is no list of categories is no schema",
        arguments: ["", "{}", "[1]", #"[{"label":1}]"#, "[{}]", "[", "\u{0}"]
    )
    func damaged(_ json: String) {
        let schema = SchemaText(json: Array(json.utf8).span)
        #expect(schema == nil)
    }
}
