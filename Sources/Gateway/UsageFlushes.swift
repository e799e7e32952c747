import Vocabulary

/// Those who wait for a worker's counts to be in the store. Pure.
///
/// The report under way may lack counts that were made since it began, so one who asks meanwhile waits for the next.
struct UsageFlushes {
    /// Called once, with the fault if the counts could not be stored.
    typealias Flushed = @Sendable (StoreFault?) -> Void

    /// The maximum number of those who wait.
    static let waitingMax = 64

    private var ofReport: [Flushed] = []
    private var ofNextReport: [Flushed] = []

    var isEmpty: Bool { ofReport.isEmpty && ofNextReport.isEmpty }

    /// Whether a report is to follow the one under way.
    var needsReport: Bool { !ofNextReport.isEmpty }

    /// False when too many wait already.
    mutating func add(_ flushed: @escaping Flushed) -> Bool {
        guard ofReport.count + ofNextReport.count < Self.waitingMax else { return false }
        ofNextReport.append(flushed)
        return true
    }

    mutating func reportBegan() {
        ofReport += ofNextReport
        ofNextReport = []
    }

    /// Takes those whom the report was for.
    mutating func reportEnded() -> [Flushed] {
        defer { ofReport = [] }
        return ofReport
    }

    /// Takes all.
    mutating func giveUp() -> [Flushed] {
        defer { self = UsageFlushes() }
        return ofReport + ofNextReport
    }
}
