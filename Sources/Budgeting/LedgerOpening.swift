public import Vocabulary

/// The credits in the store when the program starts, from which the gate's balances are rebuilt.
///
/// No reservation is open then: reservations left open by a crash became unconfirmed when the store was opened.
public struct LedgerOpening: Sendable, Equatable {
    /// The spend of one day by one team's key through one upstream key.
    public struct Row: Sendable, Equatable {
        public var day: BudgetDay
        public var team: TeamID
        public var key: TeamKeyID
        public var upstreamKey: UpstreamKeyID
        public var spent: MicroCredits
        public var unconfirmed: MicroCredits

        public init(
            day: BudgetDay,
            team: TeamID,
            key: TeamKeyID,
            upstreamKey: UpstreamKeyID,
            spent: MicroCredits,
            unconfirmed: MicroCredits
        ) {
            self.day = day
            self.team = team
            self.key = key
            self.upstreamKey = upstreamKey
            self.spent = spent
            self.unconfirmed = unconfirmed
        }
    }

    /// Where no other node spends: what was booked, by day and key. Empty where `balances` and `elsewhere` say it.
    public var rows: [Row] = []
    /// What this node has booked, under its number.
    public var balances: [ScopeDayBalance] = []
    /// What other nodes have booked, and what is reserved there.
    public var elsewhere: [ScopeDayBalance] = []
    /// The latest paid replies of each model.
    public var rates: [String: [PaidReply]] = [:]
    /// The greatest existing identifier; new ones are greater, whatever the clock says.
    public var lastReservation: ReservationID?
    /// The grants that have not ended, or ended lately.
    public var grants: [Grant] = []
    /// The greatest existing identifier of a grant; 0 for none.
    public var lastGrant: Int64 = 0
    /// The stored refusals of shadow budgets in the latest window of each; at most one row for each scope and window.
    public var refusals: [ShadowRefusals] = []
    /// The number of reservations left open by a crash.
    public var recoveredCount = 0

    public init() {}
}
