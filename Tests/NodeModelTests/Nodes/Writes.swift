/// The writes of a batch, in the order in which they go out.
struct Writes {
    let number: Int
    private var balances: [RowKey: Amounts] = [:]
    var ledger: [Statement] = []
    var flights: [Statement] = []
    var results: [Statement] = []
    var late: [Statement] = []
    private var registry: [Statement] = []
    private var feed: [Statement] = []

    init(number: Int) { self.number = number }

    mutating func book(_ entry: LedgerEntry, _ change: Amounts) {
        for scope in entry.scopes { balances[RowKey(scope, entry.day, number), default: Amounts()] += change }
    }

    mutating func change(_ id: Int, _ row: inout LedgerEntry, to state: LedgerState, credits: Int = 0) {
        var change = Amounts()
        change -= row.amounts
        row.state = state
        row.credits = credits
        change += row.amounts
        book(row, change)
        ledger.append(.putLedger(id, row))
    }

    mutating func insert(_ id: Int, _ row: inout LedgerEntry, as state: LedgerState, credits: Int = 0) {
        row.state = state
        row.credits = credits
        row.isInsertedWhole = true
        book(row, row.amounts)
        ledger.append(.putLedger(id, row))
    }

    mutating func register(_ event: FeedEvent) {
        switch event.subject {
        case .key(let key): registry.append(.revoke(key: key))
        case .upstreamKey(let key): registry.append(.quarantine(upstreamKey: key))
        case .document: preconditionFailure("a document in the registry")
        }
        feed.append(.feed(event))
    }

    /// What it changes in balances so far.
    var changes: [BalanceChange] {
        balances.sorted { $0.key < $1.key }.map {
            BalanceChange(scope: $0.key.first, day: $0.key.second, number: $0.key.third, change: $0.value)
        }
    }

    var statements: [Statement] {
        let changes = changes
        return (changes.isEmpty ? [] : [.book(changes)]) + ledger + flights + results + late + registry + feed
    }
}
