public import Vocabulary

/// What the store knows of credits when the program starts: what the gate's balances are rebuilt from.
///
/// No reservation is open then: those that a crash left behind were made unconfirmed when the store was opened.
public struct LedgerOpening: Sendable, Equatable {
    /// What was spent on one day by one team's key through one upstream key.
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

    public var rows: [Row] = []
    /// The last paid replies of each model.
    public var rates: [String: [PaidReply]] = [:]
    /// The newest reservation there is; new ones are greater, whatever the clock says.
    public var lastReservation: ReservationID?
    /// How many reservations a crash had left behind.
    public var recoveredCount = 0

    public init() {}
}
