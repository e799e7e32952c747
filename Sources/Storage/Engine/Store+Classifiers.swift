public import Caching
public import Vocabulary

extension Store: ClassifierStore {
    public func record(
        _ change: ClassifierChange,
        at now: Timestamp,
        in log: PurgeLog?,
        then: @escaping @Sendable (Result<Void, StoreFault>) -> Void
    ) {
        let target = PurgeTarget.classifier(change.classifier)
        perform(
            { connection in
                try ClassifierTable.save(change, on: connection)
                try connection.link.shared?.mark(change)
                let recording = try PurgeTable.record(target, at: now, inMemory: 0, audit: nil, on: connection)
                // What ends after this transaction was asked for before the change, unless its stamp is newer.
                log?.note(target)
                return recording
            },
            then: { [self] (result: Result<PurgeTable.Recording, StoreFault>) in
                if case .success(.open(let progress)) = result {
                    writer.purges.add(progress, then: nil)
                    countRemaining(of: progress.id)
                }
                // With too many purges under way the results stay until they are old. Their keys lead to none of them.
                then(result.map { _ in })
            }
        )
    }
}
