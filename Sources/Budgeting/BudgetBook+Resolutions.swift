import Vocabulary

/// Resolutions of unconfirmed reservations (L13).
extension BudgetBook {
    /// Holds what a resolution will add, before it is durable. Returns the positions that changed.
    mutating func hold(_ resolution: Resolution) -> Positions {
        let positions = positions(of: resolution)
        book(Balance(reserved: resolution.excess), for: resolution, positions)
        return positions
    }

    /// The resolution is durable: releases its hold and books it. Returns the positions that changed.
    ///
    /// The ending that it follows may not be booked yet, since another thread does that. It is then booked as resolved,
    /// and held at the greater amount until then.
    mutating func resolve(_ resolution: Resolution) -> Positions {
        let positions = positions(of: resolution)
        var change = Balance(reserved: -resolution.excess)
        if let held = noteResolved(resolution) {
            change.reserved += held
        } else {
            change.spent = resolution.credits.booked
            change.unconfirmed = -resolution.reservation.estimate.booked
        }
        book(change, for: resolution, positions)
        return positions
    }

    /// The resolution did not become durable: releases its hold. Returns the positions that changed.
    mutating func withdraw(_ resolution: Resolution) -> Positions {
        let positions = positions(of: resolution)
        book(Balance(reserved: -resolution.excess), for: resolution, positions)
        return positions
    }

    private mutating func positions(of resolution: Resolution) -> Positions {
        let ask = resolution.reservation.ask
        return takePositions(team: ask.team, key: ask.key, upstreamKey: ask.upstreamKey)
    }

    /// Books a change to the reservation's own day, in all of its scopes (L4).
    private mutating func book(_ change: Balance, for resolution: Resolution, _ positions: Positions) {
        if change == Balance() { return }
        for position in positions.all { add(change, on: resolution.reservation.day, to: position) }
    }
}
