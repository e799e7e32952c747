import Vocabulary

/// Grants: extra room in the budgets of a scope (L12).
extension BudgetBook {
    /// How long a grant that has ended stays in memory: a clock that is set back by less finds it again.
    private static let endedRetention = Duration.seconds(32 * 86_400)
    /// How many nodes may share a store.
    private static let nodesMax: Int64 = 1_024

    /// The sum of the scope's grants that are in force for a window now, in millionths.
    func granted(_ position: Int, _ window: BudgetWindow) -> Int128 {
        let grants = balances[position].grants
        if grants.isEmpty { return 0 }
        let start = today.start(of: window)
        return grants.reduce(0) { sum, grant in
            grant.window == window && grant.start == start && grant.isOpen(at: now) ? sum + grant.credits.booked : sum
        }
    }

    /// The instants around now for which the amount left in the scope's budgets changes by bookings only: within the
    /// day, and up to the next end of a grant.
    func instants(of position: Int) -> Range<Timestamp> {
        var instants = today.instants
        for grant in balances[position].grants {
            guard let end = grant.endsAt, instants.contains(end) else { continue }
            instants = now < end ? instants.lowerBound..<end : end..<instants.upperBound
        }
        return instants
    }

    /// Makes a grant for the period that contains now. It counts once it is added.
    mutating func makeGrant(_ terms: GrantTerms, at now: Timestamp) -> Grant {
        advance(to: now)
        lastGrant = nextGrant(at: now)
        let periodEnd = today.days(of: terms.window).map { start(of: $0.upperBound) }
        return Grant(
            id: lastGrant,
            team: terms.team,
            window: terms.window,
            start: today.start(of: terms.window),
            credits: terms.credits,
            expiresAt: terms.expiresAt,
            endsAt: [terms.expiresAt, periodEnd].compactMap(\.self).min(),
            reason: terms.reason,
            actor: terms.actor,
            createdAt: now
        )
    }

    /// Ascends in time, and no other node gives it: its remainder by how many nodes there may be is this one's number.
    private func nextGrant(at now: Timestamp) -> Int64 {
        let least = max(lastGrant.saturatingAdd(1), now.microseconds, 0)
        let inRound = least - least % Self.nodesMax + node
        return inRound >= least ? inRound : inRound.saturatingAdd(Self.nodesMax)
    }

    /// Returns the position whose room changed.
    mutating func add(_ grant: Grant, at now: Timestamp) -> Int {
        advance(to: now)
        // One of another node's.
        lastGrant = max(lastGrant, grant.id)
        let position = takePosition(.team(grant.team))
        let oldest = now + (.zero - Self.endedRetention)
        change(position) { grants in
            grants.removeAll { $0.id == grant.id || !$0.isOpen(at: oldest) }
            grants.append(grant)
        }
        return position
    }

    /// Returns the position whose room changed; nil when the grant is not there.
    mutating func removeGrant(_ id: Int64, of team: TeamID, at now: Timestamp) -> Int? {
        advance(to: now)
        guard let position = position(of: .team(team)) else { return nil }
        change(position) { grants in grants.removeAll { $0.id == id } }
        return position
    }
}
