internal import Caching
import Vocabulary

/// The purges whose removal is not finished, and who waits for them.
///
/// Guarded. The writer's thread adds them, counts what it removes and takes them off; any thread may look.
final class PurgeBoard: Sendable {
    typealias Answer = @Sendable (Result<PurgeAnswer, StoreFault>) -> Void

    private struct Entry {
        var progress: PurgeProgress
        /// Nil once it was answered, or for a purge of an earlier process.
        var then: Answer?
    }

    /// By their numbers, which is the order in which they are done.
    private let entries = Guarded<[Entry]>([])

    var isEmpty: Bool { entries.withLock { $0.isEmpty } }

    var progress: [PurgeProgress] { entries.withLock { $0.map(\.progress) } }

    func add(_ progress: PurgeProgress, then: Answer?) {
        entries.withLock { $0.append(Entry(progress: progress, then: then)) }
    }

    /// Notes how many results of a purge were counted as left at a moment when it had removed `purged`.
    func note(remaining: Int64, ofPurge id: Int64, whenPurged purged: Int64) {
        entries.withLock { entries in
            guard let index = entries.firstIndex(where: { $0.progress.id == id }) else { return }
            let since = entries[index].progress.purged - purged
            entries[index].progress.remaining = max(0, remaining - since)
        }
    }

    /// Notes how many results a purge has removed.
    func note(purged: Int64, byPurge id: Int64) {
        entries.withLock { entries in
            guard let index = entries.firstIndex(where: { $0.progress.id == id }) else { return }
            let more = purged - entries[index].progress.purged
            entries[index].progress.purged = purged
            entries[index].progress.remaining = entries[index].progress.remaining.map { max(0, $0 - more) }
        }
    }

    /// Takes a purge off that is finished, and answers it.
    func finish(_ id: Int64, purged: Int64) {
        let then = entries.withLock { entries -> Answer? in
            guard let index = entries.firstIndex(where: { $0.progress.id == id }) else { return nil }
            return entries.remove(at: index).then
        }
        then?(.success(.purged(purged)))
    }

    /// Takes all off and answers them: the store has none that is not finished.
    func finishAll() { for purge in progress { finish(purge.id, purged: purge.purged) } }

    /// Answers all who wait; the purges stay.
    func fail(_ fault: StoreFault) {
        let waiting = entries.withLock { entries in
            defer { for index in entries.indices { entries[index].then = nil } }
            return entries.compactMap(\.then)
        }
        for then in waiting { then(.failure(fault)) }
    }
}
