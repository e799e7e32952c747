import Caching
import EventLoops
import Observability
import Vocabulary

/// Changes of saved classifiers that go to the vendor; `ClassifierEpochs` has the rules. Any thread; never blocks.
extension SharedRooms {
    /// Raises the epoch of a classifier, durably, and drops its results.
    ///
    /// - Parameter then: called once. After success the change may be sent, and `endChange` must follow; after a
    ///   failure nothing may be sent.
    func beginChange(of classifier: ClassifierKey, then: @escaping @Sendable (Result<Void, StoreFault>) -> Void) {
        let change = classifiers.begin(classifier)
        store.record(change, at: SystemClock.wall(), in: cache.purges) { [self] result in
            switch result {
            case .success:
                classifiers.began(change)
                drop(classifier)
            case .failure: classifiers.withdraw(change)
            }
            then(result)
        }
    }

    /// Raises the epoch again, at once, when the call of a change has ended.
    ///
    /// That this becomes durable is not waited for: until then the store has the change as one under way, and raises
    /// the epoch when it is opened.
    func endChange(of classifier: ClassifierKey) {
        let change = classifiers.end(classifier)
        // Noted here alone: a second note, when the store comes to it, would concern what is asked from now on.
        drop(classifier)
        store.record(change, at: SystemClock.wall(), in: nil) { result in
            guard case .failure(let fault) = result else { return }
            // Its results cannot be found any more; in the store they stay until they are old.
            ProcessLog.warning("classifier_change_not_stored", ["detail": fault.description])
        }
    }

    /// What was asked before is not kept from here on. The epoch is in force before: whatever is asked after this note
    /// has another key.
    func drop(_ classifier: ClassifierKey) {
        cache.purges.note(.classifier(classifier))
        let begins = outdatedClassifiers.withLock { outdated in
            outdated.waiting.insert(classifier)
            defer { outdated.isSwept = true }
            return !outdated.isSwept
        }
        guard begins else { return }
        // One thread at a time looks through memory, for all classifiers that changed meanwhile.
        apart(unless: !cache.hasResultsOfClassifiers) { [self] in sweepOutdated() }
    }

    private func sweepOutdated() {
        while true {
            let next = outdatedClassifiers.withLock { outdated in
                defer { outdated.waiting = [] }
                if outdated.waiting.isEmpty { outdated.isSwept = false }
                return outdated.waiting
            }
            if next.isEmpty { return }
            cache.remove(next)
        }
    }
}

/// The classifiers whose results are to leave memory. A value, under a lock.
struct OutdatedClassifiers {
    var waiting: Set<ClassifierKey> = []
    /// Whether a thread removes them.
    var isSwept = false
}

extension Worker {
    /// Asks to raise the epoch of a classifier; the answer goes to the passage with this identifier.
    func beginChange(of classifier: ClassifierKey, for id: UInt64) {
        loop.preconditionInLoop()
        let mailbox = mailboxes[index]
        rooms.beginChange(of: classifier) { mailbox.post(.classifierChangeBegun(passage: id, $0)) }
    }
}
