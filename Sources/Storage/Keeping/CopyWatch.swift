internal import Reporting
import Vocabulary

/// Decides whether a copy of the store can be made, and whether it goes on. Pure.
///
/// The copy is of one moment, which a read transaction holds fast. Until that ends no checkpoint can reset the log, so
/// the log grows with every commit, and the checkpoint behind it has all of that to write back.
struct CopyWatch {
    /// By how much the log may grow.
    static let logGrowthMax: Int64 = 512 << 20
    /// What is left free on the disk: the gateway must not run into a full one for the sake of a copy.
    static let reserveBytes: Int64 = 128 << 20

    private let logBytesAtStart: Int64

    init(logBytes: Int64) { logBytesAtStart = logBytes }

    /// Why a copy of this size cannot be begun.
    static func refusal(copyBytes: Int64, freeBytes: Int64) -> BackupFault? {
        let needed = copyBytes.saturatingAdd(reserveBytes)
        return freeBytes < needed ? .noRoom(needed: needed, free: freeBytes) : nil
    }

    /// Why it cannot go on.
    ///
    /// - Parameter restBytes: what is still to be copied.
    func refusal(restBytes: Int64, freeBytes: Int64, logBytes: Int64) -> BackupFault? {
        let growth = logBytes.saturatingSubtract(logBytesAtStart)
        if growth > Self.logGrowthMax { return .logGrown(bytes: growth) }
        // Half of the reserve, so that what others write meanwhile does not end a copy that was admitted just so.
        let needed = restBytes.saturatingAdd(Self.reserveBytes / 2)
        return freeBytes < needed ? .noRoom(needed: needed, free: freeBytes) : nil
    }
}
