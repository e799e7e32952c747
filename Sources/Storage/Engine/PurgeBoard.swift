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

    /// Adds those that are not there yet, in the order of their numbers; nobody waits for them here.
    func adopt(_ purges: [PurgeProgress]) {
        entries.withLock { entries in
            for purge in purges where !entries.contains(where: { $0.progress.id == purge.id }) {
                let index = entries.firstIndex { $0.progress.id > purge.id } ?? entries.endIndex
                entries.insert(Entry(progress: purge, then: nil), at: index)
            }
        }
    }

    /// Those whose number is less than this one, which another node has finished if the store's oldest is this one.
    func before(_ id: Int64) -> [PurgeProgress] {
        entries.withLock { entries in entries.map(\.progress).filter { $0.id < id } }
    }

    /// Notes how many results of a purge were counted as left at a moment when it had removed `purged`.
    func note(remaining: Int64, ofPurge id: Int64, whenPurged purged: Int64) {
        entries.withLock { entries in
            guard let index = entries.firstIndex(where: { $0.progress.id == id }) else { return }
            let since = entries[index].progress.purged.saturatingSubtract(purged)
            entries[index].progress.remaining = max(0, remaining.saturatingSubtract(since))
        }
    }

    /// Notes how many results a purge has removed.
    func note(purged: Int64, byPurge id: Int64) {
        entries.withLock { entries in
            guard let index = entries.firstIndex(where: { $0.progress.id == id }) else { return }
            let more = purged.saturatingSubtract(entries[index].progress.purged)
            entries[index].progress.purged = purged
            entries[index].progress.remaining = entries[index].progress.remaining.map {
                max(0, $0.saturatingSubtract(more))
            }
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

    /// Answers all who wait; the purges stay.
    func fail(_ fault: StoreFault) {
        let waiting = entries.withLock { entries in
            defer { for index in entries.indices { entries[index].then = nil } }
            return entries.compactMap(\.then)
        }
        for then in waiting { then(.failure(fault)) }
    }
}
