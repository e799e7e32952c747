import UpstreamKeys
public import Vocabulary

/// Lookups by identifier, and lists in the order of identifiers.
extension Registry {
    public func team(_ id: TeamID) -> (record: TeamRecord, source: RegistrySource)? {
        fileTeams[id].map { ($0, .file) } ?? storedTeams[id].map { ($0, .store) }
    }

    public func teamKey(_ id: TeamKeyID) -> (record: TeamKeyRecord, source: RegistrySource)? {
        if var key = fileTeamKeys[id] {
            key.revokedAt = ruling(.teamKey(id), key.secretDigest)?.at
            return (key, .file)
        }
        return storedTeamKeys[id].map { ($0, .store) }
    }

    public func upstreamKey(_ id: UpstreamKeyID) -> (entry: UpstreamKeyEntry, source: RegistrySource)? {
        guard var found = fileUpstreamKeys[id].map({ ($0, RegistrySource.file) }) ?? opened(id) else { return nil }
        let verdict = ruling(.upstreamKey(id), found.0.key.secretDigest)?.verdict
        switch verdict {
        case .draining: found.0.key.operatorState = .draining
        case .disabled: found.0.key.operatorState = .disabled
        case .revoked, nil: break
        }
        return found
    }

    private func opened(_ id: UpstreamKeyID) -> (UpstreamKeyEntry, RegistrySource)? {
        guard let opened = storedUpstreamKeys[id] else { return nil }
        let stored = opened.stored
        let key = UpstreamKey(
            id: id,
            account: stored.account,
            secret: opened.secret,
            secretDigest: stored.secretDigest,
            weight: stored.weight,
            notBefore: stored.notBefore,
            notAfter: stored.notAfter
        )
        let entry = UpstreamKeyEntry(key: key, monthlyCredits: stored.monthlyCredits, createdAt: stored.createdAt)
        return (entry, .store)
    }

    // MARK: Lists

    public var teamIDs: [TeamID] {
        Set(fileTeams.keys).union(storedTeams.keys).sorted { $0.rawValue < $1.rawValue }
    }

    /// The keys of a team, without keys of the store whose identifier the file gives to another team (R1).
    ///
    /// - Parameters:
    ///   - cursor: the identifier to start after; nil to start at the first.
    ///   - count: the maximum number of identifiers.
    public func teamKeyIDs(of team: TeamID, after cursor: String? = nil, atMost count: Int = .max) -> [TeamKeyID] {
        guard let keys = teamKeyIDs[team] else { return [] }
        return Array(keys.behind(cursor).lazy.filter { teamKey($0)?.record.team == team }.prefix(count))
    }

    /// The keys of a team without those whose stored record is revoked. Includes keys without effect (R1), and keys of
    /// the file whatever the ruling on them.
    public func goodTeamKeyIDs(of team: TeamID) -> [TeamKeyID] {
        (teamKeyIDs[team]?.ids ?? []).filter { storedTeamKeys[$0]?.revokedAt == nil }
    }

    /// The file's keys in its order, then those of the store.
    public var upstreamKeyIDs: [UpstreamKeyID] {
        let stored = storedUpstreamKeys.keys.filter { fileUpstreamKeys[$0] == nil }
        return file.upstreamKeys.map(\.key.id) + stored.sorted { $0.rawValue < $1.rawValue }
    }

    /// The accounts of all upstream keys, without keys that have no effect (R1).
    public var accounts: Set<AccountID> {
        let stored = storedUpstreamKeys.values.map(\.stored).filter { fileUpstreamKeys[$0.id] == nil }
        return Set(file.upstreamKeys.map(\.key.account)).union(stored.map(\.account))
    }

    /// Items of the store without effect: the file has the same identifier (R1), or a key's team is gone. For a
    /// warning.
    public var shadowed: [String] {
        let teams = storedTeams.keys.filter { fileTeams[$0] != nil }.map { "team/\($0)" }
        let keys = storedTeamKeys.keys.filter { fileTeamKeys[$0] != nil }.map { "team_key/\($0)" }
        let upstream = storedUpstreamKeys.keys.filter { fileUpstreamKeys[$0] != nil }.map { "upstream_key/\($0)" }
        let orphans = storedTeamKeys.values.filter { team($0.team) == nil }.map { "team/\($0.team)/key/\($0.id)" }
        return (teams + keys + upstream + orphans).sorted()
    }
}

/// What ends soon.
extension Registry {
    /// The good keys of teams that end in a span of time.
    public func teamKeys(ending span: Range<Timestamp>) -> [TeamKeyRecord] {
        Set(fileTeamKeys.keys).union(storedTeamKeys.keys).compactMap { id in
            guard let key = teamKey(id)?.record, let end = key.notAfter, span.contains(end), key.revokedAt == nil,
                team(key.team) != nil
            else { return nil }
            return key
        }
    }

    /// The upstream keys in use that end in a span of time.
    public func upstreamKeys(ending span: Range<Timestamp>) -> [UpstreamKey] {
        upstreamKeys.filter { key in key.operatorState == .active && key.notAfter.map(span.contains) == true }
    }
}
