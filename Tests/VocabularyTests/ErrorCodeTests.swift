import Foundation
import Testing
import Vocabulary

@Suite("Codes of errors")
struct ErrorCodeTests {
    @Test("the tables of errors in docs/api.md name every code, and no other")
    func documented() throws {
        let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        let page = try String(contentsOf: root.appendingPathComponent("docs/api.md"), encoding: .utf8)
        let section = try #require(page.firstMatch(of: #/## \d+\. Errors\n((?s:.*?))\n## /#)?.1)
        // Status, codes, when.
        let cells = section.split(separator: "\n").filter { $0.hasPrefix("|") }.map { $0.split(separator: "|")[1] }
        let named = cells.flatMap { $0.matches(of: /`([^`]+)`/).map { String($0.1) } }
        #expect(Set(named) == Set(ErrorCode.allCases.map(\.rawValue)))
    }

    @Test("a code needs no escape in JSON and is a token of a field (RFC 9110 §5.6.2)")
    func letters() {
        for code in ErrorCode.allCases {
            #expect(code.rawValue.utf8.allSatisfy { $0 == UInt8(ascii: "_") || (0x61...0x7A).contains($0) }, "\(code)")
        }
    }
}
