import Forms
public import Vocabulary

/// Changes of teams.
extension Registry {
    /// More teams than any organization has, few enough to sort a list of them in milliseconds.
    static let teamsMax = FormLimits.teams

    public func creating(_ team: TeamRecord) throws(RegistryRefusal) -> RegistryChange {
        if self.team(team.id) != nil {
            throw .conflict("team \(team.id) is there already; change it with PATCH or choose another id")
        }
        guard storedTeams.count < Self.teamsMax else { throw .conflict("there are \(Self.teamsMax) teams already") }
        return RegistryChange(
            writes: [.saveTeam(team)],
            action: "team.create",
            target: "team/\(team.id)",
            before: nil,
            after: .team(team, .store)
        )
    }

    /// - Parameter changed: the new record; its identifier names the team.
    public func changing(_ changed: TeamRecord) throws(RegistryRefusal) -> RegistryChange {
        let team = try ownTeam(changed.id)
        return RegistryChange(
            writes: [.saveTeam(changed)],
            action: "team.update",
            target: "team/\(team.id)",
            before: .team(team, .store),
            after: .team(changed, .store)
        )
    }

    /// Deletes a team and its keys, which are no longer valid. Its spend stays in the ledger.
    public func deleting(_ id: TeamID) throws(RegistryRefusal) -> RegistryChange {
        let team = try ownTeam(id)
        return RegistryChange(
            writes: [.removeTeam(id)],
            action: "team.delete",
            target: "team/\(id)",
            before: .team(team, .store),
            after: nil
        )
    }

    /// The team, if the store owns it (R1).
    private func ownTeam(_ id: TeamID) throws(RegistryRefusal) -> TeamRecord {
        guard let (team, source) = team(id) else { throw .notFound("team \(id)") }
        guard source == .store else {
            throw .conflict("team \(id) is named in the configuration file; change it there and send SIGHUP")
        }
        return team
    }
}
