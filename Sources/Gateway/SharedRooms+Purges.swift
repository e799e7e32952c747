public import Budgeting
public import Caching
import EventLoops
public import Vocabulary

/// What the cache holds in memory.
public struct CacheMemory: Sendable {
    public let entries: Int
    public let bytes: Int
    public let bytesMax: Int
    public let aliases: Int
    /// Since the start of the process.
    public let evictions: Int
}

extension SharedRooms {
    /// What the cache holds in memory now.
    public var cacheMemory: CacheMemory {
        let statistics = cache.statistics
        return CacheMemory(
            entries: statistics.entries,
            bytes: statistics.bytes,
            bytesMax: cache.bytesAllowed,
            aliases: statistics.aliases,
            evictions: statistics.evictions
        )
    }

    /// The day of a moment, by the time zone of the budgets.
    public func today(at now: Timestamp) -> BudgetDay { credits.today(at: now) }
}

/// Purges of results: in the store, in memory, and in what is under way. Any thread; never blocks.
extension SharedRooms {
    /// Removes the results that a purge concerns, durably.
    ///
    /// What was asked before is not kept afterwards, and what is asked from the answer on joins no flight from before
    /// (`PurgeLog` states the rules).
    ///
    /// - Parameters:
    ///   - store: records the purge, with a note of who made it.
    ///   - then: called once, on any thread: how many results there were, when none is left anywhere. A failure may
    ///     come after the purge was recorded; it goes on then.
    public func purge<Note: Sendable>(
        _ target: PurgeTarget,
        in store: any PurgeStore<Note>,
        audit: Note,
        then: @escaping @Sendable (Result<PurgeAnswer, StoreFault>) -> Void
    ) {
        // Memory may have errors that a broad purge has to search for.
        apart(unless: target.isNarrow) { [self] in
            let order = PurgeOrder(
                target,
                at: SystemClock.wall(),
                keysInMemory: cache.keysOfErrors(target),
                log: cache.purges
            )
            let end = PurgeEnd(then)
            store.purge(
                order,
                audit: audit,
                recorded: { [self] in forget(target) { end.forgotten() } },
                then: { end.stored($0) }
            )
        }
    }

    /// What follows the record: look-ups that began before it have seen the store as it was, and must not fill memory.
    func forget(_ target: PurgeTarget, then: @escaping @Sendable () -> Void) {
        closeFlights([target])
        // This is the store's thread, and a million results take a while.
        apart(unless: target.isNarrow) { [self] in
            cache.remove(target)
            then()
        }
    }

    /// Drops from memory what there is about documents; what was asked about them so far is not kept.
    func forget(documents: [String]) {
        let targets = documents.map { PurgeTarget.document($0) }
        closeFlights(targets)
        for target in targets { cache.remove(target) }
    }

    /// Notes purges, and lets no request from now on join a flight from before them.
    private func closeFlights(_ targets: [PurgeTarget]) {
        cache.purges.note(targets)
        flights.detach { key, leader in
            targets.contains { target in
                switch target {
                case .document(let id): leader.documentID == id
                case .team(let team): leader.team == team
                case .key(let wanted): key == wanted
                case .classifier(let classifier): leader.classifier == classifier
                case .all: true
                }
            }
        }
    }

    /// Runs something that may take long on a thread of its own, if there is one to be had.
    func apart(unless isBrief: Bool, _ body: @escaping @Sendable () -> Void) {
        guard !isBrief else { return body() }
        do throws(EventLoop.Fault) { _ = try SystemThread.start(name: "purge", body) } catch { body() }
    }
}

/// Answers a purge when both store and memory are done. Guarded.
private final class PurgeEnd: Sendable {
    private struct State {
        var isForgotten = false
        var answer: PurgeAnswer?
        var then: (@Sendable (Result<PurgeAnswer, StoreFault>) -> Void)?
    }

    private let state: Guarded<State>

    init(_ then: @escaping @Sendable (Result<PurgeAnswer, StoreFault>) -> Void) { state = Guarded(State(then: then)) }

    func forgotten() {
        tell { state in
            state.isForgotten = true
            return state.answer.map { .success($0) }
        }
    }

    /// What is refused has nothing to forget.
    func stored(_ result: Result<PurgeAnswer, StoreFault>) {
        tell { state in
            switch result {
            case .success(.purged(let count)):
                state.answer = .purged(count)
                return state.isForgotten ? result : nil
            case .success(.full), .failure: return result
            }
        }
    }

    private func tell(_ decide: (inout State) -> Result<PurgeAnswer, StoreFault>?) {
        let (result, then) = state.withLock { state in
            guard let result = decide(&state) else {
                return (
                    Result<PurgeAnswer, StoreFault>?.none, (@Sendable (Result<PurgeAnswer, StoreFault>) -> Void)?.none
                )
            }
            defer { state.then = nil }
            return (result, state.then)
        }
        if let result { then?(result) }
    }
}
