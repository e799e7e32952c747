public import Budgeting
public import Vocabulary

/// What the items of a spend report are.
public enum SpendGrouping: String, CaseIterable, Sendable {
    case team, key, model, document, day
    case upstreamKey = "upstream_key"
}

/// What requests came to: one line of a spend report. Sums stay at the greatest number there is.
public struct SpendCounts: Hashable, Sendable {
    /// What the vendor said that it charged.
    public var spent = MicroCredits.zero
    /// Estimates of reservations of which nobody knows what the vendor charged.
    public var unconfirmed = MicroCredits.zero
    /// What the vendor would have charged for what the cache answered.
    public var saved = MicroCredits.zero
    public var hits: Int64 = 0
    public var collapsed: Int64 = 0
    public var misses: Int64 = 0
    public var denied: Int64 = 0

    public init() {}

    /// Each request is one of hit, collapsed, miss and denied.
    public var requests: Int64 { hits.saturatingAdd(collapsed).saturatingAdd(misses).saturatingAdd(denied) }

    public mutating func add(_ other: SpendCounts) {
        spent = spent.saturatingAdd(other.spent)
        unconfirmed = unconfirmed.saturatingAdd(other.unconfirmed)
        saved = saved.saturatingAdd(other.saved)
        hits = hits.saturatingAdd(other.hits)
        collapsed = collapsed.saturatingAdd(other.collapsed)
        misses = misses.saturatingAdd(other.misses)
        denied = denied.saturatingAdd(other.denied)
    }
}

/// Where the credits of a period went.
public struct SpendReport: Hashable, Sendable {
    public struct Item: Hashable, Sendable {
        /// Of the team, key, model, upstream key or document, or the day's date; nil for what belongs to none.
        public let name: String?
        public var counts: SpendCounts

        public init(name: String?, counts: SpendCounts) {
            self.name = name
            self.counts = counts
        }
    }

    public let grouping: SpendGrouping
    public let period: ReportPeriod
    /// The maximum number of documents with an item of their own: those that cost most. The item without a name has the
    /// others.
    public static let documentsMax = 1_000
    /// The maximum number of days of a report by day, which has an item for each: ten years.
    public static let daysMax = 3_660

    /// Days in their order; others by what was spent, the most first, then by name.
    public let items: [Item]
    /// The sum of all items.
    public let total: SpendCounts

    /// - Parameters:
    ///   - items: each name once, in any order.
    ///   - today: a report by day gets an item for each day of the period up to this one, used or not.
    public init(_ grouping: SpendGrouping, over period: ReportPeriod, items: [Item], today: BudgetDay) {
        let items = grouping == .day ? items + Self.unusedDays(period, items, today) : items
        self.grouping = grouping
        self.period = period
        self.items = items.sorted { left, right in
            let names = (left.name ?? "", right.name ?? "")
            if grouping == .day { return names.0 < names.1 }
            let spent = (left.counts.spent, right.counts.spent)
            return spent.0 == spent.1 ? names.0 < names.1 : spent.0 > spent.1
        }
        total = items.reduce(into: SpendCounts()) { $0.add($1.counts) }
    }

    private static func unusedDays(_ period: ReportPeriod, _ items: [Item], _ today: BudgetDay) -> [Item] {
        let used = Set(items.map(\.name))
        let end = min(period.days.upperBound, today.next)
        guard period.days.lowerBound < end else { return [] }
        return (period.days.lowerBound.number..<end.number).lazy.map { BudgetDay(number: $0).text }
            .filter { !used.contains($0) }.map { Item(name: $0, counts: SpendCounts()) }
    }
}
