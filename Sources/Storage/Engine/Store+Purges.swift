public import Caching
import EventLoops
public import Registry
public import Vocabulary

extension Store: PurgeStore {
    public var purgesUnderWay: [PurgeProgress] { writer.purges.progress }

    public func purge(
        _ order: PurgeOrder,
        audit: AuditEntry,
        recorded: @escaping @Sendable () -> Void,
        then: @escaping @Sendable (Result<PurgeAnswer, StoreFault>) -> Void
    ) {
        guard !order.keysInMemory.isEmpty else { return record(order, audit, inMemory: 0, recorded, then) }
        // These may be many, and the writer has other things to do.
        list(
            { connection in
                try order.keysInMemory.reduce(0) { try $0 + (ResultTable.has($1, on: connection) ? 0 : 1) }
            },
            then: { [self] result in
                switch result {
                case .success(let count): record(order, audit, inMemory: count, recorded, then)
                case .failure(let fault): then(.failure(fault))
                }
            }
        )
    }

    private func record(
        _ order: PurgeOrder,
        _ audit: AuditEntry,
        inMemory: Int64,
        _ recorded: @escaping @Sendable () -> Void,
        _ then: @escaping @Sendable (Result<PurgeAnswer, StoreFault>) -> Void
    ) {
        perform(
            { connection in
                let recording = try PurgeTable.record(
                    order.target,
                    at: order.at,
                    inMemory: inMemory,
                    audit: audit,
                    on: connection
                )
                // What ends after this transaction was asked for before the purge, unless its stamp is newer.
                order.log.note(order.target)
                return recording
            },
            then: { [self] (result: Result<PurgeTable.Recording, StoreFault>) in
                switch result {
                case .success(.full): then(.success(.full))
                case .success(.done(let purged)):
                    recorded()
                    then(.success(.purged(purged)))
                case .success(.open(let progress)):
                    writer.purges.add(progress, then: then)
                    recorded()
                    countRemaining(of: progress.id)
                case .failure(let fault): then(.failure(fault))
                }
            }
        )
    }

    /// Counts what a purge has left to remove, for those who ask how far it is.
    func countRemaining(of id: Int64) {
        list(
            { try PurgeTable.remaining(of: id, on: $0) },
            then: { [writer] result in
                guard case .success(let counts?) = result else { return }
                writer.purges.note(remaining: counts.remaining, ofPurge: id, whenPurged: counts.purged)
            }
        )
    }
}

extension Store: ChangeStore {
    public func drop(
        _ documents: [String],
        at now: Timestamp,
        then: @escaping @Sendable (Result<DroppedDocuments, StoreFault>) -> Void
    ) {
        guard let ends = engine.changeEnds else { return remove(documents, at: now, as: nil, then: then) }
        // Durable before the removal begins: an answer that found no marker is stored before it, and removed.
        let number = ends.makeNumber()
        perform(
            { try $0.link.shared?.mark(documents, as: number) },
            then: { [self] (result: Result<Void?, StoreFault>) in
                switch result {
                case .success:
                    remove(documents, at: now, as: number) { [self] result in
                        if case .failure = result { endChange(number, of: documents) }
                        then(result)
                    }
                case .failure(let fault): then(.failure(fault))
                }
            }
        )
    }

    private func remove(
        _ documents: [String],
        at now: Timestamp,
        as change: Int64?,
        then: @escaping @Sendable (Result<DroppedDocuments, StoreFault>) -> Void
    ) {
        perform(
            { try PurgeTable.drop(documents, at: now, on: $0) },
            then: { [self] (result: Result<PurgeTable.Drop, StoreFault>) in
                if case .success(let drop) = result {
                    for progress in drop.open {
                        writer.purges.add(progress, then: nil)
                        countRemaining(of: progress.id)
                    }
                }
                then(result.map { DroppedDocuments(count: $0.dropped, change: change) })
            }
        )
    }

    public func endChange(_ change: Int64, of documents: [String]) {
        engine.changeEnds?.add(ChangeEnds.Change(number: change, documents: documents))
        writer.wake()
    }
}

extension Store: EntryStore {
    public func statistics(then: @escaping @Sendable (Result<EntryStatistics, StoreFault>) -> Void) {
        list({ try ResultTable.statistics(on: $0) }, then: then)
    }

    public func entries(
        of documentID: String,
        after number: Int64,
        storedSince oldest: Timestamp,
        ofClassifiersSince oldestOfClassifiers: Timestamp,
        atMost count: Int,
        then: @escaping @Sendable (Result<[StoredEntry], StoreFault>) -> Void
    ) {
        list(
            {
                try ResultTable.entries(
                    of: documentID,
                    after: number,
                    storedSince: oldest,
                    ofClassifiersSince: oldestOfClassifiers,
                    atMost: count,
                    on: $0
                )
            },
            then: then
        )
    }
}
