import Dispatch
import TestSupport
import Vocabulary

@testable import Storage

/// What a store has told of other nodes. Guarded.
final class HeardEvents: Sendable {
    private let events = Guarded<[StoreEvent]>([])
    private let arrival = DispatchSemaphore(value: 0)

    init(_ store: Store) {
        store.hear { [self] event in
            events.withLock { $0.append(event) }
            arrival.signal()
        }
    }

    var all: [StoreEvent] { events.withLock { $0 } }

    /// Waits for so many more, and gives these.
    func next(_ count: Int = 1) throws -> [StoreEvent] {
        let deadline = Deadline.generous
        for _ in 0..<count {
            let end = DispatchTime.now() + .milliseconds(Int(deadline.millisecondsLeft))
            guard arrival.wait(timeout: end) == .success else { throw TestFailure("heard of \(all) alone") }
        }
        return events.withLock { Array($0.suffix(count)) }
    }
}
