/// What a run has seen, so that a test can ask whether it saw anything.
struct Counts {
    var steps = 0
    // Requests.
    var asked = 0
    var hits = 0
    var aliasHits = 0
    var storeHits = 0
    var hitsWithoutStore = 0
    var collapsed = 0
    var substitutes = 0
    var negative = 0
    var askedAgain = 0
    var handedOn = 0
    var left = 0
    var denied = 0
    var throttled = 0
    var strangers = 0
    var storeRefusals = 0
    // Reservations.
    var admitted = 0
    var withdrawn = 0
    var endings = 0
    var lateEndings = 0
    var retries = 0
    var aboveEstimate = 0
    var releasedUnsent = 0
    var moves = 0
    var movesDenied = 0
    var movesFailed = 0
    var resolved = 0
    var resolvedBeforeBooked = 0
    var resolvedTwice = 0
    var chargesWithout = 0
    // The vendor.
    var calls = 0
    var charged = 0
    var chargedInVain = 0
    var unconfirmed = 0
    var timeouts = 0
    var broken = 0
    var limited = 0
    var rejected = 0
    var quarantines = 0
    var queued = 0
    // Operators.
    var purges = 0
    var changes = 0
    var grants = 0
    var grantsWithdrawn = 0
    var reloads = 0
    var rotations = 0
    // Time and the process.
    var daysPassed = 0
    var jumps = 0
    var storeFaults = 0
    var crashes = 0
    var crashesWithOpen = 0
    var crashesUnsynced = 0
    var syncFaults = 0
    var recovered = 0
    var starts = 0
    var drains = 0
    var cuts = 0
    var drained = 0

    /// All of them, by name.
    var all: [(name: String, count: Int)] {
        Mirror(reflecting: self).children.map { ($0.label ?? "", $0.value as? Int ?? 0) }
    }

    mutating func add(_ other: Counts) {
        for path in Self.paths { self[keyPath: path] += other[keyPath: path] }
    }

    nonisolated(unsafe) private static let paths: [WritableKeyPath<Counts, Int>] = [
        \.steps, \.asked, \.hits, \.aliasHits, \.storeHits, \.hitsWithoutStore, \.collapsed, \.substitutes, \.negative,
        \.askedAgain, \.handedOn, \.left, \.denied, \.throttled, \.strangers, \.storeRefusals, \.admitted, \.withdrawn,
        \.endings, \.lateEndings, \.retries, \.aboveEstimate, \.releasedUnsent, \.moves, \.movesDenied, \.movesFailed,
        \.resolved, \.resolvedBeforeBooked, \.resolvedTwice, \.chargesWithout, \.calls, \.charged, \.chargedInVain,
        \.unconfirmed, \.timeouts, \.broken, \.limited, \.rejected, \.quarantines, \.queued, \.purges, \.changes,
        \.grants, \.grantsWithdrawn, \.reloads, \.rotations, \.daysPassed, \.jumps, \.storeFaults, \.crashes,
        \.crashesWithOpen, \.crashesUnsynced, \.syncFaults, \.recovered, \.starts, \.drains, \.cuts, \.drained,
    ]
}
