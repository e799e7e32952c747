import TestSupport
import Testing

@testable import Keying

@Suite("Lists of categories, short and long")
struct CategoryListTests {
    private func body(_ labels: [String]) -> String {
        let categories = labels.map { #"{"label":"\#($0)","description":"d of \#($0)"}"# }
        return classifyBody(schema: "[\(categories.joined(separator: ","))]")
    }

    @Test("any order of any number of categories has one canonical form", arguments: [2, 15, 16, 17, 18, 200])
    func order(count: Int) throws {
        var random = SeededGenerator()
        let labels = (0..<count).map { "label \($0 * 7_919 % 1_000)-\($0)" }
        let expected = try readClassify(body(labels)).canonicalText
        for _ in 0..<5 {
            let shuffled = labels.shuffled(using: &random)
            #expect(try readClassify(body(shuffled)).canonicalText == expected, "\(random)")
        }
        #expect(
            try readClassify(body(labels)).labels
                == labels.map { Array($0.utf8) }.sorted { $0.lexicographicallyPrecedes($1) }
        )
    }

    @Test(
        "of two equal labels the later one is named, in short lists and long ones",
        arguments: [(2, 0, 1), (16, 3, 9), (17, 0, 16), (18, 5, 6), (200, 17, 150)]
    )
    func duplicates(count: Int, earlier: Int, later: Int) {
        var labels = (0..<count).map { "label \($0)" }
        labels[later] = labels[earlier]
        let fault = #expect(throws: KeyingFault.self) { try readClassify(body(labels)) }
        #expect(fault?.message == "classification_schema[\(later)].label stands twice; labels must differ.")
    }

    @Test("a label that another one begins with is another label, and stands before it")
    func prefixes() throws {
        #expect(try readClassify(body(["ab", "a", "abc"])).labels == ["a", "ab", "abc"].map { Array($0.utf8) })
    }
}
