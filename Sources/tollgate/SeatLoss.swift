import Vocabulary

/// Hands over that the process has lost its seat among the nodes, which the store may find before anybody can be told.
/// Guarded.
final class SeatLoss: Sendable {
    private struct State {
        var fault: StoreFault?
        var listener: (@Sendable (StoreFault) -> Void)?
    }

    private let state = Guarded(State())

    /// Notes why, once.
    @Sendable
    func note(_ fault: StoreFault) {
        let listener = state.withLock { state in
            state.fault = fault
            return state.listener
        }
        listener?(fault)
    }

    /// Calls `listener` with the fault, at once if it is noted already: on this thread or the one that notes it.
    func tell(_ listener: @escaping @Sendable (StoreFault) -> Void) {
        let fault = state.withLock { state in
            state.listener = listener
            return state.fault
        }
        if let fault { listener(fault) }
    }
}
