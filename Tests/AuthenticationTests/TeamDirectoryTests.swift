import TestSupport
import Testing
import Vocabulary

@testable import Authentication

@Suite("Finding a team by its key")
struct TeamDirectoryTests {
    private let team = Team(
        id: TeamID(rawValue: "accounts-payable"),
        name: "Accounts Payable",
        account: AccountID(rawValue: "default"),
        cacheScopeIsTeam: false
    )
    private let now = Timestamp(seconds: 1_000)

    private func key(_ id: String, _ digest: Digest, notAfter: Timestamp? = nil, team: Team? = nil) -> TeamKey {
        TeamKey(id: TeamKeyID(rawValue: id), team: team ?? self.team, secretDigest: digest, notAfter: notAfter)
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
        let keys = [key("one", Digest(1, 2, 3, 4)), key("two", Digest(5, 6, 7, 8), team: other)]
        let directory = TeamDirectory(teams: [team, other], keys: keys)
        #expect(directory.find(secretDigest: Digest(1, 2, 3, 4), at: now) === keys[0])
        let found = directory.find(secretDigest: Digest(5, 6, 7, 8), at: now)
        #expect(found === keys[1])
        #expect(found?.team === other)
        #expect(directory.teams.map(\.id) == [team.id, other.id])
    }

    @Test(
        "an unknown digest finds nothing, also when three of its four words are those of a key",
        arguments: [
            Digest(0, 0, 0, 0), Digest(9, 2, 3, 4), Digest(1, 9, 3, 4), Digest(1, 2, 9, 4),
            Digest(1, 2, 3, 9),
            Digest(1, 2, 4, 3), Digest(2, 2, 3, 4), Digest(.max, .max, .max, .max),
        ]
    )
    func unknown(_ digest: Digest) {
        #expect(directory([key("one", Digest(1, 2, 3, 4))]).find(secretDigest: digest, at: now) == nil)
        #expect(directory([]).find(secretDigest: digest, at: now) == nil)
    }

    @Test("a key is valid until its end, and from that very moment on it is not")
    func expiry() {
        let end = Timestamp(microseconds: 1_000_000_000)
        let digest = Digest(1, 2, 3, 4)
        let directory = directory([key("one", digest, notAfter: end)])
        #expect(directory.find(secretDigest: digest, at: Timestamp(seconds: 0)) != nil)
        #expect(directory.find(secretDigest: digest, at: Timestamp(microseconds: end.microseconds - 1)) != nil)
        #expect(directory.find(secretDigest: digest, at: end) == nil)
        #expect(directory.find(secretDigest: digest, at: Timestamp(microseconds: end.microseconds + 1)) == nil)
        #expect(directory.find(secretDigest: digest, at: Timestamp(seconds: 1_000_000_000)) == nil)
    }

    @Test("a key without an end is valid in ten thousand years")
    func noEnd() {
        let digest = Digest(1, 2, 3, 4)
        let future = Timestamp(seconds: 253_402_300_799)
        #expect(directory([key("one", digest)]).find(secretDigest: digest, at: future) != nil)
    }

    @Test("an expired key leads to nothing but does not hide those that stand behind it")
    func expiredNeighbour() {
        let keys = (0..<4).map { key("\($0)", Digest(7, $0, 0, 0), notAfter: $0 % 2 == 0 ? now : nil) }
        let directory = directory(keys)
        for (index, key) in keys.enumerated() {
            #expect(directory.find(secretDigest: key.secretDigest, at: now) === (index % 2 == 0 ? nil : key))
        }
    }

    @Test("of two keys with one digest the first counts, also when it is expired")
    func sameDigest() {
        let digest = Digest(1, 2, 3, 4)
        let (expired, valid) = (key("expired", digest, notAfter: now), key("valid", digest))
        #expect(directory([valid, expired]).find(secretDigest: digest, at: now) === valid)
        #expect(directory([expired, valid]).find(secretDigest: digest, at: now) == nil)
    }

    @Test("ten thousand keys are all found, and as many others are not")
    func many() {
        var random = SeededGenerator()
        let keys = (0..<10_000).map {
            key("\($0)", Digest(random.next(), random.next(), random.next(), random.next()))
        }
        let directory = directory(keys)
        let missing = keys.filter { directory.find(secretDigest: $0.secretDigest, at: now) !== $0 }
        #expect(missing.isEmpty, "seed \(random.seed)")
        let strangers = keys.filter {
            let digest = $0.secretDigest
            let stranger = Digest(digest.word0, digest.word1, digest.word2, digest.word3 ^ 1)
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
        let keys = (0..<count).map { key("\($0)", Digest(word, UInt64($0), 0, 0)) }
        let directory = directory(keys)
        for key in keys { #expect(directory.find(secretDigest: key.secretDigest, at: now) === key) }
        #expect(directory.find(secretDigest: Digest(word, UInt64(count), 0, 0), at: now) == nil)
        #expect(directory.find(secretDigest: Digest(word &+ 1, 0, 0, 0), at: now) == nil)
    }

    @Test("a hundred thousand keys are all found and others are not; when one is replaced, all parts but its own stay")
    func hundredThousand() {
        var random = SeededGenerator()
        func digest() -> Digest { Digest(random.next(), random.next(), random.next(), random.next()) }
        let keys = (0..<100_000).map { key("\($0)", digest()) }
        let directory = directory(keys)
        let seed = random.seed
        #expect(keys.allSatisfy { directory.find(secretDigest: $0.secretDigest, at: now) === $0 }, "seed \(seed)")
        #expect(
            (0..<100_000).allSatisfy { _ in directory.find(secretDigest: digest(), at: now) == nil },
            "seed \(seed)"
        )
        let old = keys[77_777].secretDigest
        let rotated = key("77777", Digest(old.word0, ~old.word1, old.word2, old.word3))
        let changed = directory.replacing([old], with: [rotated])
        #expect(zip(directory.shards, changed.shards).count { $0 !== $1 } == 1, "seed \(seed)")
        #expect(changed.find(secretDigest: old, at: now) == nil)
        #expect(changed.find(secretDigest: rotated.secretDigest, at: now) === rotated)
        #expect(directory.find(secretDigest: old, at: now) === keys[77_777])
        let others = keys.filter { $0 !== keys[77_777] }
        #expect(others.allSatisfy { changed.find(secretDigest: $0.secretDigest, at: now) === $0 }, "seed \(seed)")
    }

    @Test("keys are spread over all parts")
    func spread() {
        var random = SeededGenerator()
        let keys = (0..<25_600).map { key("\($0)", Digest(random.next(), random.next(), 0, 0)) }
        let empty = directory([])
        // That a part of 256 gets none of 25,600 has a probability below 10^-40.
        let changed = empty.replacing([], with: keys)
        #expect(zip(empty.shards, changed.shards).count { $0 !== $1 } == 256, "seed \(random.seed)")
    }

    // MARK: Replacing

    @Test("what is there already counts before what comes, unless it goes")
    func replacingSameDigest() {
        let digest = Digest(1, 2, 3, 4)
        let (old, new, later) = (key("old", digest), key("new", digest), key("later", digest))
        let directory = directory([old])
        #expect(directory.replacing([], with: [new]).find(secretDigest: digest, at: now) === old)
        #expect(directory.replacing([digest], with: [new, later]).find(secretDigest: digest, at: now) === new)
        #expect(directory.replacing([digest], with: []).find(secretDigest: digest, at: now) == nil)
        let twice = directory.replacing([], with: [new]).replacing([digest], with: [])
        #expect(twice.find(secretDigest: digest, at: now) == nil)
    }

    @Test("teams stay, or are replaced without a look at the keys")
    func replacingTeams() {
        let digest = Digest(1, 2, 3, 4)
        let other = Team(id: TeamID(rawValue: "legal"), name: "Legal", account: team.account, cacheScopeIsTeam: false)
        let directory = directory([key("one", digest)])
        #expect(directory.replacing([digest], with: []).teams.map(\.id) == [team.id])
        let changed = directory.replacing([], with: [], teams: [team, other])
        #expect(changed.teams.map(\.id) == [team.id, other.id])
        #expect(changed.find(secretDigest: digest, at: now)?.team === team)
        #expect(zip(directory.shards, changed.shards).allSatisfy { $0 === $1 })
    }

    @Test("at random: whatever comes and goes, a directory finds what a dictionary does")
    func model() {
        var random = SeededGenerator()
        let seed = random.seed
        // Few digests, in few parts, whose slots collide.
        let digests = (0..<120).map { Digest(UInt64($0 % 3) << 56 | UInt64($0 % 5), UInt64($0), 0, 0) }
        var known: [Digest: TeamKey] = [:]
        var directory = directory([])
        for step in 0..<2_000 {
            let gone = (0..<Int.random(in: 0...8, using: &random)).map { _ in random.pick(digests) }
            let new = (0..<Int.random(in: 0...8, using: &random)).map {
                key("\(step) \($0)", random.pick(digests), notAfter: random.chance(1, in: 4) ? now : nil)
            }
            for digest in gone { known[digest] = nil }
            for key in new where known[key.secretDigest] == nil { known[key.secretDigest] = key }
            directory = directory.replacing(gone, with: new)
            let wrong = digests.filter { digest in
                let expected = known[digest].flatMap { $0.isValid(at: now) ? $0 : nil }
                return directory.find(secretDigest: digest, at: now) !== expected
            }
            guard wrong.isEmpty else {
                Issue.record("\(wrong) at step \(step), TOLLGATE_TEST_SEED=\(seed)")
                return
            }
        }
    }

    @Test("teams without a key are known too")
    func teamsWithoutKey() {
        #expect(directory([]).teams.map(\.name) == ["Accounts Payable"])
    }
}
