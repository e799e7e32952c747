import TestSupport
import Testing

@testable import UpstreamKeys

@Suite("The sieve of a key's forms")
struct FormSieveTests {
    private func candidates(_ forms: [String], in text: String) -> [Range<Int>] {
        Array(text.utf8).withUnsafeBufferPointer { FormSieve(forms.map { Array($0.utf8) }).candidates(in: $0) }
    }

    @Test("a form is found wherever it lies, with room for the longest on both sides", arguments: 0..<40)
    func places(before: Int) {
        let text = String(repeating: ".", count: before) + "abcdefgh" + String(repeating: ".", count: 20)
        let ranges = candidates(["abcdefgh", "0123456789"], in: text)
        #expect(ranges.count == 1 && ranges[0].contains(before) && ranges[0].contains(before + 7))
    }

    @Test("a text without a group of a form is looked through in vain; so is any without forms")
    func none() {
        // Pairs and groups of three that the form has do not count.
        #expect(candidates(["abcdefgh"], in: String(repeating: "abcx", count: 100)) == [])
        #expect(candidates([], in: "abcdefgh") == [])
        #expect(candidates(["abcd"], in: "") == [] && candidates(["abcd"], in: "abc") == [])
        #expect(candidates(["abcd"], in: "abcd") == [0..<4])
    }

    @Test("at random: each occurrence lies in one candidate, and the candidates are apart")
    func random() {
        let seed = SeededGenerator().seed
        var generator = SeededGenerator(seed: seed)
        for _ in 0..<2_000 {
            // Few letters, so that forms occur, overlap and touch.
            func text(_ count: Int) -> [UInt8] {
                (0..<count).map { _ in UInt8.random(in: 0x61...0x62, using: &generator) }
            }
            let forms = (0..<Int.random(in: 1...3, using: &generator)).map { _ in
                text(Int.random(in: 4...9, using: &generator))
            }
            let content = text(Int.random(in: 0...60, using: &generator))
            let ranges = content.withUnsafeBufferPointer { FormSieve(forms).candidates(in: $0) }
            for (one, next) in zip(ranges, ranges.dropFirst()) {
                #expect(one.upperBound < next.lowerBound, "seed \(seed)")
            }
            for form in forms where content.count >= form.count {
                for start in 0...(content.count - form.count) where content[start...].starts(with: form) {
                    let occurrence = start..<(start + form.count)
                    #expect(ranges.contains { $0.contains(occurrence) }, "seed \(seed)")
                }
            }
        }
    }
}

extension Range {
    fileprivate func contains(_ other: Range) -> Bool { clamped(to: other) == other }
}
