public import Vocabulary

/// Finds the team key that a request shows, by the digest of its secret. Immutable; a change makes another one, which
/// shares with this one what it did not touch.
///
/// A hash table in parts, which are found by the digest's own bits: these are evenly spread for any secrets.
/// So one key of a hundred thousand changes at the price of some hundreds, and a look-up is one in one part. What an
/// attacker can time is which part and slots a digest of his own leads to, and a digest tells nothing about the secrets
/// there. Digests are compared in constant time, and a key that is unknown takes the way of one that is
/// expired.
public final class TeamDirectory: Sendable {
    private static let shardCount = 256

    /// The teams of all keys, and those that have none.
    public let teams: [Team]
    /// By the first eight bits of a digest.
    let shards: [TeamKeyShard]

    /// - Parameter keys: no two with the same digest; of such the first one counts.
    public init(teams: [Team], keys: [TeamKey]) {
        self.teams = teams
        var parts = [[TeamKey]](repeating: [], count: Self.shardCount)
        for key in keys { parts[Self.shard(of: key.secretDigest)].append(key) }
        shards = parts.map { TeamKeyShard($0) }
    }

    private init(teams: [Team], shards: [TeamKeyShard]) {
        self.teams = teams
        self.shards = shards
    }

    private static func shard(of digest: Digest) -> Int { Int(truncatingIfNeeded: digest.word0 >> 56) }

    /// The directory after some keys have gone and others have come. Only the parts concerned are copied.
    ///
    /// - Parameters:
    ///   - gone: the digests of keys that go; those that are of no key change nothing.
    ///   - new: a key whose digest is there already, and does not go, does not come.
    ///   - teams: those that take the place of all teams; nil when they stay. The keys of a team that is another object
    ///     now have to go and come, since each holds its team.
    public func replacing(
        _ gone: [Digest],
        with new: [TeamKey],
        teams: [Team]? = nil
    ) -> TeamDirectory {
        let goneByShard = Dictionary(grouping: gone, by: Self.shard)
        let newByShard = Dictionary(grouping: new) { Self.shard(of: $0.secretDigest) }
        var shards = shards
        for index in Set(goneByShard.keys).union(newByShard.keys) {
            shards[index] = shards[index].replacing(Set(goneByShard[index] ?? []), with: newByShard[index] ?? [])
        }
        return TeamDirectory(teams: teams ?? self.teams, shards: shards)
    }

    /// The key whose secret has this digest, if it is valid at that moment. Any thread.
    public func find(secretDigest: Digest, at now: Timestamp) -> TeamKey? {
        guard let found = shards[Self.shard(of: secretDigest)].find(secretDigest), found.isValid(at: now) else {
            return nil
        }
        return found
    }
}
