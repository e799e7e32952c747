public import Vocabulary

/// How much is left to a key of a team, for those who must not wait for the gate: the replies to hits say it.
///
/// Any thread; immutable, and what it shows is read without a lock from the dials of organisation, team and key. Each is
/// right by itself; while another thread admits, one may be ahead of the other. Only the first reading of a day takes the
/// gate's lock.
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

    /// The least that is left in any enforced budget of organisation, team and key, at least nothing; nil when there is
    /// none. The upstream key's limit is no matter of a team's.
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
