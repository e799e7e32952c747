import TestSupport
import Testing

@testable import Keying

@Suite("A set of pages")
struct PageSetTests {
    private func pages(_ text: String) throws(PageSet.Fault) -> PageSet { try PageSet.parse(Array(text.utf8)) }

    @Test(
        "has one spelling, whatever the parts, their order and the spaces",
        arguments: [
            ("1", "1", 1), ("1-3", "1-3", 3), ("1,2,3", "1-3", 3), ("2-3,1", "1-3", 3), ("3,2,1", "1-3", 3),
            (" 1 - 3 ", "1-3", 3), ("  2 - 3  ,  1  ", "1-3", 3), ("1-2,2-3", "1-3", 3), ("1-9,3,4-5", "1-9", 9),
            ("4-5,1-9", "1-9", 9), ("1,1,1", "1", 1), ("5-5", "5", 1), ("1,3,5", "1,3,5", 3), ("5,3,1", "1,3,5", 3),
            ("1-2,4", "1-2,4", 3), ("1-2,3", "1-3", 3), ("7-8,1-2,4-5,3", "1-5,7-8", 7),
            ("1000000", "1000000", 1), ("1-1000000", "1-1000000", 1_000_000), ("1000000,999999", "999999-1000000", 2),
        ]
    )
    func spelling(_ text: String, _ canonical: String, _ count: Int) throws {
        let set = try pages(text)
        #expect(set.text == canonical)
        #expect(set.count == count)
        #expect(try pages(canonical) == set)
    }

    @Test(
        "is not named by a text that is no list of pages",
        arguments: [
            "", " ", ",", "1,", ",1", "1,,2", "-", "1-", "-1", "1--2", "1-2-3", "a", "1a", "1;2", "1.5", "+1", "1x1",
            "1 2",
            "1-2 3", "1\t", "\t1", "1\n", "1\u{A0}", "all", "1\u{2013}3", "\u{661}", "1,2,", "1,\0", "1e1", "(1)",
            "[1]",
        ]
    )
    func malformed(_ text: String) {
        #expect(throws: PageSet.Fault(reason: "is no list of pages like \"1-3\" or \"1,3,5\"")) { try pages(text) }
    }

    @Test(
        "has pages from 1 to 1,000,000 only",
        arguments: [
            "0", "0-3", "1,0", "1000001", "1-1000001", "1000001-1000002", "18446744073709551617", "9223372036854775808",
            "99999999999999999999999999999999999999",
        ]
    )
    func limits(_ text: String) {
        #expect(throws: PageSet.Fault(reason: "names a page that is not from 1 to 1000000")) { try pages(text) }
    }

    @Test("has no range that ends before it begins", arguments: ["3-1", "2-1", "1,5-4", "1000000-1", "10-9,1"])
    func backwards(_ text: String) {
        #expect(throws: PageSet.Fault(reason: "has a range that ends before it begins")) { try pages(text) }
    }

    @Test("has at most 1,000 parts as it is written, also when they are the same")
    func parts() throws {
        let odd = (0..<1_000).map { "\($0 * 2 + 1)" }
        #expect(try pages(odd.joined(separator: ",")).ranges.count == 1_000)
        let same = Array(repeating: "7", count: 1_000).joined(separator: ",")
        #expect(try pages(same).text == "7")
        for text in [odd.joined(separator: ",") + ",2001", same + ",7", same + ", 7-8"] {
            #expect(throws: PageSet.Fault(reason: "has more than 1000 parts")) { try pages(text) }
        }
    }

    @Test("is the set that a plain set of numbers is")
    func model() throws {
        var generator = SeededGenerator()
        for _ in 0..<3_000 {
            var model = Set<Int>()
            var parts: [String] = []
            for _ in 0..<Int.random(in: 1...8, using: &generator) {
                let first = Int.random(in: 1...30, using: &generator)
                let last = first + Int.random(in: 0...5, using: &generator)
                parts.append(first == last ? "\(first)" : "\(first)-\(last)")
                model.formUnion(first...last)
            }
            let set = try pages(parts.joined(separator: ","))
            let seed = generator.seed
            #expect(set.count == model.count, "seed \(seed)")
            #expect(set.ranges.flatMap { Array($0) } == model.sorted(), "seed \(seed)")
            for (left, right) in zip(set.ranges, set.ranges.dropFirst()) {
                #expect(left.upperBound + 1 < right.lowerBound, "seed \(seed)")
            }
        }
    }
}
