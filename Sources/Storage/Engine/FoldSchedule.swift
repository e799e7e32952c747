internal import Budgeting
internal import Reporting
import Vocabulary

/// Decides when the documents of past days are folded: counted for none but those that cost most. Has no clock.
///
/// The wall clock is believed as `ExpirySchedule` does it. A fold takes names, never amounts.
struct FoldSchedule {
    /// How often days are looked at.
    static let interval = Duration.seconds(3_600)
    /// And for the first time so long after a start, which has more urgent work.
    static let delay = Duration.seconds(60)
    /// All documents are kept by name for so many days.
    static let recentDays: Int32 = 32
    /// Of an earlier day this many are kept.
    static let keptOfDay: Int64 = 128
    /// And none of a day before so many days.
    static let namedDays: Int32 = 400

    /// One run over the past days, in batches.
    struct Fold: Sendable {
        /// Where to go on.
        var next: BudgetDay
        /// The first day of which documents are kept, and the first of which all are.
        let named, recent: BudgetDay

        /// Days are counted in UTC, which is close enough.
        init(at now: Timestamp) {
            let today = Int32(clamping: floorDivide(now.wholeSeconds, 86_400))
            next = BudgetDay(number: .min)
            named = BudgetDay(number: today.addingReportingOverflow(-namedDays).partialValue)
            recent = BudgetDay(number: today.addingReportingOverflow(-recentDays).partialValue)
        }
    }

    private var due: MonotonicInstant
    private let startedAt: MonotonicInstant
    private let wallAtStart: Timestamp

    init(now: MonotonicInstant, wall: Timestamp) {
        startedAt = now
        wallAtStart = wall
        due = now + Self.delay
    }

    /// The fold to begin now.
    mutating func next(now: MonotonicInstant, wall: Timestamp) -> Fold? {
        guard now >= due else { return nil }
        due = now + Self.interval
        return Fold(at: min(wall, wallAtStart + (now - startedAt)))
    }

    /// How long there is nothing to do.
    func pause(now: MonotonicInstant) -> Duration { max(.zero, due - now) }
}

extension FoldSchedule.Fold {
    /// Folds one batch in a transaction of its own, and goes on from there the next time. Without a day to fold it
    /// takes no lock.
    ///
    /// - Returns: how many documents were folded; nil when no day is left.
    mutating func run(atMost count: Int, on connection: StoreConnection) throws -> Int? {
        if next < named {
            let found = try UsageDocumentTable.dayToFold(from: next, before: named, keeping: 0, on: connection)
            if let found { return try fold(found.day, found.surplus, atMost: count, on: connection) }
            next = named
        }
        let found = try UsageDocumentTable.dayToFold(
            from: next,
            before: recent,
            keeping: FoldSchedule.keptOfDay,
            on: connection
        )
        guard let found else { return nil }
        return try fold(found.day, found.surplus, atMost: count, on: connection)
    }

    private mutating func fold(
        _ day: BudgetDay,
        _ surplus: Int64,
        atMost count: Int,
        on connection: StoreConnection
    ) throws -> Int {
        let folded = try connection.inTransaction { connection in
            try UsageDocumentTable.fold(day, atMost: min(surplus, Int64(count)), on: connection)
        }
        // Unconfirmed credits may keep more documents than were to stay: then the day is left as it is.
        next = folded < min(surplus, Int64(count)) ? day.next : day
        return folded
    }
}
