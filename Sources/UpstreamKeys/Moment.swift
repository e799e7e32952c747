public import Vocabulary

/// One moment on both clocks: pauses are measured on the steady clock, validity by the wall clock.
public struct Moment: Sendable {
    public let steady: MonotonicInstant
    public let wall: Timestamp

    public init(steady: MonotonicInstant, wall: Timestamp) {
        self.steady = steady
        self.wall = wall
    }
}
