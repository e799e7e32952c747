/// Nodes, a database and a vendor, moved by one decision after the other.
///
/// A value: the same decisions from the beginning lead to the same end. The first invariant that breaks stops it.
struct World {
    let rules: Rules
    var database: Database
    var nodes: [Node] = []
    var calls: [VendorCall] = []
    var requests: [Request] = []
    var changes: [Change] = []
    /// By serial, of what was told or will be told through the feed.
    var removals: [Removal] = []
    var revocations: [Revocation] = []
    var sums = Sums()
    /// What counts what a run has seen, so that a test can ask whether it saw anything.
    var counts = Counts()
    private(set) var steps = 0
    var lastID = 0
    var lastFlight = 0
    /// The step of the last loss of commits.
    var lossStep = -1
    private(set) var violation: Violation?
    /// Nil when nobody wants to read it.
    let trace: Trace?

    /// What happened, line by line. A reference, so that a line may read the world that it is about.
    final class Trace { fileprivate(set) var lines: [String] = [] }

    struct Violation: Equatable {
        let invariant: Invariant
        let detail: String
    }

    struct Change {
        enum State { case beginning, forwarded, ending, ended }
        let document: Int
        let node: Int
        let process: Int
        /// The serial of the purge that begins it.
        let begin: Int
        var state = State.beginning
    }

    /// A purge, or one end of a change.
    struct Removal {
        let kind: Operation.Removal.Kind
        let document: Int
        let node: Int
        let requestedStep: Int
        /// Nil for what a sweep has ended.
        var number: Int?
        var commit: Int?
        var committedStep: Int?
        var confirmedStep: Int?
    }

    struct Revocation {
        let key: Int
        let node: Int
        let serial: Int
        var number: Int?
        var commit: Int?
        var committedAt = 0
        var confirmedStep: Int?
    }

    struct Counts: Equatable {
        var commits = 0
        var calls = 0
        var hits = 0
        var follows = 0
        var swept = 0
        var late = 0
        var denied = 0
        var unknown = 0
        var timeouts = 0
        var conflicts = 0
        var losses = 0
    }

    init(rules: Rules, rates: [Int], isTraced: Bool = false) {
        self.rules = rules
        database = Database(rules: rules)
        // Two minutes before midnight, so that runs go past it.
        database.now = 86_400_000 - 120_000
        trace = isTraced ? Trace() : nil
        for rate in rates {
            var node = Node()
            node.rate = rate
            nodes.append(node)
        }
    }

    func local(_ node: Int) -> Int { database.now * nodes[node].rate / 1_000 }

    mutating func count() { steps += 1 }

    func note(_ line: @autoclosure () -> String) {
        if let trace { trace.lines.append("\(steps) \(database.now % 1_000_000) ms: \(line())") }
    }

    mutating func violate(_ invariant: Invariant, _ detail: String) {
        guard violation == nil else { return }
        violation = Violation(invariant: invariant, detail: detail)
        note("\(invariant.rawValue): \(detail)")
    }

    mutating func nextID() -> Int {
        lastID += 1
        return lastID
    }

    mutating func nextRemoval(_ kind: Operation.Removal.Kind, _ document: Int, _ node: Int) -> Int {
        removals.append(Removal(kind: kind, document: document, node: node, requestedStep: steps))
        return removals.count - 1
    }
}
