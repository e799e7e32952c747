import Testing
import Vocabulary

@testable import Gateway

@Suite("Paths without a secret")
struct PlainPathsTests {
    private func path(_ number: Int) -> [UInt8] { Array("/v1/files/doc_\(number)/status".utf8) }

    @Test("a path is known from when it was added until another one takes its slot, and no other path is")
    func known() {
        var paths = PlainPaths(secret: [1, 2, 3])
        func isKnown(_ number: Int) -> Bool { paths.has(path(number).span) }
        for number in 0..<5_000 {
            #expect(!isKnown(number))
            paths.add(path(number).span)
            #expect(isKnown(number))
        }
        let knownCount = (0..<5_000).count(where: isKnown)
        #expect(knownCount > 500 && knownCount <= 1_024)
    }
}
