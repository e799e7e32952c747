public import Vocabulary

/// Which conditions have been told of, so that each is told once. Pure: no clock, no store.
///
/// - A1: A condition is raised when it is seen and neither open nor raised less than `quietTime` ago. Its owner makes
///   that durable before anything is sent; only then it is open here.
/// - A2: A lasting condition stays open until a look at its kind finds it gone. A dated one stays open until its
///   moment, whatever is seen meanwhile.
/// - A3: A dated condition that was closed is not raised again: the wall clock may have been set past its moment, and
///   come back.
/// - A4: After a restart the book is what the store has open: what was told before is not told again. So it is when
///   another node of several takes it over.
///
/// A3 is kept in memory, for the `endedMax` that were closed last. There are as many open conditions as there are keys,
/// accounts, and budgets with thresholds in their current windows.
public struct AlertBook: Sendable {
    /// One condition that was raised.
    public struct Entry: Sendable, Equatable {
        public let name: String
        public let raisedAt: Timestamp
        public let course: AlertCondition.Course

        public init(name: String, raisedAt: Timestamp, course: AlertCondition.Course) {
            self.name = name
            self.raisedAt = raisedAt
            self.course = course
        }
    }

    /// What follows from a look.
    public struct Findings: Sendable {
        /// To be raised: made durable, noted with `raised`, and sent.
        public var new: [AlertCondition] = []
        /// To be closed: made durable, and noted with `closed`.
        public var over: [String] = []
    }

    /// A lasting condition that comes and goes is raised once in this time.
    public static let quietTime = Duration.seconds(600)
    /// Dated conditions that are remembered after their end, at least: those of ten thousand teams that end at one
    /// midnight, of a day and a month each.
    public static let endedMax = 20_000

    private var open: [String: Entry] = [:]
    /// When the lasting conditions that are closed were raised last; kept for `quietTime`.
    private var quiet: [String: Timestamp] = [:]
    /// The names of dated conditions that are closed: those of the last `endedMax` or fewer, and as many before them.
    private var ended = (last: Set<String>(), before: Set<String>())

    public init(_ entries: some Sequence<Entry>) { replace(entries) }

    /// Takes what the store has open, of which other nodes may have raised some.
    public mutating func replace(_ entries: some Sequence<Entry>) {
        open = [:]
        for entry in entries { open[entry.name] = entry }
    }

    public var openCount: Int { open.count }

    /// Compares what is seen now with what was raised.
    ///
    /// - Parameters:
    ///   - conditions: all lasting ones of `kinds` that hold now, and any dated ones.
    ///   - kinds: the kinds whose lasting conditions were looked for.
    public mutating func look(
        _ conditions: [AlertCondition],
        for kinds: Set<AlertKind>,
        at now: Timestamp
    ) -> Findings {
        quiet = quiet.filter { isRecent($0.value, at: now) }
        var findings = Findings()
        var seen: Set<String> = []
        for condition in conditions where seen.insert(condition.name).inserted {
            if case .dated(let until?) = condition.course, until <= now { continue }
            if open[condition.name] == nil, quiet[condition.name] == nil, !hasEnded(condition.name) {
                findings.new.append(condition)
            }
        }
        for entry in open.values {
            switch entry.course {
            case .dated(let until): if let until, until <= now { findings.over.append(entry.name) }
            case .lasting:
                let isLookedFor = kinds.contains { entry.name.hasPrefix("\($0.rawValue)|") }
                if isLookedFor, !seen.contains(entry.name) { findings.over.append(entry.name) }
            }
        }
        return findings
    }

    /// A clock that was set back makes nothing recent.
    private func isRecent(_ moment: Timestamp, at now: Timestamp) -> Bool {
        moment <= now && now - moment < Self.quietTime
    }

    /// The raising is durable.
    public mutating func raised(_ condition: AlertCondition, at moment: Timestamp) {
        open[condition.name] = Entry(name: condition.name, raisedAt: moment, course: condition.course)
    }

    /// The closing is durable.
    public mutating func closed(_ names: [String]) {
        for name in names {
            guard let entry = open.removeValue(forKey: name) else { continue }
            switch entry.course {
            case .lasting: quiet[name] = entry.raisedAt
            case .dated: remember(name)
            }
        }
    }

    private func hasEnded(_ name: String) -> Bool { ended.last.contains(name) || ended.before.contains(name) }

    private mutating func remember(_ name: String) {
        if ended.last.count >= Self.endedMax { ended = ([], ended.last) }
        ended.last.insert(name)
    }
}
