import Authentication
import TestSupport
import Testing
import Vocabulary

@Suite("Finding a team by its key")
struct TeamDirectoryTests {
    private let team = Team(
        id: TeamID(rawValue: "accounts-payable"),
        name: "Accounts Payable",
        account: AccountID(rawValue: "default"),
        cacheScopeIsTeam: false
    )
    private let now = Timestamp(seconds: 1_000)

    private func key(_ id: String, _ digest: CacheKey, notAfter: Timestamp? = nil, team: Team? = nil) -> TeamKey {
        TeamKey(id: KeyID(rawValue: id), team: team ?? self.team, secretDigest: digest, notAfter: notAfter)
    }

    private func directory(_ keys: [TeamKey]) -> TeamDirectory { TeamDirectory(teams: [team], keys: keys) }

    @Test("the key that has the digest is found, with its team, and no other is")
    func find() {
        let other = Team(
            id: TeamID(rawValue: "legal"),
            name: "Legal",
            account: AccountID(rawValue: "second"),
            cacheScopeIsTeam: true
        )
        let keys = [key("one", CacheKey(1, 2, 3, 4)), key("two", CacheKey(5, 6, 7, 8), team: other)]
        let directory = TeamDirectory(teams: [team, other], keys: keys)
        #expect(directory.find(secretDigest: CacheKey(1, 2, 3, 4), at: now) === keys[0])
        let found = directory.find(secretDigest: CacheKey(5, 6, 7, 8), at: now)
        #expect(found === keys[1])
        #expect(found?.team === other)
        #expect(directory.teams.map(\.id) == [team.id, other.id])
    }

    @Test(
        "an unknown digest finds nothing, also when three of its four words are those of a key",
        arguments: [
            CacheKey(0, 0, 0, 0), CacheKey(9, 2, 3, 4), CacheKey(1, 9, 3, 4), CacheKey(1, 2, 9, 4),
            CacheKey(1, 2, 3, 9),
            CacheKey(1, 2, 4, 3), CacheKey(2, 2, 3, 4), CacheKey(.max, .max, .max, .max),
        ]
    )
    func unknown(_ digest: CacheKey) {
        #expect(directory([key("one", CacheKey(1, 2, 3, 4))]).find(secretDigest: digest, at: now) == nil)
        #expect(directory([]).find(secretDigest: digest, at: now) == nil)
    }

    @Test("a key is valid until its end, and from that very moment on it is not")
    func expiry() {
        let end = Timestamp(microseconds: 1_000_000_000)
        let digest = CacheKey(1, 2, 3, 4)
        let directory = directory([key("one", digest, notAfter: end)])
        #expect(directory.find(secretDigest: digest, at: Timestamp(seconds: 0)) != nil)
        #expect(directory.find(secretDigest: digest, at: Timestamp(microseconds: end.microseconds - 1)) != nil)
        #expect(directory.find(secretDigest: digest, at: end) == nil)
        #expect(directory.find(secretDigest: digest, at: Timestamp(microseconds: end.microseconds + 1)) == nil)
        #expect(directory.find(secretDigest: digest, at: Timestamp(seconds: 1_000_000_000)) == nil)
    }

    @Test("a key without an end is valid in ten thousand years")
    func noEnd() {
        let digest = CacheKey(1, 2, 3, 4)
        let future = Timestamp(seconds: 253_402_300_799)
        #expect(directory([key("one", digest)]).find(secretDigest: digest, at: future) != nil)
    }

    @Test("an expired key leads to nothing but does not hide those that stand behind it")
    func expiredNeighbour() {
        let keys = (0..<4).map { key("\($0)", CacheKey(7, $0, 0, 0), notAfter: $0 % 2 == 0 ? now : nil) }
        let directory = directory(keys)
        for (index, key) in keys.enumerated() {
            #expect(directory.find(secretDigest: key.secretDigest, at: now) === (index % 2 == 0 ? nil : key))
        }
    }

    @Test("of two keys with one digest the first counts, also when it is expired")
    func sameDigest() {
        let digest = CacheKey(1, 2, 3, 4)
        let (expired, valid) = (key("expired", digest, notAfter: now), key("valid", digest))
        #expect(directory([valid, expired]).find(secretDigest: digest, at: now) === valid)
        #expect(directory([expired, valid]).find(secretDigest: digest, at: now) == nil)
    }

    @Test("ten thousand keys are all found, and as many others are not")
    func many() {
        var random = SeededGenerator()
        let keys = (0..<10_000).map {
            key("\($0)", CacheKey(random.next(), random.next(), random.next(), random.next()))
        }
        let directory = directory(keys)
        let missing = keys.filter { directory.find(secretDigest: $0.secretDigest, at: now) !== $0 }
        #expect(missing.isEmpty, "seed \(random.seed)")
        let strangers = keys.filter {
            let digest = $0.secretDigest
            let stranger = CacheKey(digest.word0, digest.word1, digest.word2, digest.word3 ^ 1)
            return directory.find(secretDigest: stranger, at: now) != nil
        }
        #expect(strangers.isEmpty, "seed \(random.seed)")
    }

    @Test(
        "keys whose digests begin alike are all found, also when they go over the end of the table",
        arguments: [0, 7, 0xFFFF_FFFF_FFFF_FFFF] as [UInt64],
        [1, 2, 3, 4, 5, 8, 9, 300]
    )
    func collisions(_ word: UInt64, _ count: Int) {
        let keys = (0..<count).map { key("\($0)", CacheKey(word, UInt64($0), 0, 0)) }
        let directory = directory(keys)
        for key in keys { #expect(directory.find(secretDigest: key.secretDigest, at: now) === key) }
        #expect(directory.find(secretDigest: CacheKey(word, UInt64(count), 0, 0), at: now) == nil)
        #expect(directory.find(secretDigest: CacheKey(word &+ 1, 0, 0, 0), at: now) == nil)
    }

    @Test("teams without a key are known too")
    func teamsWithoutKey() {
        #expect(directory([]).teams.map(\.name) == ["Accounts Payable"])
    }
}
