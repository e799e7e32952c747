import Reporting
import Testing
import Vocabulary

@testable import Storage

@Suite("Sums by document")
struct DocumentSumsTests {
    private func document(_ number: UInt64) -> PackedDocument { PackedDocument(high: number, low: 0) }

    private func counts(_ spent: Int64, unconfirmed: Int64 = 0) -> SpendCounts {
        var counts = SpendCounts()
        counts.spent = MicroCredits(micros: spent)
        counts.unconfirmed = MicroCredits(micros: unconfirmed)
        return counts
    }

    private func amounts(_ sums: DocumentSums, atMost count: Int) -> [String] {
        sums.items(atMost: count).map { "\($0.name?.prefix(18).suffix(2) ?? "-") \($0.counts.spent.micros)" }.sorted()
    }

    @Test("those that cost most have names, of equal ones the first, and the rest is one item")
    func dearest() {
        var sums = DocumentSums()
        for (number, spent) in [(5, 2), (1, 2), (3, 9), (4, 2), (2, 1), (5, 0), (3, 1)] as [(UInt64, Int64)] {
            sums.add(counts(spent), about: document(number))
        }
        sums.add(counts(0, unconfirmed: 20), about: document(6))
        sums.add(counts(100), about: nil)
        #expect(amounts(sums, atMost: 10) == ["- 100", "01 2", "02 1", "03 10", "04 2", "05 2", "06 0"])
        #expect(amounts(sums, atMost: 6) == ["- 100", "01 2", "02 1", "03 10", "04 2", "05 2", "06 0"])
        #expect(amounts(sums, atMost: 3) == ["- 105", "03 10", "05 2", "06 0"])
        #expect(amounts(sums, atMost: 1) == ["- 117", "06 0"])
        #expect(amounts(sums, atMost: 0) == ["- 117"])
        #expect(DocumentSums().items(atMost: 5).isEmpty)
    }

    @Test("any number of documents is told apart, and the sums are those of a dictionary", arguments: [1, 2, .max])
    func many(seed: UInt64) {
        var sums = DocumentSums(seed: seed)
        var expected: [UInt64: Int64] = [:]
        for step in UInt64(0)..<30_000 {
            // Neighbours, and those that differ in one half alone.
            let number = step &* 0x9E37_79B9_7F4A_7C15 >> 49
            let document = number.isMultiple(of: 2) ? self.document(number) : PackedDocument(high: 0, low: number)
            sums.add(counts(Int64(step)), about: document)
            expected[number, default: 0] += Int64(step)
        }
        let items = sums.items(atMost: .max)
        #expect(items.count == expected.count && items.allSatisfy { $0.name != nil })
        #expect(items.map(\.counts.spent.micros).sorted() == expected.values.sorted())
        let dearest = sums.items(atMost: 100).filter { $0.name != nil }.map(\.counts.spent.micros)
        #expect(dearest.sorted() == expected.values.sorted().suffix(100))
    }

    @Test("absurd amounts stay at the greatest number")
    func saturation() {
        var sums = DocumentSums()
        for _ in 1...2 { sums.add(counts(.max, unconfirmed: .max), about: document(1)) }
        sums.add(counts(.max), about: document(2))
        sums.add(counts(.max), about: nil)
        #expect(amounts(sums, atMost: 1) == ["- \(Int64.max)", "01 \(Int64.max)"])
    }
}

@Suite("Packed documents")
struct PackedDocumentTests {
    @Test(
        "a UUID in lower case is packed and comes back as it was",
        arguments: [
            "0b13c9f2-5148-4ffb-bb7b-de03bb071ca8", "00000000-0000-0000-0000-000000000000",
            "ffffffff-ffff-ffff-ffff-ffffffffffff", "01234567-89ab-cdef-0123-456789abcdef",
        ]
    )
    func roundTrip(text: String) { #expect(PackedDocument(text)?.text == text) }

    @Test(
        "anything else is not packed",
        arguments: [
            "", "0b13c9f2-5148-4ffb-bb7b-de03bb071ca", "0b13c9f2-5148-4ffb-bb7b-de03bb071ca80",
            "0B13c9f2-5148-4ffb-bb7b-de03bb071ca8", "0b13c9f2051480-4ffb-bb7b-e03bb071ca8",
            "0b13c9f2-5148-4ffb-bb7b-de03bb071c-8", "0b13c9f2-5148-4ffb-bb7b-de03bb071cg8",
            "0b13c9f2-5148-4ffb-bb7b-de03bb071cé", "0b13c9f2-5148-4ffb-bb7bade03bb071ca8",
        ]
    )
    func refused(text: String) { #expect(PackedDocument(text) == nil) }

    @Test("the order is that of the texts")
    func order() throws {
        let texts = ["00000000-0000-0000-0000-000000000001", "00000000-0000-0001-0000-000000000000"]
        #expect(try #require(PackedDocument(texts[0])) < #require(PackedDocument(texts[1])))
    }
}
