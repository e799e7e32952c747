public import Budgeting
public import Registry
public import Vocabulary

extension Store: GrantStore {
    public func add(
        _ grant: Grant,
        audit: AuditEntry,
        then: @escaping @Sendable (Result<GrantAnswer, StoreFault>) -> Void
    ) {
        perform(
            { connection in
                let answer = try GrantTable.add(grant, on: connection)
                guard answer == .done else { return answer }
                try AuditTable.append(audit, on: connection)
                connection.announce(.grant(grant.id, grant.team))
                return answer
            },
            then: then
        )
    }

    public func removeGrant(
        _ id: Int64,
        of team: TeamID,
        audit: AuditEntry,
        then: @escaping @Sendable (Result<Bool, StoreFault>) -> Void
    ) {
        perform(
            { connection in
                let isRemoved = try GrantTable.remove(id, of: team, on: connection)
                guard isRemoved else { return false }
                try AuditTable.append(audit, on: connection)
                connection.announce(.grant(id, team))
                return true
            },
            then: then
        )
    }

    public func grant(_ id: Int64, of team: TeamID, then: @escaping @Sendable (Result<Grant?, StoreFault>) -> Void) {
        list({ try GrantTable.grant(id, of: team, on: $0) }, then: then)
    }

    public func grants(
        of team: TeamID,
        before id: Int64?,
        atMost count: Int,
        then: @escaping @Sendable (Result<[Grant], StoreFault>) -> Void
    ) {
        list({ try GrantTable.page(of: team, before: id, atMost: count, on: $0) }, then: then)
    }
}
