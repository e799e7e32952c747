import EventLoops
import Foundation

/// Something that happens on another thread while the test's own waits for a connection.
struct Background {
    private let result = Handover<Result<Void, any Error>>()

    init(_ body: @escaping @Sendable () throws -> Void) {
        let thread = Thread { [result] in result.give(Result { try body() }) }
        thread.start()
    }

    /// Waits until it has happened.
    func finish() throws { try result.take().get() }
}
