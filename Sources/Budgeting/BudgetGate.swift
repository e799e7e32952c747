public import Vocabulary

// The interface that the gateway is built on; the helper replaces this file by the real one.
public final class BudgetGate: Sendable {
    public enum Admission: Sendable { case admitted(Reservation), denied(Denial) }
    public init(plan: BudgetPlan, opening: LedgerOpening, node: Int, at now: Timestamp) {}
    public func replace(plan: BudgetPlan, at now: Timestamp) {}
    public func admit(_ ask: ReservationAsk, at now: Timestamp) -> Admission { fatalError() }
    public func withdraw(_ reservation: Reservation) {}
    public func raise(_ reservation: Reservation, to credits: MicroCredits) {}
    public func end(_ ending: ReservationEnding) {}
    public func meter(team: TeamID, key: KeyID) -> BudgetMeter { fatalError() }
    public func today(at now: Timestamp) -> BudgetDay { fatalError() }
    public func takeShadowRefusals() -> [ShadowRefusals] { [] }
}

public final class BudgetMeter: Sendable {
    public func remaining(at now: Timestamp) -> MicroCredits? { nil }
}

public struct Denial: Sendable, Equatable {
    public let scope: BudgetScope
    public let window: BudgetWindow
    public let limit, spent, unconfirmed, reserved, estimate: MicroCredits
    public let resetsAt: Timestamp?
}
