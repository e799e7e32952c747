public import Vocabulary

/// The remaining credits of a team's key, for callers that must not wait for the gate, such as replies to hits.
///
/// Any thread; immutable. It reads the dials of organization, team and key without a lock. Each dial is consistent by
/// itself; while another thread admits, one may be ahead of another. Only the first read of a day, and the first after
/// a grant has ended, takes the gate's lock.
public final class BudgetMeter: Sendable {
    @usableFromInline
    let gate: BudgetGate
    @usableFromInline
    let organization: MeterDial
    @usableFromInline
    let team: MeterDial
    @usableFromInline
    let key: MeterDial

    init(gate: BudgetGate, organization: MeterDial, team: MeterDial, key: MeterDial) {
        self.gate = gate
        self.organization = organization
        self.team = team
        self.key = key
    }

    /// The least amount left in any enforced budget of organization, team and key, at least zero; nil when there is
    /// none. The upstream key's limit does not concern a team.
    @inlinable
    public func remaining(at now: Timestamp) -> MicroCredits? {
        guard let ofOrganization = organization.read(at: now),
            let ofTeam = team.read(at: now),
            let ofKey = key.read(at: now)
        else { return gate.remaining(on: [organization, team, key], at: now) }
        let least = min(ofOrganization, ofTeam, ofKey)
        return least == .max ? nil : MicroCredits(micros: least)
    }
}
