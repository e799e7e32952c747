import Cryptography
import Testing
import Vocabulary

@testable import Keying

@Suite("The key of a classify request")
struct ClassifyRequestTests {
    private func scope(_ account: String, _ team: String?) -> KeyScope {
        KeyScope(account: AccountID(rawValue: account), team: team.map(TeamID.init(rawValue:)))
    }

    /// A change of one of these invalidates every stored result; the version in the key format must then change with
    /// it. They were computed by another program from the documented format.
    @Test(
        "does not change by accident",
        arguments: [
            ("default", nil, "0830d15049c2a45f8f084d9353e1360c788fddc37d68b4878d1a8c55c4ecd59c"),
            ("default", "accounts-payable", "4d61531ae0a26e9bb04443c045f34522042edb5aa4d44646108ea5aef35d021e"),
            ("", "", "7611d8fd96bad7c5f326fd0ba595e00259f795e06f0a52c6ee6f8c3e09ec26ca"),
        ] as [(String, String?, String)]
    )
    func golden(_ account: String, _ team: String?, _ key: String) throws {
        let body = classifyBody(pages: "\"2-3, 1\"", others: ",\"x\":[1.0,\"\u{E9}\"]")
        #expect(try readClassify(body).key(in: scope(account, team)).description == key)
    }

    @Test("covers account and team, which cannot run together nor into the body")
    func scopes() throws {
        let request = try readClassify(classifyBody())
        let scopes = [
            scope("a", "bc"), scope("ab", "c"), scope("abc", nil), scope("abc", ""), scope("", "abc"), scope("a", nil),
            scope("a", ""), scope("a", "b"), scope("b", "a"), scope("", nil), scope("", ""), scope("a\0", nil),
            scope("a", "\0"), scope("A", nil), scope("\u{E9}", nil), scope("e\u{301}", nil), scope("abc\u{1}", nil),
            scope("a\u{1}b", "c"), scope("a", "b\u{1}c"), scope("a\u{1}b\u{1}c", nil),
            scope("a", request.canonicalText), scope("a" + request.canonicalText, nil),
        ]
        #expect(Set(scopes.map { request.key(in: $0) }).count == scopes.count)
        for scope in scopes { #expect(request.key(in: scope) == request.key(in: scope)) }
    }

    @Test("does not depend on what the hasher digested before")
    func hasher() throws {
        let hasher = SHA256Hasher()
        hasher.update([1, 2, 3])
        let request = try readClassify(classifyBody())
        #expect(request.key(in: organisation, with: hasher) == request.key())
        #expect(request.key(in: organisation, with: hasher) == request.key())
    }

    @Test("a fingerprint is of the bytes as they were sent, in their scope and in this process")
    func fingerprint() throws {
        func fingerprint(_ body: String, _ scope: KeyScope, secret: [UInt8] = [1, 2, 3]) -> Fingerprint {
            scope.bodyHash(secret: secret).fingerprint(Array(body.utf8).span)
        }
        let canonical = try readClassify(classifyBody()).canonicalText
        let all = [
            fingerprint(canonical, organisation), fingerprint(canonical + " ", organisation),
            fingerprint(canonical, scope("a", "bc")), fingerprint(canonical, scope("ab", "c")),
            fingerprint("", organisation), fingerprint(canonical, organisation, secret: [1, 2, 4]),
        ]
        #expect(Set(all).count == all.count)
        #expect(fingerprint(canonical, organisation) == all[0])
    }
}
