import TestSupport

/// One step of a run: what happens next, and a word that all chance within the step is drawn from. Its last byte is the
/// part of the run that the step was drawn for: which questions are asked changes from part to part.
///
/// It is carried out if it can be, and passed over if not, so that any part of a list of decisions is a list of
/// decisions.
struct Decision: Equatable {
    enum Kind: UInt8, CaseIterable {
        /// The process: a message is taken from a worker's mailbox; the store's writer, its fsync and its reader go on.
        case turn, write, sync, read
        /// Clients.
        case ask, leave
        /// The vendor, and the way there.
        case vendor, network
        case time, jump
        /// Operators.
        case purge, change, changeGoesOn, grant, withdrawGrant, resolve, reload, rotate, revoke, enable
        /// A request that is passed through has cost something.
        case charge
        /// The disk fills up or falls silent, and is repaired.
        case trouble, repair
        case crash, start, drain, cut
    }

    let kind: Kind
    let word: UInt32

    var part: Int { Int(word & 0xFF) }
    var choice: Int { Int(word >> 8) }
    private static let partLength = 1_000

    /// What a run has most of.
    enum Profile: CaseIterable {
        /// Everything gets through soon, so that much is answered.
        case quick
        /// The store and the vendor are behind, so that much is under way; more changes and crashes.
        case slow

        private var weights: [(kind: Kind, weight: Int)] {
            let isSlow = self == .slow
            return [
                (.turn, isSlow ? 200 : 320), (.write, isSlow ? 40 : 110), (.sync, isSlow ? 40 : 110),
                (.read, isSlow ? 40 : 60), (.ask, isSlow ? 160 : 120), (.leave, 8), (.vendor, isSlow ? 70 : 120),
                (.network, isSlow ? 40 : 70), (.time, isSlow ? 60 : 45), (.jump, 2), (.purge, isSlow ? 6 : 3),
                (.change, isSlow ? 4 : 2), (.changeGoesOn, 10), (.grant, 3), (.withdrawGrant, 1), (.resolve, 7),
                (.reload, 3), (.rotate, 2), (.revoke, 1), (.enable, 2), (.charge, 4), (.trouble, 2), (.repair, 12),
                (.crash, isSlow ? 2 : 1), (.start, 16), (.drain, 1), (.cut, 1),
            ]
        }

        /// Each kind as many times as it weighs.
        fileprivate var kinds: [Kind] { weights.flatMap { Array(repeating: $0.kind, count: $0.weight) } }
    }

    private static let kinds: [Profile: [Kind]] = Dictionary(
        uniqueKeysWithValues: Profile.allCases.map { ($0, $0.kinds) }
    )

    static func draw(_ count: Int, _ profile: Profile, _ random: inout SeededGenerator) -> [Decision] {
        let kinds = kinds[profile] ?? []
        return (0..<count).map { index in
            let word = random.next()
            let part = UInt32(index / partLength % 256)
            return Decision(
                kind: kinds[Int(word >> 40) % kinds.count],
                word: UInt32(truncatingIfNeeded: word) & ~0xFF | part
            )
        }
    }
}
