import Cryptography
import Testing
import Vocabulary

@testable import Administration

@Suite("Admin tokens")
struct AdminTokenSearchTests {
    private let hasher = SHA256Hasher()
    private let secrets = ["first-token", "second-token", "third-token", ""]

    private var tokens: [AdminToken] {
        secrets.map { AdminToken(name: $0, role: .viewer, digest: hasher.digest(Array($0.utf8))) }
    }

    private func find(_ shown: String?, _ search: AdminTokenSearch = AdminTokenSearch()) -> AdminToken? {
        let bytes = Array("xx\(shown ?? "")yy".utf8)
        return search.find(shown.map { 2..<(2 + $0.utf8.count) }, in: bytes.span, among: tokens, with: hasher)
    }

    @Test("the token that is shown is found", arguments: ["first-token", "second-token", "third-token"])
    func found(secret: String) {
        #expect(find(secret)?.name == secret)
    }

    @Test("no other text is one, and a missing one is none though a token's secret be empty")
    func notFound() {
        for shown in ["first-toke", "first-token ", "FIRST-TOKEN", "x"] { #expect(find(shown) == nil) }
        #expect(find(nil) == nil)
    }

    @Test("every token is compared, whichever is right", arguments: ["first-token", "third-token", "wrong", nil])
    func equalWork(shown: String?) {
        var compared: [Digest] = []
        let search = AdminTokenSearch { expected, shown in
            compared.append(expected)
            return ConstantTime.areEqual(expected, shown)
        }
        _ = find(shown, search)
        #expect(compared == tokens.map(\.digest))
    }
}
