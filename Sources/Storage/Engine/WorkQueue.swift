import EventLoops
import Vocabulary

/// A bounded queue between callers on any thread and the store's own threads, which wait for work.
///
/// Guarded. Asking never blocks: a full or closed queue refuses. Every waiting consumer is counted, and a semaphore is
/// signalled once for each count that is taken back, so that no wake-up is lost and none is left over.
final class WorkQueue<Item: Sendable>: Sendable {
    enum Putting { case taken, full, closed }

    enum Taking {
        case items(ArraySlice<Item>)
        /// The time was over, or `wake` was called.
        case nothing
        /// Closed, and all that was put before is taken.
        case closed
    }

    private struct State {
        var items: ArraySlice<Item> = []
        var waiting = 0
        var isClosed = false
    }

    private let state = Guarded(State())
    private let semaphore = SystemSemaphore()
    private let itemsMax: Int

    init(itemsMax: Int) { self.itemsMax = itemsMax }

    func put(_ item: Item) -> Putting {
        let (putting, wakes) = state.withLock { state -> (Putting, Bool) in
            if state.isClosed { return (.closed, false) }
            if state.items.count >= itemsMax { return (.full, false) }
            state.items.append(item)
            return (.taken, Self.releaseOne(&state))
        }
        if wakes { semaphore.signal() }
        return putting
    }

    /// Takes what is there, oldest first; else waits for one to be put.
    ///
    /// - Parameter duration: how long to wait; nil for as long as it takes.
    func take(atMost count: Int, waiting duration: Duration?) -> Taking {
        if let taking = state.withLock({ state -> Taking? in
            if let taking = Self.takeNow(&state, atMost: count) { return taking }
            state.waiting += 1
            return nil
        }) {
            return taking
        }
        if let duration {
            if !semaphore.wait(atMost: duration) {
                let isReleased = state.withLock { !Self.releaseOne(&$0) }
                if isReleased { semaphore.wait() }  // the signal is on its way: it is taken, not left over
            }
        } else {
            semaphore.wait()
        }
        return state.withLock { Self.takeNow(&$0, atMost: count) ?? .nothing }
    }

    /// Lets one waiting consumer look up without an item.
    func wake() {
        if state.withLock({ Self.releaseOne(&$0) }) { semaphore.signal() }
    }

    /// Refuses from now on; what was put before is still taken.
    func close() {
        let waiting = state.withLock { state -> Int in
            state.isClosed = true
            defer { state.waiting = 0 }
            return state.waiting
        }
        for _ in 0..<waiting { semaphore.signal() }
    }

    var count: Int { state.withLock { $0.items.count } }

    var isEmpty: Bool { state.withLock { $0.items.isEmpty } }

    private static func takeNow(_ state: inout State, atMost count: Int) -> Taking? {
        if state.items.isEmpty { return state.isClosed ? .closed : nil }
        let taken = state.items.prefix(count)
        if taken.count == state.items.count { state.items = [] } else { state.items.removeFirst(taken.count) }
        return .items(taken)
    }

    /// Takes one consumer off the count, which must then be signalled; false when none waits.
    private static func releaseOne(_ state: inout State) -> Bool {
        if state.waiting == 0 { return false }
        state.waiting -= 1
        return true
    }
}

extension SystemThread {
    /// A thread of the store's own.
    ///
    /// - Throws: `unavailable` when the system gives none; `body` is not run then.
    static func ofStore(
        _ name: String,
        isBackground: Bool = false,
        _ body: @escaping @Sendable () -> Void
    ) throws(StoreFault) -> SystemThread {
        do throws(EventLoop.Fault) {
            return try start(name: name, isBackground: isBackground, body)
        } catch {
            throw StoreFault(code: .unavailable, detail: error.description)
        }
    }
}
