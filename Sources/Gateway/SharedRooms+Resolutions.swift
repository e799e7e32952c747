public import Budgeting

/// Resolutions of unconfirmed reservations. Any thread.
extension SharedRooms {
    /// Holds what a resolution will add. `resolve` or `withdraw` must follow when it is known whether it is durable.
    public func hold(_ resolution: Resolution) { credits.hold(resolution) }

    /// Books a durable resolution.
    public func resolve(_ resolution: Resolution) {
        credits.resolve(resolution)
        let team = metrics.teams.number(of: resolution.reservation.ask.team.rawValue)
        metrics.resolved.add(team, resolution.credits.micros)
    }

    /// Undoes the hold of a resolution that did not become durable.
    public func withdraw(_ resolution: Resolution) { credits.withdraw(resolution) }
}
