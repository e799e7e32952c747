import Testing
import Vocabulary

@testable import Registry

@Suite("Secrets of teams' keys")
struct TeamKeySecretTests {
    @Test("tg_, eight characters, _, thirty-two: the form of docs/api.md §5")
    func form() {
        for _ in 0..<200 {
            let secret = TeamKeySecret.make()
            let parts = secret.text.split(separator: "_", omittingEmptySubsequences: false)
            #expect(parts.count == 3 && parts[0] == "tg" && parts[1] == secret.publicID && parts[2].count == 32)
            #expect(secret.publicID.count == 8)
            let isPlain = parts[2].utf8.allSatisfy {
                Character(Unicode.Scalar($0)).isLetter || (0x30...0x39).contains($0)
            }
            #expect(isPlain, "\(secret.text)")
            #expect(secret.digest == Samples.digest(secret.text))
        }
    }

    @Test("no two are alike, and a key keeps its public identifier when it gets another secret")
    func fresh() {
        let secrets = (0..<1_000).map { _ in TeamKeySecret.make() }
        #expect(Set(secrets.map(\.text)).count == 1_000)
        #expect(TeamKeySecret.make(publicID: "abcdefgh").text.hasPrefix("tg_abcdefgh_"))
    }

    @Test("every character of the alphabet comes, about as often as any other")
    func evenly() {
        var counts: [Character: Int] = [:]
        for _ in 0..<2_000 {
            for character in TeamKeySecret.make().text.suffix(32) { counts[character, default: 0] += 1 }
        }
        #expect(counts.count == 62)
        // 64,000 draws of 62: 1,032 each, standard deviation 32; ten deviations do not occur.
        #expect(counts.values.allSatisfy { (700...1_360).contains($0) }, "\(counts)")
    }

    @Test("printing one shows nothing of it")
    func printed() {
        let secret = TeamKeySecret(publicID: "abcdefgh", text: "tg_abcdefgh_CANARY")
        var dumped = ""
        dump(secret, to: &dumped)
        #expect(!"\(secret) \(String(reflecting: secret)) \(dumped)".contains("CANARY"))
    }
}
