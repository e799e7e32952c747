/// One choice of the scheduler. It is carried out if it can be, and passed over if not, so that any part of a list of
/// decisions is a list of decisions.
struct Decision: Equatable, CustomStringConvertible {
    enum Kind: UInt8, CaseIterable {
        case turn, store, server, orphan, loop, lookup, request, vendor, advance
        case pause, resume, crash, restart, cut, heal, endBackend, restartDatabase, failOver
        case purge, change, answerChange, revoke, quarantine, resolve, reload
    }

    let kind: Kind
    let node: Int
    let choice: Int

    var description: String { "\(kind)(\(node), \(choice))" }

    /// What a run has most of.
    enum Profile: CaseIterable {
        /// Round trips that nothing interrupts, so that much gets done.
        case bursts
        /// Single statements, so that transactions overlap; more purges, changes and broken connections.
        case overlaps

        /// How often each kind comes.
        private var weights: [(kind: Kind, weight: Int)] {
            let isOverlapping = self == .overlaps
            return [
                (.turn, isOverlapping ? 60 : 260), (.store, isOverlapping ? 200 : 110),
                (.server, isOverlapping ? 420 : 160), (.orphan, 30), (.loop, 130), (.lookup, 80), (.request, 70),
                (.vendor, 60), (.advance, isOverlapping ? 14 : 30), (.pause, 3), (.resume, 12), (.crash, 1),
                (.restart, 14), (.cut, isOverlapping ? 8 : 4), (.heal, 14), (.endBackend, 2), (.restartDatabase, 1),
                (.purge, isOverlapping ? 9 : 5), (.change, isOverlapping ? 7 : 3), (.answerChange, 8), (.revoke, 1),
                (.quarantine, 1), (.resolve, 5), (.reload, 12),
            ]
        }

        /// Each kind as many times as it weighs.
        fileprivate var kinds: [Kind] { weights.flatMap { Array(repeating: $0.kind, count: $0.weight) } }
    }

    private static let kinds: [Profile: [Kind]] = Dictionary(
        uniqueKeysWithValues: Profile.allCases.map { ($0, $0.kinds) }
    )

    static func draw(_ count: Int, _ profile: Profile, _ random: inout SplitMix) -> [Decision] {
        let kinds = kinds[profile] ?? []
        return (0..<count).map { _ in
            let word = random.next()
            let kind = kinds[Int(word >> 40) % kinds.count]
            return Decision(kind: kind, node: Int(word >> 20 & 0xFFFFF) % Places.nodes, choice: Int(word & 0xFFFF))
        }
    }
}

/// SplitMix64: small, and its words are good enough to choose by.
struct SplitMix {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var word = state
        word = (word ^ (word >> 30)) &* 0xBF58_476D_1CE4_E5B9
        word = (word ^ (word >> 27)) &* 0x94D0_49BB_1331_11EB
        return word ^ (word >> 31)
    }
}
