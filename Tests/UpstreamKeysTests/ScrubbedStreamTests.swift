import TestSupport
import Testing
import Vocabulary

@testable import UpstreamKeys

@Suite("A key in content that comes in pieces")
struct ScrubbedStreamTests {
    private static let secret = "vendor-secret-0123456789"

    private func scrubbed(_ pieces: [String], isText: Bool = true) -> String {
        var stream = ScrubbedStream(SecretScrubber(Array(Self.secret.utf8)), isText: isText)
        var output: [UInt8] = []
        for piece in pieces { output += stream.add(Array(piece.utf8)) }
        return String(decoding: output + stream.end(), as: UTF8.self)
    }

    @Test("a key is masked wherever pieces are cut, and everything else stays", arguments: [true, false])
    func everyCut(isText: Bool) {
        let text = "abc \(Self.secret) def vendor-secr vendor-vendor-secret-0123456789-vendor"
        let stars = String(repeating: "*", count: Self.secret.utf8.count)
        let expected = "abc \(stars) def vendor-secr vendor-\(stars)-vendor"
        for first in 0...text.count {
            for second in stride(from: first, through: text.count, by: 5) {
                let pieces = [
                    text.prefix(first), text.prefix(second).dropFirst(first), text.dropFirst(second),
                ].map(String.init)
                #expect(scrubbed(pieces, isText: isText) == expected, "cut at \(first) and \(second)")
            }
        }
        #expect(scrubbed(text.map { String($0) }, isText: isText) == expected)
    }

    @Test("only what may begin a key is held back, and only until the next piece")
    func held() {
        var stream = ScrubbedStream(SecretScrubber(Array(Self.secret.utf8)), isText: true)
        #expect(stream.add(Array("abc".utf8)) == Array("abc".utf8))
        #expect(stream.add(Array("abc vend".utf8)) == Array("abc ".utf8))
        #expect(stream.add(Array("ing".utf8)) == Array("vending".utf8))
        #expect(stream.add(Array("v".utf8)) == [])
        #expect(stream.end() == Array("v".utf8))
        #expect(stream.end() == [])
    }

    @Test("spellings of a key are masked in texts, not looked for elsewhere")
    func spellings() {
        let spelled = "vendor\\u002dsecret-0123456789"
        #expect(scrubbed([spelled]).contains("*"))
        #expect(scrubbed([spelled], isText: false) == spelled)
    }
}
